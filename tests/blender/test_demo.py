"""The demo, made whole from a second and a half of take: what a stranger opens works."""

import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from kmtalk_addon import compat
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Key, Take, Track, save_take

blf = pytest.importorskip("blf")
if not hasattr(blf, "bind_imbuf"):
    pytest.skip("the sheet needs Blender 4.5 or newer", allow_module_level=True)

from kmtalk_addon.demo import sheet  # noqa: E402

FPS, FRAMES = 30.0, 45
KEYS = ((0, "sil"), (8, "m"), (16, "AA1"), (24, "p"), (32, "æ"), (44, "sil"))


def talking() -> Take:
    """Open vowels between closed lips."""
    motion = np.zeros((FRAMES, len(ARKIT_INDEX)), dtype=np.float32)
    at = [frame for frame, _ in KEYS]
    motion[:, ARKIT_INDEX["jawOpen"]] = np.interp(range(FRAMES), at, [0.0, 0.0, 0.8, 0.0, 0.8, 0.0])
    keys = tuple(Key(frame, frame / FPS, label, 1.0, motion[frame]) for frame, label in KEYS)
    return Take((Track(ARKIT, motion),), keys, fps=FPS)


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kmtalk_addon.demo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=300)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished demo; the sound it was made from is gone."""
    folder = tmp_path_factory.mktemp("Vorführung ö")
    save_take(talking(), folder / "take.npz")
    tone = 0.2 * np.sin(2 * np.pi * 220 * np.arange(int(16_000 * FRAMES / FPS)) / 16_000)
    soundfile.write(folder / "voice.wav", tone, 16_000)
    out = folder / "out"
    done = run(folder / "take.npz", folder / "voice.wav", out, "--size", "96x108", "--seconds", "0.5")
    assert done.returncode == 0, done.stderr
    assert "demo.mp4 shows the first 0.5 of 2 s" in done.stderr
    assert "Fra:" not in done.stdout + done.stderr
    (folder / "voice.wav").unlink()
    return out


@pytest.fixture
def opened(demo: Path, tmp_path: Path) -> Any:
    """The scene of demo.blend, opened from another folder."""
    moved = shutil.copy(demo / "demo.blend", tmp_path / "moved.blend")
    bpy.ops.wm.open_mainfile(filepath=str(moved))
    return bpy.context.scene


def test_the_film_has_picture_and_sound_and_the_length_that_was_asked_for(demo: Path) -> None:
    film = (demo / "demo.mp4").read_bytes()
    assert b"avc1" in film
    assert (b"mp4a" in film) == compat.HAS_AUDIO
    assert {kind for kind, _ in tracks(film)} == ({b"vide", b"soun"} if compat.HAS_AUDIO else {b"vide"})
    assert all(seconds == pytest.approx(0.5, abs=0.08) for _, seconds in tracks(film))


def test_the_film_moves(demo: Path) -> None:
    clip = bpy.data.movieclips.load(str(demo / "demo.mp4"))
    assert (tuple(clip.size), clip.frame_duration, round(clip.fps)) == ((96, 108), 15, 30)
    bpy.data.movieclips.remove(clip)


def test_the_sheet_shows_open_vowels_and_closed_lips(demo: Path) -> None:
    picture = read(demo / "keys.png")
    cells = [cell(picture, index) for index in range(len(KEYS))]
    assert all(part.std() > 0.05 for part in cells)
    closed, opened, closed_again, opened_again = cells[1:5]
    alike = max(difference(closed, closed_again), difference(opened, opened_again))
    assert difference(closed, opened) > 3 * alike + 0.005


def test_every_cell_carries_its_label(demo: Path) -> None:
    picture = read(demo / "keys.png")
    for index, (_, label) in enumerate(KEYS):
        caption = cell(picture, index, caption=True)
        left, right = caption[:, : sheet.CELL[0] // 2], caption[:, sheet.CELL[0] // 2 :]
        assert left.max() > 0.5, f"no label for {label}"
        assert right.max() > 0.4, f"no time for {label}"


def test_the_file_holds_head_keys_and_markers_wherever_it_is_moved(opened: Any) -> None:
    head = bpy.data.objects["Head"]
    animation = head.data.shape_keys.animation_data
    assert animation.action.name == "KMTalk: Head"
    assert (opened.frame_start, opened.frame_end, opened.render.fps) == (1, FRAMES, 30)
    assert [m.name for m in sorted(opened.timeline_markers, key=lambda m: m.frame)] == [
        "sil",
        "m",
        "ɑ",
        "p",
        "æ",
        "sil",
    ]
    opened.frame_set(17)
    graph = bpy.context.evaluated_depsgraph_get()
    for part in ("Head", "Teeth Lower"):
        keys = bpy.data.objects[part].data.shape_keys.evaluated_get(graph).key_blocks
        assert keys["jawOpen"].value == pytest.approx(0.8, abs=1e-4)


@pytest.mark.skipif(not compat.HAS_AUDIO, reason="this Blender has no audio")
def test_the_file_carries_its_sound(opened: Any) -> None:
    (strip,) = compat.strips(opened)
    assert strip.sound.packed_file is not None
    assert (strip.frame_final_start, strip.frame_final_duration) == (1, FRAMES)
    assert opened.sync_mode == "AUDIO_SYNC"


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "take.npz").write_bytes(b"no take")
    done = run(tmp_path / "take.npz", tmp_path / "no.wav", tmp_path / "out")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("demo: ") and "usable take" in line]


def test_a_long_clip_shows_closures_and_wide_vowels_first() -> None:
    motion = np.zeros((3000, len(ARKIT_INDEX)), dtype=np.float32)
    motion[500, ARKIT_INDEX["jawOpen"]] = 0.9
    labels = {100: "p", 1500: "b", 2900: "m", 500: "a"}
    keys = tuple(Key(f, f / FPS, labels.get(f, "t"), 1.0, motion[f]) for f in range(0, 3000, 10))
    chosen = sheet.choose(Take((Track(ARKIT, motion),), keys, fps=FPS), 24)
    assert len(chosen) == 24
    assert {100, 500, 1500, 2900} <= {key.frame for key in chosen}
    assert [key.frame for key in chosen] == sorted(key.frame for key in chosen)
    assert max(np.diff([key.frame for key in chosen])) < 400


def read(path: Path) -> npt.NDArray[np.float32]:
    """Rows from the top, grey from 0 to 1."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(image.size[0] * image.size[1] * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    return np.ascontiguousarray(pixels[::-1, :, :3].mean(axis=2))


def cell(picture: npt.NDArray[np.float32], index: int, caption: bool = False) -> npt.NDArray[np.float32]:
    width, height = sheet.CELL
    x = sheet.GAP + index * (width + sheet.GAP)
    y = sheet.HEADER + (height if caption else 0)
    return picture[y : y + (sheet.CAPTION if caption else height), x : x + width]


def difference(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    return float(np.abs(one - other).mean())


def tracks(film: bytes) -> list[tuple[bytes, float]]:
    """Handler and duration in seconds of every track of an MP4 file."""
    found = []
    for track in (body for name, body in boxes(dict(boxes(film))[b"moov"]) if name == b"trak"):
        media = dict(boxes(dict(boxes(track))[b"mdia"]))
        rate, length = struct.unpack(">II", media[b"mdhd"][12:20])
        found.append((media[b"hdlr"][8:12], length / rate))
    return found


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[place : place + 8])
        yield name, data[place + 8 : place + size]
        place += size or len(data)
