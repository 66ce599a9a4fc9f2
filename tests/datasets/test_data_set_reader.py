"""Folders in the layouts of VOCASET and BIWI, whole and broken."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core.audio import RATE
from kmtalk_core.datasets.reader import open_data_set
from kmtalk_core.datasets.splits import LAYOUTS, assign, parse_name
from kmtalk_core.errors import DataSetError

Make = Callable[..., Path]
TRAIN, VALIDATE, TEST = "FaceTalk_170728_03272_TA", "FaceTalk_170811_03275_TA", "FaceTalk_170809_00138_TA"
NAMES = [f"{TRAIN}_sentence01", f"{VALIDATE}_sentence21", f"{TEST}_sentence40"]


def test_the_published_splits_have_the_published_sizes() -> None:
    everyone = {name: [f"{s}_{layout.sentence_name}{n:02d}" for s in layout.subjects for n in range(1, 41)]
                for name, layout in LAYOUTS.items()}  # fmt: skip
    voca, notes = assign(everyone["vocaset"], LAYOUTS["vocaset"])
    assert not notes
    assert {which: len(names) for which, names in voca.items()} == {
        "train": 320, "validation": 40, "test": 40, "test_b": 0,
    }  # fmt: skip
    biwi, _ = assign(everyone["biwi"], LAYOUTS["biwi"])
    assert {which: len(names) for which, names in biwi.items()} == {
        "train": 192, "validation": 24, "test": 24, "test_b": 32,
    }  # fmt: skip
    assert "FaceTalk_170908_03277_TA_sentence20" not in voca["validation"]
    assert "FaceTalk_170908_03277_TA_sentence21" in voca["validation"]
    assert {"F2_e32", "M5_e01"} <= set(biwi["train"])
    assert {"F2_e33", "M5_e36"} <= set(biwi["validation"])
    assert {"F2_e37", "M5_e40"} <= set(biwi["test"])
    assert {"F1_e37", "M6_e40"} <= set(biwi["test_b"])


def test_names_give_subject_and_sentence() -> None:
    assert parse_name("FaceTalk_170728_03272_TA_sentence07") == ("FaceTalk_170728_03272_TA", 7)
    assert parse_name("F2_e40") == ("F2", 40)
    assert parse_name("notes") is None


def test_subjects_of_ones_own_are_split_8_2_2() -> None:
    names = [f"person{s:02d}_sentence{n:02d}" for s in range(12) for n in range(1, 4)]
    splits, notes = assign(names, LAYOUTS["vocaset"])
    assert [len(splits[which]) for which in ("train", "validation", "test")] == [24, 6, 6]
    assert "split by subject" in notes[0]


def test_one_speaker_is_split_by_sentence() -> None:
    splits, notes = assign([f"me_sentence{n:02d}" for n in range(1, 11)], LAYOUTS["vocaset"])
    assert [len(splits[which]) for which in ("train", "validation", "test")] == [8, 1, 1]
    assert "split by sentence" in notes[0]


def test_every_second_frame_of_vocaset_is_kept(make_data_set: Make) -> None:
    data = open_data_set(make_data_set(NAMES, seconds=0.5))
    sequence = data.split("train")[0]
    assert data.space.name == "vocaset" and data.stride == 2
    assert data.frame_count(sequence) == 15
    motion = data.motion(sequence)
    assert motion.shape == (15, 15069) and motion.dtype == np.float32
    np.testing.assert_allclose(motion[:, 0], np.arange(15) * 2e-4, atol=1e-6)


def test_a_folder_that_is_at_30_frames_already_keeps_them_all(make_data_set: Make) -> None:
    data = open_data_set(make_data_set(NAMES, fps=30.0))
    assert data.stride == 1
    np.testing.assert_allclose(data.motion(data.split("train")[0])[:, 0], np.arange(15) * 1e-4, atol=1e-6)


def test_biwi_is_read_at_25_frames(make_data_set: Make) -> None:
    data = open_data_set(make_data_set(["F2_e01", "F2_e33", "F2_e37", "F1_e37"], "biwi", seconds=0.4))
    assert data.motion(data.split("test_b")[0]).shape == (10, 70110)


def test_sound_and_motion_are_trimmed_to_the_shorter(make_data_set: Make) -> None:
    root = make_data_set(NAMES, seconds=1.0)
    sound = root / "wav" / f"{NAMES[0]}.wav"
    soundfile.write(sound, np.ones(20000) * 0.1, RATE)  # 1.25 s over 1 s of motion
    soundfile.write(root / "wav" / f"{NAMES[1]}.wav", np.ones(14400) * 0.1, RATE)  # 0.9 s
    data = open_data_set(root)
    assert data.frame_count(data.split("train")[0]) == 30
    assert data.sound(data.split("train")[0]).length == RATE
    assert data.frame_count(data.split("validation")[0]) == 27
    assert len(data.motion(data.split("validation")[0])) == 27


def test_motion_is_mapped_and_not_loaded(make_data_set: Make) -> None:
    data = open_data_set(make_data_set(NAMES))
    assert isinstance(data._mapped(data.split("train")[0]).base, np.memmap)


def _drop(path: str) -> object:
    def change(root: Path) -> None:
        target = root / path
        if target.is_dir():
            for file in target.iterdir():
                file.unlink()
            target.rmdir()
        else:
            target.unlink()

    return change


def _other_unit(root: Path) -> None:
    with (root / "templates.pkl").open("rb") as file:
        templates = pickle.load(file)
    (root / "templates.pkl").write_bytes(pickle.dumps({s: 1000 * t for s, t in templates.items()}))


def _other_topology(root: Path) -> None:
    (root / "templates.pkl").write_bytes(pickle.dumps({TRAIN: np.zeros((100, 3))}))


def _truncated(root: Path) -> None:
    path = root / "vertices_npy" / f"{NAMES[0]}.npy"
    path.write_bytes(path.read_bytes()[:-5000])


def _objects(root: Path) -> None:
    np.save(root / "vertices_npy" / f"{NAMES[0]}.npy", np.array([{}], object))


def _wrong_width(root: Path) -> None:
    np.save(root / "vertices_npy" / f"{NAMES[0]}.npy", np.zeros((30, 7), np.float32))


def _infinite(root: Path) -> None:
    motion = np.load(root / "vertices_npy" / f"{NAMES[0]}.npy")
    motion[4, 4] = np.inf
    np.save(root / "vertices_npy" / f"{NAMES[0]}.npy", motion)


def _no_sound(root: Path) -> None:
    (root / "wav" / f"{NAMES[0]}.wav").write_bytes(b"not a sound")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_drop("wav"), "no folder wav/"),
        (_drop("vertices_npy"), "no folder vertices_npy/"),
        (_drop("templates.pkl"), "templates.pkl"),
        (_other_unit, "one unit"),
        (_other_topology, "100 vertices"),
        (_truncated, "damaged"),
        (_objects, "damaged"),
        (_wrong_width, "15069"),
        (_infinite, "not finite"),
        (_no_sound, "no sound"),
    ],
)
def test_whatever_is_wrong_gets_one_clear_line(make_data_set: Make, change: object, says: str) -> None:
    root = make_data_set(NAMES)
    change(root)  # type: ignore[operator]
    with pytest.raises(DataSetError, match=says) as caught:
        data = open_data_set(root)
        data.motion(data.split("train")[0])
    assert "\n" not in str(caught.value)


def test_sound_of_another_length_altogether_is_noticed(make_data_set: Make) -> None:
    root = make_data_set(NAMES)
    for name in NAMES:
        soundfile.write(root / "wav" / f"{name}.wav", np.ones(10 * RATE) * 0.1, RATE)
    with pytest.raises(DataSetError, match="frames for a second"):
        open_data_set(root)


def test_sequences_without_a_sound_are_left_out_and_named(make_data_set: Make) -> None:
    root = make_data_set([*NAMES, f"{TRAIN}_sentence02"])
    (root / "wav" / f"{TRAIN}_sentence02.wav").unlink()
    data = open_data_set(root)
    assert [item.name for item in data.split("train")] == [NAMES[0]]
    assert any("no sound" in note and "sentence02" in note for note in data.notes)


def test_an_empty_split_says_what_belongs_in_it(make_data_set: Make) -> None:
    data = open_data_set(make_data_set(NAMES[:2]))
    with pytest.raises(DataSetError, match="FaceTalk_170809_00138_TA"):
        data.split("test")
