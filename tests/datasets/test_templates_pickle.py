"""templates.pkl comes from strangers: arrays come out of it, nothing else ever happens."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.datasets.templates import load_templates, save_templates
from kmtalk_core.errors import DataSetError

HEAD = np.arange(12, dtype=np.float64).reshape(4, 3)

PYTHON_2 = (  # what Python 2 wrote for {"F2": array([[1., 2., 3.]])}, protocol 0
    b"(dp0\nS'F2'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
    b"(I1\n(I1\nI3\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nb"
    b"I00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?\\x00\\x00\\x00\\x00\\x00\\x00\\x00@\\x00\\x00\\x00\\x00\\x00\\x00\\x08@'"
    b"\np15\ntp16\nbs."
)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["<f4", ">f8"])
def test_arrays_of_every_protocol_and_byte_order_are_read(tmp_path: Path, protocol: int, dtype: str) -> None:
    path = tmp_path / "templates.pkl"
    path.write_bytes(pickle.dumps({"F2": HEAD.astype(dtype), "M1": np.asfortranarray(HEAD)}, protocol=protocol))
    templates = load_templates(path)
    assert templates.keys() == {"F2", "M1"}
    for found in templates.values():
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, HEAD)


def test_a_file_of_python_2_is_read(tmp_path: Path) -> None:
    path = tmp_path / "templates.pkl"
    path.write_bytes(PYTHON_2)
    np.testing.assert_array_equal(load_templates(path)["F2"], [[1, 2, 3]])


def test_what_is_written_any_project_reads(tmp_path: Path) -> None:
    path = tmp_path / "templates.pkl"
    save_templates(path, {"F2": HEAD.astype(np.float32)})
    with path.open("rb") as file:
        np.testing.assert_array_equal(pickle.load(file, encoding="latin1")["F2"], HEAD)
    np.testing.assert_array_equal(load_templates(path)["F2"], HEAD)


class _Call:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> object:
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("place", ["value", "key", "inside an array", "whole file"])
def test_a_poisoned_file_runs_nothing(tmp_path: Path, protocol: int, place: str) -> None:
    witness = tmp_path / "it ran"
    poison = _Call(os.mkdir, str(witness))
    array = np.empty(1, object)
    array[0] = poison
    content = {"value": {"F2": poison}, "key": {poison: HEAD}, "inside an array": {"F2": array}, "whole file": poison}
    path = tmp_path / "templates.pkl"
    path.write_bytes(pickle.dumps(content[place], protocol=protocol))
    with pytest.raises(DataSetError, match="more than arrays"):
        load_templates(path)
    assert not witness.exists()


@pytest.mark.parametrize("function", [eval, exec, getattr, __import__, np.load, np.fromfile, bytearray])
def test_no_function_is_reachable(tmp_path: Path, function: object) -> None:
    path = tmp_path / "templates.pkl"
    path.write_bytes(pickle.dumps({"F2": _Call(function, "1")}))
    with pytest.raises(DataSetError):
        load_templates(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        PYTHON_2[:-40],
        pickle.dumps([HEAD]),
        pickle.dumps({}),
        pickle.dumps({"F2": "text"}),
        pickle.dumps({"F2": np.arange(12)}),
        pickle.dumps({"F2": np.full((4, 3), np.nan)}),
        pickle.dumps({"F2": np.zeros(4)}),
    ],
)
def test_a_file_of_something_else_gets_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "templates.pkl"
    path.write_bytes(content)
    with pytest.raises(DataSetError) as caught:
        load_templates(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def small_array(data: bytes, kind: bytes = b"S'f4'\n") -> bytes:
    """A pickle of one array (1, 3) whose bytes are what the operations `data` leave."""
    return (
        b"(dS'F2'\ncnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1\nI3\ntcnumpy\ndtype\n("
        + kind + b"I0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n" + data + b"tbs."
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"Nr\xff\xff\xff\x3f.",
        b"\x80\x05N\x94r\xff\xff\xff\x7f.",
        small_array(b"I1500000000\n"),
        small_array(b"J\xff\xff\xff\x7f"),
        b"\x80\x05\x96" + (1 << 40).to_bytes(8, "little") + b".",
        b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b".",
        b"c_codecs\nencode\n(S'\\x00'\nI2000000000\ntR.",
        b"I" + b"9" * 100_000 + b"\n.",
        b"(dX\x00\x00\x10\x00" + b"a" * (1 << 20) + b"q\x000" + b"c_codecs\nencode\n(h\x00tR" * 20_000 + b".",
        b"}" * 2_000_000 + b".",
        b"(" * 2_000_000 + b".",
    ],
    ids=[
        "a memo of billions", "the same by protocol 5", "an integer for bytes", "another", "a bytearray of terabytes",
        "bytes without end", "a codec's error handler", "a number of 100,000 digits", "one text encoded over and over",
        "millions of dicts", "millions of marks",
    ],
)  # fmt: skip
def test_a_small_file_takes_little_memory(tmp_path: Path, content: bytes) -> None:
    import tracemalloc

    path = tmp_path / "templates.pkl"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(DataSetError):
        load_templates(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 << 20


def test_one_array_for_a_million_subjects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "templates.pkl"
    shared = np.zeros((100_000, 3), np.float32)
    path.write_bytes(pickle.dumps({f"F{number}": shared for number in range(1000)}))
    with pytest.raises(DataSetError, match="over and over"):
        load_templates(path)


def test_no_operation_changes_anything_of_ours(tmp_path: Path) -> None:
    """BUILD with a state sets attributes of whatever it is given, of functions too."""
    from kmtalk_core.datasets import pickled_arrays

    before = {name: (vars(item.make), item.make.__defaults__) for name, item in pickled_arrays._NAMES.items()}
    path = tmp_path / "templates.pkl"
    for state in (b"}S'__defaults__'\n(I1\ntsb.", b"(N}S'__defaults__'\n(I1\ntstb.", b"(I1\nI2\ntb."):
        for module, name in pickled_arrays._NAMES:
            path.write_bytes(f"c{module}\n{name}\n".encode() + state)
            with pytest.raises(DataSetError):
                load_templates(path)
    assert before == {name: (vars(item.make), item.make.__defaults__) for name, item in pickled_arrays._NAMES.items()}


def test_an_array_of_the_right_bytes_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "templates.pkl"
    path.write_bytes(small_array(b"S'" + b"\\x00\\x00\\x80\\x3f" * 3 + b"'\n"))
    np.testing.assert_array_equal(load_templates(path)["F2"], [[1, 1, 1]])
