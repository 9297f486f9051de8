"""
Embeddings out of the hub's npz files, each of which is a pickled dict, without letting the pickle do anything.

The pickle's own words are few: one dict of text and float arrays. So the opcodes that write those are the only ones
that are read, and the three globals it names are answered with plain classes of this module, which check what they are
given. No other name is looked up, nothing of the file is called, and no size that it announces is believed before the
bytes are there.
"""

import pickle
import zipfile
from collections.abc import Callable
from io import BytesIO
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np

from dcase_explore.errors import ExploreError
from dcase_explore.messages import some

MAX_BYTES = 2**30
"""The largest of the repository's files holds a sixth of it."""
MAX_STEPS = 4_000_000
"""Instructions in one pickle; the largest of the repository's has 200,000. Each costs up to a hundred bytes."""
MAX_DIMENSIONS = 2**20

_OPCODES = (
    *(pickle.PROTO, pickle.STOP, pickle.MARK, pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE),
    *(pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1),
    *(pickle.BINUNICODE, pickle.SHORT_BINUNICODE, pickle.BINBYTES, pickle.SHORT_BINBYTES, pickle.BINBYTES8),
    *(pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS, pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS),
    *(pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3),
    *(pickle.BINPUT, pickle.LONG_BINPUT, pickle.BINGET, pickle.LONG_BINGET, pickle.MEMOIZE, pickle.FRAME),
    *(pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.REDUCE, pickle.BUILD),
)


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """What the file holds and must not."""


class _Dtype:
    """Stands in for `numpy.dtype`: float numbers or objects, in a byte order."""

    def __init__(self, name: object, *flags: object) -> None:
        if name not in ("f4", "f8", "O8", "O") or not all(isinstance(flag, bool | int) for flag in flags):
            raise _Refused(f"values of type {str(name)[:40]!r}")
        self.name, self.order = str(name), "<"

    def __setstate__(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "|", "="):
            raise _Refused("a type of values that is not understood")
        self.order = order

    def numbers(self) -> np.dtype[Any]:
        """The real thing, for numbers."""
        if self.name.startswith("O"):
            raise _Refused("objects where numbers belong")
        return np.dtype(f"{self.order if self.order in '<>' else '<'}{self.name}")


class _Array:
    """Stands in for a `numpy.ndarray`; `value` is filled when its state is read."""

    value: object = None

    def __setstate__(self, state: object) -> None:
        if not (isinstance(state, tuple) and len(state) == 5 and isinstance(state[2], _Dtype)):
            raise _Refused("an array that is not understood")
        _, shape, dtype, by_columns, content = state
        if not (isinstance(shape, tuple) and all(isinstance(n, int) and 0 <= n <= MAX_DIMENSIONS for n in shape)):
            raise _Refused(f"an array of shape {str(shape)[:40]}")
        if isinstance(content, list):
            if shape != () or len(content) != 1:
                raise _Refused("a list of objects where one dict belongs")
            self.value = content[0]
            return
        numbers = dtype.numbers()
        if not isinstance(content, bytes) or len(content) != prod(shape) * numbers.itemsize:
            raise _Refused(f"an array whose {str(shape)[:40]} values are not all there")
        self.value = np.frombuffer(content, numbers).reshape(shape, order="F" if by_columns else "C")


class _Named:
    """What a global stands for: a callable that is called only the way NumPy writes it."""

    def __init__(self, make: Callable[..., object] | None) -> None:
        self._make = make

    def __call__(self, *arguments: object) -> object:
        if self._make is None:
            raise _Refused("a call of numpy.ndarray")
        return self._make(*arguments)


_NDARRAY = _Named(None)


def _reconstruct(kind: object, shape: object, _: object) -> _Array:
    if kind is not _NDARRAY or shape not in ((0,), ()):
        raise _Refused(f"an array made of {str(shape)[:40]}, which no file of numpy's has")
    return _Array()


_GLOBALS = {
    ("numpy.core.multiarray", "_reconstruct"): _Named(_reconstruct),
    ("numpy._core.multiarray", "_reconstruct"): _Named(_reconstruct),
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _Named(_Dtype),
}


class _Reader(pickle._Unpickler):
    """
    Unpickler of the few opcodes that such a file needs.

    The one written in Python: it has its opcodes in a table, and its memo is no larger than what is put into it.
    """

    dispatch: ClassVar[dict[int, Callable[..., None]]]
    stack: list[Any]
    metastack: list[list[Any]]
    append: Callable[[Any], None]

    steps = 0

    def load_build(self) -> None:
        """Fill an array or a type, and nothing else: the usual way would set attributes of anything."""
        state = self.stack.pop()
        if not isinstance(self.stack[-1], _Array | _Dtype):
            raise _Refused("a pickle that fills in something else than an array")
        self.stack[-1].__setstate__(state)

    def load_setitem(self) -> None:
        """One key and its value."""
        value, key = self.stack.pop(), self.stack.pop()
        self._set([key, value])

    def load_setitems(self) -> None:
        """Several."""
        items, self.stack = self.stack, self.metastack.pop()  # what stands behind the mark
        self.append = self.stack.append
        self._set(items)

    def _set(self, items: list[Any]) -> None:
        # Text alone: the hash of a tuple of tuples of tuples overflows the stack.
        if type(self.stack[-1]) is not dict or not all(type(key) is str for key in items[::2]):
            raise _Refused("a dict whose keys are not text")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def find_class(self, module: str, name: str) -> object:
        """Answer the known globals, refuse every other by its name."""
        try:
            return _GLOBALS[module, name]
        except KeyError:
            raise _Refused(f"a pickle that asks for {module[:80]}.{name[:80]}, which no vector needs") from None


