"""The hub's pickled embeddings are read, and nothing else that can be pickled is."""

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dcase_explore.errors import ExploreError
from dcase_explore.hub.pickled import read_vectors

KEYS = [f"train/valve_section_00_source_train_normal_{number:04d}_pat_00.wav" for number in range(5)]
OLD, NEW = b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy._core.multiarray\n_reconstruct\n"


def write(path: Path, pickled: bytes, *, member: str = "arr_0.npy", deflated: bool = False) -> Path:
    """An npz file whose one array, of objects and without dimensions, holds this pickle."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": ()})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        archive.writestr(member, header.getvalue() + pickled)
    return path


def pickled(vectors: object, protocol: int = 3) -> bytes:
    return pickle.dumps(np.array(vectors, dtype=object), protocol=protocol)


def refusal(path: Path) -> str:
    with pytest.raises(ExploreError) as error:
        read_vectors(path)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert path.name in sentence
    return sentence


@pytest.mark.parametrize(("protocol", "spelling"), [(3, OLD), (3, NEW), (4, NEW)])
@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f8"])
@pytest.mark.parametrize("shape", [(1, 768), (768,)])
def test_every_form_that_such_a_file_may_have(tmp_path, protocol, spelling, dtype, shape):
    vectors = {key: np.random.default_rng(row).normal(size=shape).astype(dtype) for row, key in enumerate(KEYS)}
    content = pickled(vectors, protocol).replace(NEW, spelling)
    if protocol < 4:
        assert spelling in content
    keys, matrix = read_vectors(write(tmp_path / "x.npz", content))
    assert keys == KEYS
    assert matrix.dtype == np.float32
    assert matrix.shape == (5, 768)
    np.testing.assert_array_equal(matrix, np.stack([v.reshape(-1).astype("f4") for v in vectors.values()]))


def test_columns_first_and_a_plain_dict(tmp_path):
    vectors = {KEYS[0]: np.asfortranarray(np.arange(6.0).reshape(1, 6))}
    np.testing.assert_array_equal(read_vectors(write(tmp_path / "x.npz", pickled(vectors)))[1], [np.arange(6)])
    plain = pickle.dumps(vectors, protocol=3)
    np.testing.assert_array_equal(read_vectors(write(tmp_path / "y.npz", plain))[1], [np.arange(6)])


class Calls:
    def __init__(self, function, *arguments):
        self.what = (function, arguments)

    def __reduce__(self):
        return self.what


@pytest.mark.parametrize("protocol", [3, 4])
def test_other_globals_are_refused_by_name_before_anything_runs(tmp_path, protocol):
    trace = tmp_path / "ran"
    for function, name in ((os.mkdir, f"{os.mkdir.__module__}.mkdir"), (eval, "builtins.eval")):
        argument = str(trace) if function is os.mkdir else f"__import__('os').mkdir({str(trace)!r})"
        content = pickled({KEYS[0]: Calls(function, argument)}, protocol)
        assert name in refusal(write(tmp_path / "x.npz", content))
        assert not trace.exists()


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


NDARRAY, DTYPE, RECONSTRUCT = named("numpy", "ndarray"), named("numpy", "dtype"), OLD
HUGE = struct.pack("<q", 2**40)
HOSTILE = {
    "an array made of a huge shape": RECONSTRUCT + b"(" + NDARRAY + b"(J\xff\xff\xff\x7ftC\x01btR.",
    "numpy.ndarray called": NDARRAY + b"(J\xff\xff\xff\x7ftR.",
    "dtype of objects with fields": DTYPE + b"(X\x09\x00\x00\x00V99999999tR.",
    "bytes announced and not there": b"\x80\x03\x8e" + HUGE + b".",
    "text announced and not there": b"\x80\x03X\xff\xff\xff\x7f.",
    "a frame announced and not there": b"\x80\x04\x95" + HUGE + b"}.",
    "a memo with a huge index": b"\x80\x03}r\xff\xff\xff\x7f.",
    "a global filled with attributes": NDARRAY + b"}(X\x05\x00\x00\x00_makeK\x01sb.",
    "a dict filled with attributes": b"}}(X\x01\x00\x00\x00aK\x01sb.",
    "a persistent id": b"Pabc\n.",
    "an instance": b"(cos\nsystem\no.",
    "a class with arguments": b"(X\x04\x00\x00\x00truei" + b"os\nsystem\n.",
    "an extension code": b"\x82\x01.",
    "a new object": NDARRAY + b")\x81.",
    "no end": b"}",
    "nothing": b"",
    "a stack that is empty": b"R.",
    "no dict": b"K\x01.",
    "an empty dict": b"}.",
    "a key that is no text": b"}K\x01K\x02s.",
    "a value that is no vector": b"}X\x01\x00\x00\x00aK\x02s.",
    "keys that are tuples in tuples": b"\x80\x03}K\x01" + b"\x85" * 200_000 + b"K\x02s.",
    "many keys that are tuples in tuples": b"\x80\x03}(K\x01" + b"\x85" * 200_000 + b"K\x02u.",
    "a size that is tuples in tuples": RECONSTRUCT + b"(" + NDARRAY + b"K\x01" + b"\x85" * 200_000 + b"C\x01btR.",
    "lists without end": b"\x80\x03" + b"]" * 5_000_000,
    "a list of itself": b"]q\x00h\x00a.",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_pickles_are_refused(tmp_path, what):
    refusal(write(tmp_path / "x.npz", HOSTILE[what]))


def test_an_array_that_begins_with_a_size_is_refused(tmp_path):
    good = pickled({KEYS[0]: np.ones((1, 3))})
    huge = good.replace(b"K\x00\x85", b"J\xff\xff\xff\x7f\x85")
    assert huge != good
    assert "an array made of (2147483647,)" in refusal(write(tmp_path / "x.npz", huge))


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packed_array_is_refused(tmp_path, packing):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": ()})
    with zipfile.ZipFile(tmp_path / "x.npz", "w", packing) as archive:
        archive.writestr("arr_0.npy", header.getvalue() + pickled({KEYS[0]: np.ones(3)}))
    assert "packed or encrypted" in refusal(tmp_path / "x.npz")


@pytest.mark.parametrize("header", [b"{'descr': (", b"-" * 9000, b"\xff", b"[" * 9000, b"1" * 9000])
def test_headers_that_are_none(tmp_path, header):
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("arr_0.npy", content)
    refusal(tmp_path / "x.npz")


def test_a_refused_pickle_leaves_nothing_behind_for_the_next(tmp_path):
    for content in HOSTILE.values():
        refusal(write(tmp_path / "x.npz", content))
    good = write(tmp_path / "y.npz", pickled({KEYS[0]: np.ones((1, 3))}))
    np.testing.assert_array_equal(read_vectors(good)[1], [[1, 1, 1]])


def test_refusing_takes_no_memory(tmp_path):
    """In a process that may have 1 GB of address space: what hostile sizes announce is never allocated."""
    for number, content in enumerate(HOSTILE.values()):
        write(tmp_path / f"{number}.npz", content)
    write(tmp_path / "bomb.npz", b"\x80\x03]" + b"N0" * 10 + bytes(100 * 2**20), deflated=True)
    code = (
        "import resource, sys; from pathlib import Path; from dcase_explore.hub import pickled\n"
        "pickled.MAX_BYTES = 64 * 2**20\n"
        "from dcase_explore.hub.pickled import read_vectors; from dcase_explore.errors import ExploreError\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30 + 2**29, 2**30 + 2**29))\n"
        "for path in sorted(Path(sys.argv[1]).glob('*.npz')):\n"
        "    try: read_vectors(path)\n"
        "    except ExploreError: print(path.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert len(done.stdout.split()) == len(HOSTILE) + 1, done.stderr


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ({KEYS[0]: np.ones(3), KEYS[1]: np.ones(4)}, "vectors of 3 and of 4"),
        ({KEYS[0]: np.ones((2, 3))}, "(2, 3)"),
        ({KEYS[0]: np.ones((1, 1, 3))}, "(1, 1, 3)"),
        ({KEYS[0]: np.float64(1)}, ""),
        ({KEYS[0]: np.ones(0)}, "(0,)"),
        ({KEYS[0]: np.ones(3, complex)}, "c16"),
        ({KEYS[0]: np.array(["a"])}, "U1"),
        ({KEYS[0]: np.array([{}], object)}, ""),
        ({KEYS[0]: [1, 2]}, "something else than a vector"),
    ],
)
def test_values_that_are_no_vectors_are_named(tmp_path, vectors, said):
    assert said in refusal(write(tmp_path / "x.npz", pickled(vectors)))


def test_files_that_are_no_such_npz(tmp_path):
    good = pickled({KEYS[0]: np.ones((1, 3))})
    whole = write(tmp_path / "good.npz", good).read_bytes()
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole[: len(whole) // 2])
    assert "delete it" in refusal(cut)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    flipped = tmp_path / "flipped.npz"
    flipped.write_bytes(bytes(changed))
    refusal(flipped)
    assert "other.npy" in refusal(write(tmp_path / "other.npz", good, member="other.npy"))
    np.savez(tmp_path / "two.npz", np.ones(3), np.ones(3))
    assert "arr_1.npy" in refusal(tmp_path / "two.npz")
    np.savez(tmp_path / "numbers.npz", np.ones((3, 2)))
    assert "shape (3, 2)" in refusal(tmp_path / "numbers.npz")
    (tmp_path / "text.npz").write_text("hello")
    refusal(tmp_path / "text.npz")
