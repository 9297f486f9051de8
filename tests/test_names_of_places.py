"""Names of models, folders and files, whatever they are: properties beside the examples."""

from pathlib import Path, PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from dcase_explore.clip_names import FEATURES, RECORDINGS, file_identity, parse_clip_name, without_ending
from dcase_explore.sources.folder_names import read_folders
from dcase_explore.sources.model_names import model_names

PART = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda part: part not in (".", "..")
)
FEW = st.sampled_from(["a", "b", "result", "test", "x"])
WORDS = st.sampled_from(
    [
        "train",
        "test",
        "source_test",
        "normal",
        "abnormal",
        "engine2_broken",
        "id_02",
        "case1",
        "-6_dB_fan",
        "ch1",
        "fan",
    ]
)


@given(st.lists(st.lists(FEW, min_size=1, max_size=4).map(tuple), min_size=1, max_size=6, unique=True))
def test_no_two_models_are_called_alike(folders: list[tuple[str, ...]]) -> None:
    names = model_names([Path("/", "runs", *parts) for parts in folders])
    assert len(set(names)) == len(folders)
    assert all(name and "/" not in name for name in names)
    own = [parts[-1] for parts in folders]
    assert len(set(own)) < len(own) or names == own


@given(st.lists(PART, max_size=4))
def test_an_identity_has_no_folders_and_is_its_own(parts: list[str]) -> None:
    identity = file_identity("/".join([*parts, "hall.wav"]))
    assert "/" not in identity
    assert file_identity(identity) == identity


@given(PART, st.sampled_from(RECORDINGS), st.sampled_from([*RECORDINGS, *FEATURES, ""]))
def test_a_name_without_its_endings_is_the_same_whatever_they_are(stem: str, ending: str, more: str) -> None:
    assert without_ending(f"{stem}{ending}{more}") == without_ending(f"{stem}{ending.upper()}") == without_ending(stem)
    assert parse_clip_name(f"{stem}{ending}{more}") == parse_clip_name(f"{stem}{ending}")


@given(st.lists(st.one_of(PART, WORDS), min_size=1, max_size=6), st.integers(0, 6))
def test_folders_of_any_name_are_read_or_not(parts: list[str], given_at: int) -> None:
    path = ("/", *parts)
    facts = read_folders(path, min(given_at, len(path) - 1))
    if facts is None:
        return
    assert facts.split or facts.label
    assert facts.machine
    assert set(facts.below) <= set(parts)
    assert 0 <= facts.above < len(path)


@given(st.lists(WORDS.filter(lambda word: word != "fan"), min_size=1, max_size=4))
def test_what_is_told_does_not_depend_on_the_folder_given(parts: list[str]) -> None:
    path = ("/", "data", "press", *parts)
    facts = [read_folders(path, given_at) for given_at in range(2, len(path))]
    told = {facts_of and (facts_of.split, facts_of.label, facts_of.section, facts_of.below) for facts_of in facts}
    assert len(told) == 1
    assert PurePosixPath(*path).name == parts[-1]
