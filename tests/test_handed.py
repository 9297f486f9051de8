"""Tables and arrays of other libraries as data, scores and embeddings: taken by their interchanges, or what to call."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dcase_explore import clips
from dcase_explore.attach import attach
from dcase_explore.attach.given import clip_table
from dcase_explore.errors import ExploreError
from dcase_explore.sources import read_sources

NAMES = [f"section_00_{domain}_test_normal_0000.wav" for domain in ("source", "target")] + ["section_01_0007.wav"]
DATA = clips.facts_from_names(["fan"] * 3, NAMES, ["test"] * 3)
IDS = DATA["clip_id"].to_list()
SCORES = np.array([0.5, -1.25, 3.0])
VECTORS = np.arange(6, dtype=np.float32).reshape(3, 2)
FRAME = pd.DataFrame({"clip_id": IDS[::-1], "score": SCORES[::-1]})
WIDE = pd.DataFrame({"clip_id": IDS, "vector": VECTORS.tolist()})


class Streamed:
    """What has Arrow's stream and nothing else, as tables of polars do."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._value.__arrow_c_stream__(requested_schema)


class Interchanged:
    """What has the dataframe interchange and nothing else."""

    def __dataframe__(self, **options: bool) -> object:
        return FRAME.__dataframe__(**options)


class Converted:
    """What only says how to make a frame of it."""

    def __init__(self, value: object) -> None:
        self._value = value

    def to_pandas(self) -> object:
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


class Tensor:
    """What a tensor of PyTorch is, on a device and with gradients: NumPy takes it neither by itself nor in a list."""

    def __init__(self, values: np.ndarray, dtype: str = "torch.float32", *, ready: bool = False) -> None:
        self._values, self.dtype, self._ready = values, dtype, ready

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        if not self._ready:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self._values

    def detach(self) -> "Tensor":
        return self

    def cpu(self) -> "Tensor":
        return Tensor(self._values, self.dtype, ready=True)

    def float(self) -> "Tensor":
        return Tensor(self._values, ready=self._ready)

    def numpy(self) -> np.ndarray:
        if "bfloat16" in self.dtype:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.__array__()


class Lent:
    """An array that is shared by DLPack alone."""

    def __dlpack__(self, **options: Any) -> object:
        return SCORES.__dlpack__(**options)

    def __dlpack_device__(self) -> object:
        return SCORES.__dlpack_device__()


class Numpied:
    """An array that only says how to make one of NumPy of it."""

    def numpy(self) -> np.ndarray:
        return SCORES


def dataset(frame: pd.DataFrame) -> Any:
    import datasets

    return datasets.Dataset.from_pandas(frame)


FORMS: dict[str, Callable[[], object]] = {
    "Arrow table": lambda: pa.Table.from_pandas(FRAME),
    "Arrow batch": lambda: pa.RecordBatch.from_pandas(FRAME),
    "Arrow array": lambda: pa.array(SCORES),
    "Arrow chunks": lambda: pa.chunked_array([SCORES[:1], SCORES[1:]]),
    "stream": lambda: Streamed(pa.Table.from_pandas(FRAME)),
    "stream of a column": lambda: Streamed(pa.chunked_array([SCORES])),
    "interchange": Interchanged,
    "to_pandas": lambda: Converted(FRAME),
    "column by to_pandas": lambda: Converted(pd.Series(SCORES)),
    "datasets": lambda: dataset(FRAME),
    "column of datasets": lambda: dataset(FRAME[::-1])["score"],
    "mapping of columns": lambda: FRAME.to_dict("list"),
    "records": lambda: FRAME.to_dict("records"),
    "tensor": lambda: Tensor(SCORES),
    "bfloat16": lambda: Tensor(SCORES, "torch.bfloat16"),
    "tensors": lambda: [Tensor(np.array(score)) for score in SCORES],
    "tensors by clip": lambda: {clip: Tensor(np.array(score)) for clip, score in zip(IDS, SCORES, strict=True)},
    "DLPack": Lent,
    "numpy()": Numpied,
}


@pytest.mark.parametrize("form", FORMS)
def test_scores_of_other_libraries_are_the_same_scores(form: str) -> None:
    assert attach(DATA, scores={"mine": FORMS[form]()})["anomaly_score_mine"].tolist() == SCORES.tolist()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tensor(VECTORS),
        lambda: [Tensor(vector) for vector in VECTORS],
        lambda: Streamed(pa.Table.from_pandas(WIDE)),
        lambda: dataset(WIDE),
        lambda: WIDE.to_dict("list"),
    ],
    ids=["tensor", "tensors", "stream", "datasets", "mapping of columns"],
)
def test_embeddings_of_other_libraries_are_the_same_vectors(make: Callable[[], object]) -> None:
    found = attach(DATA, embeddings={"mine": make()})["embeddings_mine"]
    assert np.array_equal(np.stack(found), VECTORS)


