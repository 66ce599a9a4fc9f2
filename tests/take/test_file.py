"""Takes travel between programs and people: they come back as they went, and a broken one says so in a sentence."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core.alignment import Phone
from kmtalk_core.errors import TakeError
from kmtalk_core.events import Event
from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.motion.spaces import ARKIT, HEAD
from kmtalk_core.take import Key, Take, Track, load_take, read_header, save_take

FRAMES = 90


@pytest.fixture
def take() -> Take:
    motion = np.random.default_rng(0).random((FRAMES, 52)).astype(np.float32)
    keys = tuple(Key(f, f / 30, "ʃ", 0.5, motion[f], "locked" if f == 9 else "generated") for f in range(0, FRAMES, 3))
    turns = np.linspace(-0.2, 0.2, 3 * FRAMES, dtype=np.float32).reshape(FRAMES, 3)
    return Take(
        (Track(ARKIT, motion), Track(HEAD, turns)),
        keys,
        events=(Event("e1", "blink", 0.5, 0.2, 0.66), Event("e2", "nod", 1.5, 0.4, 0.05, 270.0, 7, "locked")),
        phones=(Phone(0.0, 1.25, "sil"), Phone(1.25, 3.0, "ʃ", 0.75)),
        text="Zürich, “quoted”\n日本",
        settings={"smoothing": 0.1, "method": "transcript"},
        model={"name": "starter", "hash": "0123"},
        audio={"name": "a.wav", "digest": "4567", "duration": 3.0},
        notes=("A note.",),
        fps=30.0,
    )


@pytest.fixture
def saved(take: Take, tmp_path: Path) -> Path:
    save_take(take, tmp_path / "take.npz")
    return tmp_path / "take.npz"


def rewrite(path: Path, **members: Any) -> None:
    """Write the take at `path` anew with other members; None leaves one out."""
    with np.load(path) as stored:
        arrays = {**{name: stored[name] for name in stored.files}, **members}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def rewrite_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    header = read_header(path)
    change(header)
    rewrite(path, header=np.array(json.dumps(header)))


def test_a_take_comes_back_as_it_was_saved(take: Take, saved: Path) -> None:
    again = load_take(saved)
    np.testing.assert_array_equal(again.motion, take.motion)
    assert [track.space for track in again.tracks] == [ARKIT, HEAD]
    np.testing.assert_array_equal(again.tracks[1].motion, take.tracks[1].motion)
    for key, other in zip(take.keys, again.keys, strict=True):
        np.testing.assert_array_equal(key.pose, other.pose)
        assert replace(key, pose=None) == replace(other, pose=None)  # type: ignore[arg-type]
    for name in ("space", "fps", "phones", "text", "settings", "model", "audio", "notes", "events"):
        assert getattr(again, name) == getattr(take, name), name


def test_the_file_is_laid_out_as_others_read_it(saved: Path) -> None:
    with np.load(saved, allow_pickle=False) as stored:
        assert stored["motion"].dtype == stored["key_poses"].dtype == np.float32
        assert stored["motion"].shape == (FRAMES, 52)
        assert stored["head"].dtype == np.float32 and stored["head"].shape == (FRAMES, 3)
        assert stored["key_poses"].shape == (30, 52)
        header = json.loads(str(stored["header"]))
    contract = {"format", "space", "fps", "channels", "tracks", "keys", "events", "phones", "text", "settings", "model"}
    assert contract | {"audio"} <= header.keys()
    assert header["channels"] == list(ARKIT_NAMES)
    assert header["keys"][3] == {"frame": 9, "time": 0.3, "label": "ʃ", "confidence": 0.5, "state": "locked"}
    assert header["phones"][1] == {"start": 1.25, "end": 3.0, "label": "ʃ", "confidence": 0.75}
    assert header["format"] == 2 and header["tracks"] == ["arkit", "head"]
    assert header["events"][1] == {
        "id": "e2", "kind": "nod", "time": 1.5, "duration": 0.4, "size": 0.05, "direction": 270.0, "seed": 7,
        "state": "locked",
    }  # fmt: skip
    assert read_header(saved) == header


def test_a_take_of_the_first_format_is_still_read(take: Take, saved: Path) -> None:
    rewrite_header(saved, lambda header: [header.update(format=1), header.pop("events"), header.pop("tracks")])
    rewrite(saved, head=None)
    again = load_take(saved)
    np.testing.assert_array_equal(again.motion, take.motion)
    assert [track.space for track in again.tracks] == [ARKIT] and again.events == () and again.track("head") is None


def test_names_in_any_script_and_folders_not_yet_there_are_fine(take: Take, tmp_path: Path) -> None:
    path = tmp_path / "Größe 顔" / "ночь.npz"
    save_take(take, path)
    assert load_take(path).frame_count == FRAMES
    assert [p.name for p in path.parent.iterdir()] == ["ночь.npz"]


def test_a_take_without_keys_is_a_take(take: Take, tmp_path: Path) -> None:
    save_take(replace(take, keys=(), phones=()), tmp_path / "take.npz")
    assert load_take(tmp_path / "take.npz").keys == ()


def test_a_save_that_fails_leaves_the_old_take(take: Take, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(TakeError, match="No space left"):
        save_take(replace(take, text="new"), saved)
    assert load_take(saved).text == take.text
    assert list(saved.parent.iterdir()) == [saved]


def test_a_place_that_cannot_be_written_is_a_take_error(take: Take, saved: Path) -> None:
    with pytest.raises(TakeError, match="cannot be written"):
        save_take(take, saved / "inside.npz")


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


@pytest.fixture
def mixed(take: Take, tmp_path: Path) -> tuple[Take, Path]:
    """A take whose motion is mixtures of five shapes, kept as such."""
    rng = np.random.default_rng(1)
    shapes = rng.standard_normal((5, 52)).astype(np.float32)
    motion = rng.random((FRAMES, 5)).astype(np.float32) @ shapes
    take = take.with_motion(motion, keys=tuple(replace(key, pose=motion[key.frame]) for key in take.keys))
    save_take(take, tmp_path / "mixed.npz", shapes)
    return take, tmp_path / "mixed.npz"


def test_motion_may_be_kept_as_mixtures_of_shapes(mixed: tuple[Take, Path], saved: Path) -> None:
    take, path = mixed
    again = load_take(path)
    np.testing.assert_allclose(again.motion, take.motion, atol=1e-5)
    assert [(key.frame, key.label, key.state) for key in again.keys] == [(k.frame, k.label, k.state) for k in take.keys]
    assert all(np.array_equal(key.pose, again.motion[key.frame]) for key in again.keys)
    assert path.stat().st_size < 0.5 * saved.stat().st_size


def test_shapes_may_repeat_each_other_and_show_nothing(mixed: tuple[Take, Path], tmp_path: Path) -> None:
    take, path = mixed
    with np.load(path) as stored:
        shapes = stored["shapes"]
    more = np.concatenate([shapes, shapes[:2], np.zeros((1, 52), np.float32)])
    save_take(take, tmp_path / "more.npz", more)
    np.testing.assert_allclose(load_take(tmp_path / "more.npz").motion, take.motion, atol=1e-5)


def test_a_still_take_has_no_shapes_at_all(take: Take, tmp_path: Path) -> None:
    save_take(replace(take, keys=()), tmp_path / "still.npz", np.zeros((0, 52), np.float32))
    again = load_take(tmp_path / "still.npz")
    assert again.motion.shape == (FRAMES, 52) and not again.motion.any()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", None),
        ("weights", np.zeros((FRAMES, 4), np.float32)),
        ("weights", np.full((FRAMES, 5), np.nan, np.float32)),
        ("weights", np.zeros((10, 5), np.float32)),
        ("shapes", np.zeros((5, 51), np.float32)),
    ],
)
def test_mixtures_that_do_not_fit_are_refused(mixed: tuple[Take, Path], name: str, value: Any) -> None:
    rewrite(mixed[1], **{name: value})
    with pytest.raises(TakeError):
        load_take(mixed[1])


def test_motion_too_large_to_be_mixed_again_is_kept_whole(
    mixed: tuple[Take, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, path = mixed
    with np.load(path) as stored:
        shapes = stored["shapes"]
    monkeypatch.setattr("kmtalk_core.take.file._LARGEST_MIXED", take.motion.nbytes - 1)
    save_take(take, tmp_path / "whole.npz", shapes)
    np.testing.assert_array_equal(load_take(tmp_path / "whole.npz").motion, take.motion)


def test_a_mixture_that_would_fill_the_memory_is_refused(
    mixed: tuple[Take, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kmtalk_core.take.file._LARGEST_MIXED", FRAMES * 52 * 4 - 1)
    with pytest.raises(TakeError, match="far too large"):
        load_take(mixed[1])


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


def test_a_take_that_could_not_be_read_is_not_written(take: Take, tmp_path: Path) -> None:
    for value in (np.nan, np.inf, 1e30):
        motion = take.motion.copy()
        motion[1, 2] = value
        with pytest.raises(TakeError, match="use other weights"):
            save_take(take.with_motion(motion, keys=take.keys), tmp_path / "new.npz")
    assert not (tmp_path / "new.npz").exists()
