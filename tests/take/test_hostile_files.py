"""Whatever a stranger hands over as a take: a sentence, no code that runs, no memory that fills."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from take_files import FRAMES, rewrite, rewrite_header

from kmtalk_core.errors import TakeError
from kmtalk_core.take import Take, load_take, read_header


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.98])
def test_a_take_cut_short_is_refused(saved: Path, share: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(TakeError):
        load_take(saved)


def test_a_flipped_byte_is_noticed(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[len(data) // 2] ^= 0xFF
    saved.write_bytes(data)
    with pytest.raises(TakeError):
        load_take(saved)


def test_what_is_not_there_or_no_take_is_named(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match=r"nowhere\.npz"):
        load_take(tmp_path / "nowhere.npz")
    with pytest.raises(TakeError):
        load_take(tmp_path)
    (tmp_path / "text.npz").write_text("This is no archive.")
    with pytest.raises(TakeError, match="no usable take"):
        load_take(tmp_path / "text.npz")


MEMBERS: list[tuple[str, Any]] = [
    ("motion", None),
    ("header", None),
    ("key_poses", None),
    ("motion", np.zeros((FRAMES, 51), np.float32)),
    ("motion", np.zeros((0, 52), np.float32)),
    ("motion", np.zeros(52, np.float32)),
    ("motion", np.zeros((FRAMES, 52), np.float64)),
    ("motion", np.full((FRAMES, 52), np.nan, np.float32)),
    ("motion", np.full((FRAMES, 52), np.inf, np.float32)),
    ("motion", np.full((FRAMES, 52), -1e30, np.float32)),
    ("key_poses", np.zeros((29, 52), np.float32)),
    ("head", None),
    ("head", np.zeros((FRAMES - 1, 3), np.float32)),
    ("head", np.zeros((FRAMES, 4), np.float32)),
    ("head", np.full((FRAMES, 3), np.nan, np.float32)),
    ("key_poses", np.full((30, 52), np.nan, np.float32)),
    ("header", np.array("[]")),
    ("header", np.array("not json")),
    ("header", np.array("[" * 100_000)),
    ("header", np.zeros(3)),
    ("header", np.array({"format": 1}, dtype=object)),
]


@pytest.mark.parametrize(("name", "value"), MEMBERS)
def test_members_that_are_missing_or_wrong_are_refused(saved: Path, name: str, value: Any) -> None:
    rewrite(saved, **{name: value})
    with pytest.raises(TakeError):
        load_take(saved)


HEADERS: list[Callable[[dict[str, Any]], object]] = [
    lambda h: h.pop("space"),
    lambda h: h.update(space="klingon"),
    lambda h: h.update(space=[1]),
    lambda h: h.update(format=0),
    lambda h: h.update(format=3),
    lambda h: h.update(format="1"),
    lambda h: h.update(fps=0),
    lambda h: h.update(fps=float("nan")),
    lambda h: h.update(fps=True),
    lambda h: h.update(channels=["jawOpen"]),
    lambda h: h.update(keys={}),
    lambda h: h.update(settings=[]),
    lambda h: h.update(text=5),
    lambda h: h["keys"][0].update(frame=-1),
    lambda h: h["keys"][0].update(frame=10**30),
    lambda h: h["keys"][0].update(frame=0.5),
    lambda h: h["keys"][1].update(frame=0),
    lambda h: h["keys"][0].update(time="soon"),
    lambda h: h["keys"][0].update(time=float("inf")),
    lambda h: h["keys"][0].update(confidence=2),
    lambda h: h["keys"][0].update(state="holy"),
    lambda h: h["keys"][0].update(state=[]),
    lambda h: h["keys"][0].update(label="x" * 10_000),
    lambda h: h["keys"].__setitem__(0, 7),
    lambda h: h["phones"][0].update(start=5),
    lambda h: h["phones"][0].pop("label"),
    lambda h: h["phones"].append(None),
    lambda h: h.update(notes=7),
    lambda h: h.update(events=7),
    lambda h: h["events"].append(None),
    lambda h: h["events"].append(h["events"][0]),
    lambda h: h["events"][0].update(kind="yodel"),
    lambda h: h["events"][0].update(kind=[]),
    lambda h: h["events"][0].update(id=""),
    lambda h: h["events"][0].update(time=float("nan")),
    lambda h: h["events"][0].update(duration=-1),
    lambda h: h["events"][0].update(seed=0.5),
    lambda h: h["events"][0].update(state="holy"),
    lambda h: h["events"][0].pop("size"),
    lambda h: h.update(tracks=[]),
    lambda h: h.update(tracks=["head", "arkit"]),
    lambda h: h.update(tracks=["arkit", "head", "head"]),
    lambda h: h.update(tracks=["arkit", "klingon"]),
    lambda h: h.update(tracks=["arkit", ["head"]]),
    lambda h: h.update(tracks=["arkit", "head", "vocaset"]),
]


@pytest.mark.parametrize("change", HEADERS)
def test_headers_that_make_no_sense_are_refused(saved: Path, change: Callable[[dict[str, Any]], object]) -> None:
    rewrite_header(saved, change)
    with pytest.raises(TakeError):
        load_take(saved)


def test_a_pickle_inside_is_never_opened(saved: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "ran",)

    rewrite(saved, header=np.array(Evil(), dtype=object))
    with pytest.raises(TakeError):
        load_take(saved)
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("header.npy", pickle.dumps(Evil()))
    with pytest.raises(TakeError):
        load_take(saved)
    assert not (tmp_path / "ran").exists()


def test_an_array_that_claims_to_be_huge_is_refused_before_it_is_made(saved: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 52)})
    with zipfile.ZipFile(saved) as archive:
        header = archive.read("header.npy")
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("header.npy", header)
        archive.writestr("motion.npy", stream.getvalue())
    with pytest.raises(TakeError, match="motion"):
        load_take(saved)


def test_a_zip_bomb_is_refused_before_it_unfolds(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kmtalk_core.take.file._LARGEST_COMPRESSED", 4 << 20)
    with zipfile.ZipFile(saved) as archive:
        header = archive.read("header.npy")
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("header.npy", header)
        with archive.open("motion.npy", "w", force_zip64=True) as member:
            for _ in range(5):
                member.write(bytes(1 << 20))
    assert saved.stat().st_size < 1 << 20
    with pytest.raises(TakeError, match="far too large"):
        load_take(saved)


def test_a_compressed_take_of_honest_size_is_read(take: Take, saved: Path) -> None:
    with np.load(saved) as stored:
        arrays = dict(stored)
    np.savez_compressed(saved, **arrays)
    np.testing.assert_array_equal(load_take(saved).motion, take.motion)


def with_header_bytes(saved: Path, member: bytes) -> None:
    """Put `member` in the place of the take's header.npy."""
    with zipfile.ZipFile(saved) as archive:
        others = {name: archive.read(name) for name in archive.namelist() if name != "header.npy"}
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", member)
        for name, content in others.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    "layout",
    [
        b"{'descr': '<U1', 'fortran_order': False, 'shape': (",
        b"{'descr': '<U1', 'fortran_order': False, 'shape': (" + b"(" * 4000 + b"), }",
        b"{'descr': '<U99999999999999999999', 'fortran_order': False, 'shape': (), }",
        b"{'descr': [('a', '<U1', (1,) * 99)], 'fortran_order': False, 'shape': (), }",
        b"-" * 9000 + b"1",
        b"\x00",
        b"",
    ],
)
def test_a_member_whose_layout_is_nonsense_is_one_sentence(saved: Path, layout: bytes) -> None:
    with_header_bytes(saved, b"\x93NUMPY\x01\x00" + len(layout).to_bytes(2, "little") + layout)
    for read in (load_take, read_header):
        with pytest.raises(TakeError, match="is no usable take"):
            read(saved)


def test_a_header_that_unpacks_to_gigabytes_is_refused_before_it_is(saved: Path) -> None:
    bomb = np.array("[" + "{}," * 2_000_000 + "{}]")
    content = io.BytesIO()
    np.save(content, bomb)
    with_header_bytes(saved, content.getvalue())
    assert saved.stat().st_size < 200_000
    with pytest.raises(TakeError, match="would take more than"):
        read_header(saved)