@pytest.mark.parametrize(
    "make",
    [
        lambda: pa.Table.from_pandas(DATA),
        lambda: Streamed(pa.Table.from_pandas(DATA)),
        lambda: Converted(DATA),
        lambda: dataset(DATA),
        lambda: dict(DATA.items()),
        lambda: DATA.to_dict("list"),
    ],
    ids=["Arrow", "stream", "to_pandas", "datasets", "mapping of columns", "mapping of lists"],
)
def test_tables_of_other_libraries_are_clip_tables(make: Callable[[], object]) -> None:
    found = clip_table(make())
    assert isinstance(found, pd.DataFrame)
    pd.testing.assert_frame_equal(clips.conform(found), DATA)


def test_polars_itself_is_taken() -> None:
    polars = pytest.importorskip("polars")
    assert attach(DATA, scores={"mine": polars.from_pandas(FRAME)})["anomaly_score_mine"].tolist() == SCORES.tolist()
    for lazy in (lambda: attach(DATA, scores={"mine": polars.from_pandas(FRAME).lazy()}),):
        with pytest.raises(ExploreError, match="collect"):
            lazy()


class Lazy:
    """A table that is not computed yet."""

    def collect(self) -> None: ...


class Iterated:
    """A dataset that can only be gone through."""

    column_names = ("clip_id",)

    def __iter__(self) -> Any: ...


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (Lazy(), "collect() it first"),
        (Iterated(), "pandas.DataFrame(list(data))"),
        (
            {"train": Iterated(), "test": Iterated()},
            "is several tables (train, test): give one of them, as in data['train']",
        ),
        (Converted(ValueError("no\nmemory")), "cannot be taken (no memory): give a pandas frame"),
    ],
    ids=["lazy", "iterated", "several", "failing"],
)
def test_what_cannot_be_taken_says_what_to_call(value: object, part: str) -> None:
    for give in (lambda: clip_table(value), lambda: attach(DATA, scores={"mine": value})):
        with pytest.raises(ExploreError) as error:
            give()
        assert part in str(error.value)


@pytest.mark.parametrize("value", [5, None, {1, 2}, object(), DATA["clip_id"], SCORES, {"a": 1}, b"demo"])
def test_what_is_no_table_is_a_sentence(value: object) -> None:
    with pytest.raises(ExploreError, match=f"data: {type(value).__name__} is no table"):
        clip_table(value)


def test_no_library_is_imported_for_it() -> None:
    before = set(sys.modules)
    attach(DATA, scores={"mine": Tensor(SCORES), "other": FRAME.to_dict("list")})
    assert not {name for name in set(sys.modules) - before if name.partition(".")[0] in ("torch", "polars", "datasets")}


class Unwilling:
    """An array of a library that does not hand it over."""

    def __dlpack__(self, **options: object) -> object:
        raise BufferError("it is on another device")

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0


class Gone(Tensor):
    """A tensor whose memory is gone."""

    def detach(self) -> "Tensor":
        raise RuntimeError("it was freed")


@pytest.mark.parametrize("value", [Unwilling(), Gone(SCORES), [Gone(SCORES)], {IDS[0]: Gone(SCORES)}])
def test_an_array_that_its_library_does_not_hand_over_is_a_sentence(value: object) -> None:
    with pytest.raises(ExploreError, match=r"scores mine: .* cannot be taken \(it .*\): give a NumPy array"):
        attach(DATA, scores={"mine": value})


@pytest.mark.parametrize("index", ["clip_id", ["class", "clip_id"], ["split"]])
def test_what_a_clip_table_needs_may_stand_in_its_index(index: str | list[str]) -> None:
    frame = pd.DataFrame({"clip_id": ["test/fan_a.wav"], "class": "fan", "split": "test", "label": "normal"})
    assert set(clip_table(frame.set_index(index)).columns) == set(frame)  # type: ignore[attr-defined]
    other = frame.set_index(pd.Index([5], name="mine"))
    assert clip_table(other) is other


def test_no_data_at_all_are_said() -> None:
    with pytest.raises(ExploreError, match="--data is empty"):
        read_sources([])
