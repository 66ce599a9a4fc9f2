"""Takes travel between programs and people: they come back as they went, and a broken one says so in a sentence."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from take_files import FRAMES, rewrite, rewrite_header

from kmtalk_core.errors import TakeError
from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.motion.spaces import ARKIT, HEAD
from kmtalk_core.take import Take, load_take, read_header, save_take


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


def test_a_take_that_could_not_be_read_is_not_written(take: Take, tmp_path: Path) -> None:
    for value in (np.nan, np.inf, 1e30):
        motion = take.motion.copy()
        motion[1, 2] = value
        with pytest.raises(TakeError, match="use other weights"):
            save_take(take.with_motion(motion, keys=take.keys), tmp_path / "new.npz")
    assert not (tmp_path / "new.npz").exists()