def _counted(load: Callable[[Any], None]) -> Callable[[_Reader], None]:
    """One instruction, of which there may be so many."""

    def step(reader: _Reader) -> None:
        reader.steps += 1
        if reader.steps > MAX_STEPS:
            raise _Refused(f"a pickle of more than {MAX_STEPS:,} instructions")
        load(reader)

    return step


_LOADS: dict[int, Callable[[Any], None]] = {opcode[0]: pickle._Unpickler.dispatch[opcode[0]] for opcode in _OPCODES}
_LOADS |= {
    pickle.BUILD[0]: _Reader.load_build,
    pickle.SETITEM[0]: _Reader.load_setitem,
    pickle.SETITEMS[0]: _Reader.load_setitems,
}
_Reader.dispatch = {opcode: _counted(load) for opcode, load in _LOADS.items()}


def read_vectors(path: Path) -> tuple[list[str], np.ndarray]:
    """
    Read the pickled dict of one npz file.

    Parameters
    ----------
    path
        ``…-embeddings_dev_train.npz`` as the hub has it: one member, a 0-d object array of ``{key: vector}``.

    Returns
    -------
    keys : list of str
        As they stand in the file, such as ``train/valve_section_00_….wav``.
    matrix : numpy.ndarray
        float32, shape (keys, dimensions); a vector of shape (1, dimensions) counts as one of (dimensions,). What is not
        finite there, or too large for float32, is not finite here.

    Raises
    ------
    ExploreError
        When the file is damaged, too large, or holds anything else; the sentence names what.
    """
    try:
        found = _Reader(BytesIO(_pickle_in(path)), encoding="latin1").load()
        found = found.value if isinstance(found, _Array) else found
        return _as_matrix(found)
    except _Refused as refusal:
        raise ExploreError(f"{path} is refused: it holds {refusal}") from None
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        reason = str(error) or "it ends too early"
        raise ExploreError(f"{path} cannot be read ({reason}): delete it, and it is fetched again") from error
    except KeyError as unknown:
        # The unpickler's table of opcodes, or its memo, has no such entry.
        sentence = f"{path} is refused: it holds a pickle with an instruction ({unknown}) that no vector needs"
        raise ExploreError(sentence) from None
    except Exception as error:  # the unpickler and numpy's reader of headers raise whatever damage makes them run into
        raise ExploreError(f"{path} is refused: it is not the pickle of a dict of vectors ({error})") from error


def _pickle_in(path: Path) -> bytes:
    """Bytes behind the header of the one array in the file."""
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        if members != ["arr_0.npy"]:
            raise _Refused(f"{some(members) or 'nothing'} where arr_0.npy alone belongs")
        info = archive.getinfo("arr_0.npy")
        size = info.file_size
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise _Refused("a packed or encrypted array, whose size nobody can believe")
        if size > MAX_BYTES:
            raise _Refused(f"{size / 2**20:,.0f} MB, more than {MAX_BYTES // 2**20:,} MB")
        with archive.open("arr_0.npy") as member:
            version = np.lib.format.read_magic(member)
            read_header = (
                np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read_header(member)
            if shape != () or dtype != np.dtype(object):
                raise _Refused(f"an array of {dtype} and shape {shape} where a pickled dict belongs")
            content = member.read(size)  # announced sizes end here: what is read is what is there
    return content


def _as_matrix(found: object) -> tuple[list[str], np.ndarray]:
    if not isinstance(found, dict) or not found:
        raise _Refused("no dict of vectors")
    matrix: np.ndarray | None = None
    for row, (key, array) in enumerate(found.items()):
        vector = array.value if isinstance(array, _Array) else None
        if not isinstance(key, str) or not isinstance(vector, np.ndarray):
            raise _Refused(f"{str(key)[:80]!r} with something else than a vector")
        if vector.shape not in ((vector.size,), (1, vector.size)) or not vector.size:
            raise _Refused(f"{key[:80]!r} with an array of shape {vector.shape}, not a vector")
        if matrix is None:
            matrix = np.empty((len(found), vector.size), np.float32)
        if vector.size != matrix.shape[1]:
            raise _Refused(f"vectors of {matrix.shape[1]} and of {vector.size} values ({key[:80]})")
        with np.errstate(over="ignore"):
            matrix[row] = vector.reshape(-1)
    assert matrix is not None  # noqa: S101 - there was a first vector
    return [str(PurePosixPath(key.replace("\\", "/"))) for key in found], matrix
