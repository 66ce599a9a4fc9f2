"""What `prepare` finds, and what it refuses before anyone trains on it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.cli import main
from kmtalk_core.datasets.alignments import AlignmentStore, prepare_job
from kmtalk_core.datasets.check import check_job
from kmtalk_core.datasets.reader import open_data_set
from kmtalk_core.datasets.splits import LAYOUTS
from kmtalk_core.errors import DataSetError
from kmtalk_core.progress import finish
from kmtalk_core.textgrid import write_textgrid

Make = Callable[..., Path]
TRAIN, VALIDATE, TEST = "FaceTalk_170728_03272_TA", "FaceTalk_170811_03275_TA", "FaceTalk_170809_00138_TA"
NAMES = [f"{TRAIN}_sentence01", f"{VALIDATE}_sentence21", f"{TEST}_sentence40"]


def grids(folder: Path, names: list[str], label: str = "a", nested: bool = True) -> Path:
    """TextGrids as the Montreal Forced Aligner leaves them: a folder a speaker."""
    for name in names:
        place = folder / name.rpartition("_")[0] if nested else folder
        place.mkdir(parents=True, exist_ok=True)
        spoken = Alignment.covering([Phone(0.1, 0.3, label)], 0.5, "test")
        write_textgrid(spoken, place / f"{name}.TextGrid")
    return folder


def labels(root: Path) -> list[str]:
    store = AlignmentStore.of(open_data_set(root))
    return [next(p.label for p in store.get(name).phones if not p.is_silence) for name in NAMES]


def test_another_method_or_other_textgrids_are_heeded_after_phones_were_cached(
    make_data_set: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_data_set(NAMES)
    assert main(["prepare", str(root), "--method", "uniform"]) == 0
    assert "uniform (3)" in capsys.readouterr().out
    folder = grids(tmp_path / "aligned", NAMES)
    assert main(["prepare", str(root), "--textgrids", str(folder)]) == 0
    said = capsys.readouterr()
    assert "textgrid (3)" in said.out and "3 sequences had been prepared otherwise" in said.err
    assert labels(root) == ["a"] * 3
    grids(folder, NAMES[:1], "u")
    assert main(["prepare", str(root), "--textgrids", str(folder)]) == 0
    assert "1 sequences had been prepared otherwise" in capsys.readouterr().err
    assert labels(root) == ["u", "a", "a"]
    assert main(["prepare", str(root), "--textgrids", str(folder)]) == 0
    assert "otherwise" not in capsys.readouterr().err
    finish(prepare_job(open_data_set(root), AlignmentStore.of(open_data_set(root))))  # as `train` does
    assert labels(root) == ["u", "a", "a"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: folder.rename(folder.with_name("elsewhere")), "no folder of TextGrids"),
        (lambda folder: [p.rename(p.with_stem("x" + p.stem)) for p in folder.rglob("*.TextGrid")], "name them as"),
        (lambda folder: grids(folder / "again", NAMES[:1]), "leave one of them"),
    ],
)
def test_textgrids_that_cannot_be_meant_are_refused(
    make_data_set: Make, tmp_path: Path, change: Callable[[Path], object], says: str
) -> None:
    data = open_data_set(make_data_set(NAMES))
    folder = grids(tmp_path / "aligned", NAMES)
    change(folder)
    with pytest.raises(DataSetError, match=says):
        finish(prepare_job(data, AlignmentStore.of(data), textgrids=folder))


def test_sequences_without_a_textgrid_are_named(make_data_set: Make, tmp_path: Path) -> None:
    data = open_data_set(make_data_set(NAMES))
    folder = grids(tmp_path / "aligned", NAMES[:2], nested=False)
    found = finish(prepare_job(data, AlignmentStore.of(data), textgrids=folder))
    assert any("1 of 3 sequences have no TextGrid" in note and NAMES[2] in note for note in found.notes)
    with pytest.raises(DataSetError, match=f"{NAMES[2]}: .*TextGrid"):
        finish(prepare_job(data, AlignmentStore.of(data), method="textgrid", textgrids=folder, again=True))


def _not_a_number(root: Path) -> None:
    motion = np.load(root / "vertices_npy" / f"{NAMES[2]}.npy")
    motion[4, 4] = np.nan
    np.save(root / "vertices_npy" / f"{NAMES[2]}.npy", motion)


def _unheard(root: Path) -> None:
    samples = np.full(8000, 0.1)
    samples[4000] = np.nan
    soundfile.write(root / "wav" / f"{NAMES[1]}.wav", samples, 16000, "FLOAT")


def _twice_as_long(root: Path) -> None:
    motion = np.load(root / "vertices_npy" / f"{NAMES[0]}.npy")
    np.save(root / "vertices_npy" / f"{NAMES[0]}.npy", np.concatenate([motion, motion]))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_not_a_number, f"{NAMES[2]}.npy holds numbers that are not finite"),
        (_unheard, f"{NAMES[1]}.wav holds samples that are not numbers"),
        (_twice_as_long, f"{NAMES[0]} has 2.4 s of motion and 1.2 s of sound"),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_else_is_done(
    make_data_set: Make, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], None], says: str
) -> None:
    root = make_data_set(NAMES, seconds=1.2)
    if harm is _unheard:
        root = make_data_set(NAMES, seconds=0.5)
    harm(root)
    with pytest.raises(DataSetError, match=says.replace(".", r"\.")):
        finish(check_job(open_data_set(root)))
    assert main(["prepare", str(root)]) == 2
    assert says in capsys.readouterr().err
    assert not (root / "alignments").exists()


def test_a_published_split_with_holes_in_it_is_told(make_data_set: Make) -> None:
    part = LAYOUTS["vocaset"].parts["test"]
    names = [f"{who}_sentence{n}" for who in part.subjects for n in range(part.first, part.last + 1)]
    notes = open_data_set(make_data_set([*NAMES[:2], *names[:-2]], seconds=0.1)).notes
    assert len(notes) == 1 and "lacks 2 of its 40 published sequences" in notes[0] and names[-1] in notes[0]


def test_alignments_made_by_hand_or_by_other_versions_are_taken_as_they_are(make_data_set: Make) -> None:
    data = open_data_set(make_data_set(NAMES))
    store = AlignmentStore.of(data)
    for name in NAMES:
        store.put(name, Alignment.covering([Phone(0.1, 0.2, "o")], 0.5, "hand"))
        path = store.folder / f"{name}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        del content["asked"]
        path.write_text(json.dumps(content), encoding="utf-8")
    assert finish(prepare_job(data, store)).methods == {"hand": 3}
