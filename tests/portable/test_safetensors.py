"""Weights from strangers: a file is read when it is whole and what its config asks for, and refused in one sentence."""

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import TINY_WAV2VEC2, awake, small

from kmtalk_core.errors import WeightsError
from kmtalk_core.model import checkpoint
from kmtalk_core.portable import checkpoint as portable
from kmtalk_core.portable.safetensors import read

A, B = np.arange(6, dtype=np.float32).reshape(2, 3), np.float32([[[7.0]]])
WANTED = {"a": (2, 3), "b": (1, 1, 1), "none": (0, 4)}
HEADER: dict[str, Any] = {
    "__metadata__": {"format": "pt"},
    "b": {"dtype": "F32", "shape": [1, 1, 1], "data_offsets": [24, 28]},
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "none": {"dtype": "F32", "shape": [0, 4], "data_offsets": [28, 28]},
}
DATA = A.tobytes() + B.tobytes()


def write(path: Path, header: Any, data: bytes = DATA, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    found = read(write(tmp_path / "w", HEADER), WANTED)
    np.testing.assert_array_equal(found["a"], A)
    np.testing.assert_array_equal(found["b"], B)
    assert found["none"].shape == (0, 4)


def test_what_pytorch_wrote_is_read(tmp_path: Path) -> None:
    model = awake(small())
    checkpoint.save(model, tmp_path / "w", "card")
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = read(tmp_path / "w" / "model.safetensors", wanted)
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(found[name], tensor.numpy())


def changed(name: str, **fields: Any) -> dict[str, Any]:
    return {**HEADER, name: {**HEADER[name], **fields}}


HOSTILE = {
    "a length beyond the file": (HEADER, DATA, 1 << 40),
    "a length of all bits": (HEADER, DATA, (1 << 64) - 1),
    "no JSON": (b"{", DATA, None),
    "no text": (b"\xff\xfe", DATA, None),
    "a list": ([1, 2], DATA, None),
    "nested without end": (b"[" * 100_000, DATA, None),
    "a name twice": (json.dumps(HEADER).encode()[:-1] + b', "a": {}}', DATA, None),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 28]}}, DATA, None),
    "no offsets": ({"a": {"dtype": "F32", "shape": [7]}}, DATA, None),
    "three offsets": (changed("a", data_offsets=[0, 12, 24]), DATA, None),
    "offsets that are no numbers": (changed("a", data_offsets=["0", "24"]), DATA, None),
    "offsets that are true": (changed("a", data_offsets=[False, 24]), DATA, None),
    "offsets before the data": (changed("a", data_offsets=[-24, 0]), DATA, None),
    "offsets beyond the data": (changed("b", data_offsets=[24, 1 << 50]), DATA, None),
    "offsets that fall": (changed("b", data_offsets=[28, 24]), DATA, None),
    "tensors over each other": (changed("b", data_offsets=[20, 24]), DATA, None),
    "a gap": (changed("b", data_offsets=[28, 32]), DATA + b"\0" * 4, None),
    "data behind the last": (HEADER, DATA + b"\0" * 4, None),
    "data cut short": (HEADER, DATA[:-4], None),
    "half a number": (HEADER, DATA[:-2], None),
    "a shape of fractions": (changed("a", shape=[2.0, 3]), DATA, None),
    "a shape below nothing": (changed("a", shape=[-2, -3]), DATA, None),
    "a shape of many axes": (changed("a", shape=[1] * 1000 + [6]), DATA, None),
    "a shape that its bytes do not fill": (changed("a", shape=[2, 4]), DATA, None),
    "an entry that is a number": ({**HEADER, "a": 3}, DATA, None),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_lies_is_called_damaged(what: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="damaged"):
        read(write(tmp_path / "w", *HOSTILE[what]), WANTED)


@pytest.mark.parametrize("size", [0, 4, 8, 20])
def test_a_file_of_a_few_bytes_is_called_damaged(size: int, tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(write(tmp_path / "whole", HEADER).read_bytes()[:size])
    with pytest.raises(WeightsError, match="damaged"):
        read(tmp_path / "w", WANTED)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "w").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(WeightsError, match="damaged"):
        read(tmp_path / "w", WANTED)
    assert not (tmp_path / "ran").exists()


def test_what_the_config_does_not_ask_for_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "w", HEADER)
    with pytest.raises(WeightsError, match=r"'a' is \(2, 3\)"):
        read(path, {**WANTED, "a": (3, 2)})
    with pytest.raises(WeightsError, match="lacks 'more'"):
        read(path, {**WANTED, "more": (1,)})
    with pytest.raises(WeightsError, match="holds 'none'"):
        read(path, {name: shape for name, shape in WANTED.items() if name != "none"})
    with pytest.raises(WeightsError, match="of type F16"):
        read(write(tmp_path / "half", changed("a", dtype="F16")), WANTED)


def test_numbers_that_are_none_are_named(tmp_path: Path) -> None:
    for bad in (np.nan, np.inf):
        data = A.tobytes() + np.float32([bad]).tobytes()
        with pytest.raises(WeightsError, match=r"not finite \(b\)"):
            read(write(tmp_path / "w", HEADER, data), WANTED)


def test_a_checkpoint_for_another_config_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    checkpoint.save(awake(small()), tmp_path / "w", "card")
    config = json.loads((tmp_path / "w" / "config.json").read_text())
    (tmp_path / "w" / "config.json").write_text(json.dumps({**config, "width": 2048, "heads": 1}))
    with pytest.raises(WeightsError, match=r"config.json asks for \("):
        portable.load(tmp_path / "w")


def test_a_pretrained_encoder_is_left_to_pytorch(tmp_path: Path) -> None:
    checkpoint.save(awake(small(encoder=TINY_WAV2VEC2, phone_conditioning=False)), tmp_path / "w", "card")
    with pytest.raises(WeightsError, match="PyTorch"):
        portable.load(tmp_path / "w")
