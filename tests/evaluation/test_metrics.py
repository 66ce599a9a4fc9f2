"""LVE, FDD and MVE against loops written straight from their definitions."""

import argparse
import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.datasets.regions import NAMES, Regions, parse_list, published, regions_for
from kmtalk_core.errors import DataSetError
from kmtalk_core.evaluation import command
from kmtalk_core.evaluation.metrics import pool, score

VERTICES = 5023
SUBJECTS = ("FaceTalk_170809_00138_TA", "FaceTalk_170731_00024_TA")
LENGTHS = {f"{SUBJECTS[0]}_sentence21": 4, f"{SUBJECTS[0]}_sentence22": 6, f"{SUBJECTS[1]}_sentence21": 5}


def small_regions() -> Regions:
    return Regions("small", np.array([1, 2, 5]), np.array([0, 3, 4, 6]), np.array([1]), np.array([2]))


def lve_by_definition(truth: list, predicted: list, lips: np.ndarray) -> float:
    errors = []
    for captured, made in zip(truth, predicted, strict=True):
        for frame in range(len(captured)):
            worst = 0.0
            for vertex in lips:
                squared = sum(
                    (float(captured[frame][vertex][c]) - float(made[frame][vertex][c])) ** 2 for c in range(3)
                )
                worst = max(worst, squared)
            errors.append(worst)
    return sum(errors) / len(errors)


def mve_by_definition(truth: list, predicted: list) -> float:
    distances = []
    for captured, made in zip(truth, predicted, strict=True):
        for frame in range(len(captured)):
            for vertex in range(len(captured[frame])):
                distances.append(math.dist(captured[frame][vertex], made[frame][vertex]))
    return sum(distances) / len(distances)


def fdd_by_definition(truth: list, predicted: list, template: list, upper: np.ndarray) -> tuple[float, float]:
    def spread(motion: np.ndarray, neutral: np.ndarray) -> float:
        total = 0.0
        for vertex in upper:
            offsets = [sum((float(f[vertex][c]) - float(neutral[vertex][c])) ** 2 for c in range(3)) for f in motion]
            mean = sum(offsets) / len(offsets)
            total += math.sqrt(sum((value - mean) ** 2 for value in offsets) / len(offsets))
        return total / len(upper)

    differences = [spread(t, n) - spread(p, n) for t, p, n in zip(truth, predicted, template, strict=True)]
    return sum(differences) / len(differences), sum(abs(d) for d in differences) / len(differences)


def test_the_metrics_are_their_definitions() -> None:
    rng = np.random.default_rng(1)
    truth = [rng.normal(0, 1, (frames, 8, 3)) for frames in (4, 9, 6)]
    predicted = [t + rng.normal(0, 0.3, t.shape) for t in truth]
    regions = small_regions()
    scores = pool(
        [
            score(str(i), "s", p.reshape(len(p), -1), t.reshape(len(t), -1), regions)
            for i, (t, p) in enumerate(zip(truth, predicted, strict=True))
        ]
    )
    neutral = [np.zeros((8, 3))] * 3
    signed, absolute = fdd_by_definition(truth, predicted, neutral, regions.upper)
    assert scores.lve == pytest.approx(lve_by_definition(truth, predicted, regions.lips), rel=1e-6)
    assert scores.mve == pytest.approx(mve_by_definition(truth, predicted), rel=1e-5)
    assert scores.fdd == pytest.approx(signed, rel=1e-6)
    assert scores.fdd_absolute == pytest.approx(absolute, rel=1e-6)
    assert abs(signed) < absolute


def test_signs_of_fdd_cancel_and_its_absolute_does_not() -> None:
    still, lively = np.zeros((20, 24)), np.random.default_rng(0).normal(0, 1, (20, 24))
    both = [score("a", "s", still, lively, small_regions()), score("b", "s", lively, still, small_regions())]
    assert pool(both).fdd == pytest.approx(0, abs=1e-9)
    assert pool(both).fdd_absolute > 0.5
    assert pool(both[:1]).fdd > 0  # captured moves more than predicted


def closing(frames: int, closed: tuple[int, int], depth: float) -> np.ndarray:
    """Lips 1 apart but from frame `closed[0]` to `closed[1]`, where they are 1 − `depth` apart."""
    motion = np.zeros((frames, 8, 3))
    motion[:, 1, 1] = 1.0
    motion[closed[0] : closed[1], 1, 1] = 1.0 - depth
    return motion.reshape(frames, -1)


@pytest.mark.parametrize(("depth", "closed", "gap"), [(1.0, 1.0, 0.0), (0.9, 1.0, 0.1), (0.5, 0.0, 0.5)])
def test_lips_that_do_not_close_on_p_b_m_are_seen(depth: float, closed: float, gap: float) -> None:
    phones = Alignment(
        (Phone(0, 0.3, "AA1"), Phone(0.3, 0.4, "B"), Phone(0.4, 1.0, "iy")), 1.0, "test"
    )  # fmt: skip
    truth, predicted = closing(30, (9, 12), 1.0), closing(30, (9, 12), depth)
    scores = pool([score("a", "s", predicted, truth, small_regions(), 30.0, phones)])
    assert (scores.closures, scores.closed) == (1, closed)
    assert scores.gap == pytest.approx(gap, abs=1e-9)


def test_a_face_that_never_moves_closes_nothing() -> None:
    phones = Alignment((Phone(0, 0.3, "a"), Phone(0.3, 0.4, "m"), Phone(0.4, 1.0, "a")), 1.0, "test")
    shut = np.zeros((30, 24))
    scores = pool([score("a", "s", shut, closing(30, (9, 12), 1), small_regions(), 30.0, phones)])
    assert (scores.closures, scores.closed, scores.gap) == (1, 0.0, 0.0)


def test_a_closure_in_the_wrong_place_does_not_count() -> None:
    phones = Alignment((Phone(0, 0.3, "a"), Phone(0.3, 0.4, "m"), Phone(0.4, 1.0, "a")), 1.0, "test")
    scores = pool([score("a", "s", closing(30, (20, 23), 1), closing(30, (9, 12), 1), small_regions(), 30.0, phones)])
    assert scores.closed == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_published_lists_have_the_published_lengths(name: str) -> None:
    regions = published(name)
    assert (len(regions.lips), len(regions.upper)) == {
        "flame-masks": (250, 827), "vocaset-428-1501": (428, 1501), "biwi-4996-7784": (4996, 7784),
    }[name]  # fmt: skip
    regions.check(23370 if name.startswith("biwi") else VERTICES)
    assert not set(regions.upper_lip) & set(regions.lower_lip)


def test_lists_are_read_however_they_are_written(tmp_path: Path) -> None:
    np.testing.assert_array_equal(parse_list("[3, 1,2 ,\n2\t7]"), [1, 2, 3, 7])
    (tmp_path / "lips.txt").write_text("5, 6\n7 7")
    (tmp_path / "upper.txt").write_text("1,2")
    regions = regions_for("vocaset", None, f"{tmp_path / 'lips.txt'},{tmp_path / 'upper.txt'}")
    assert list(regions.lips) == [5, 6, 7]
    assert "lips.txt" in regions.name
    with pytest.raises(DataSetError, match="more than"):
        (tmp_path / "lips.txt").write_text("9999")
        regions_for("vocaset", None, f"{tmp_path / 'lips.txt'},{tmp_path / 'upper.txt'}")


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Captured motion and two methods' as folders of .npy, with templates.pkl."""
    rng = np.random.default_rng(2)
    heads = {subject: rng.normal(0, 0.1, (VERTICES, 3)) for subject in SUBJECTS}
    (tmp_path / "templates.pkl").write_bytes(pickle.dumps(heads))
    for kind in ("truth", "near", "far"):
        (tmp_path / kind).mkdir()
    for name, frames in LENGTHS.items():
        captured = heads[name.rpartition("_")[0]].reshape(1, -1) + rng.normal(0, 2e-3, (frames, VERTICES * 3))
        np.save(tmp_path / "truth" / f"{name}.npy", captured.astype(np.float32))
        for kind, error in (("near", 1e-4), ("far", 1e-3)):
            made = captured[: frames - 1] + rng.normal(0, error, (frames - 1, VERTICES * 3))
            np.save(tmp_path / kind / f"{name}.npy", made.astype(np.float32))
    return {name: tmp_path / name for name in ("truth", "near", "far", "templates.pkl")}


def options(*arguments: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(argument) for argument in arguments])


def evaluate(folders: dict[str, Path], out: Path, *more: object) -> dict:
    command.run(
        options("--truth", folders["truth"], "--templates", folders["templates.pkl"], "--predictions",
                folders["near"], "--predictions", f"ours={folders['far']}", "--out", out, *more)
    )  # fmt: skip
    return json.loads((out / "scores.json").read_text())


def test_two_folders_of_npy_give_the_numbers_of_the_definitions(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = evaluate(folders, tmp_path / "out")
    heads = pickle.loads(folders["templates.pkl"].read_bytes())
    regions = published("flame-masks")
    for label, folder in (("near", "near"), ("ours", "far")):
        truth, made, neutral = [], [], []
        for name in sorted(LENGTHS):
            captured, predicted = (np.load(folders[k] / f"{name}.npy") for k in ("truth", folder))
            frames = min(len(captured), len(predicted))
            truth.append(captured[:frames].reshape(frames, -1, 3))
            made.append(predicted[:frames].reshape(frames, -1, 3))
            neutral.append(heads[name.rpartition("_")[0]])
        overall = scores["methods"][label]["overall"]
        signed, absolute = fdd_by_definition(truth, made, neutral, regions.upper)
        assert overall["lve"] == pytest.approx(lve_by_definition(truth, made, regions.lips), rel=1e-4)
        assert overall["mve"] == pytest.approx(mve_by_definition(truth, made), rel=1e-4)
        assert overall["fdd"] == pytest.approx(signed, rel=1e-3)
        assert overall["fdd_absolute"] == pytest.approx(absolute, rel=1e-3)
    assert scores["regions"] == "flame-masks"
    assert set(scores["methods"]["ours"]["subjects"]) == set(SUBJECTS)
    table = capsys.readouterr().out
    assert table == (tmp_path / "out" / "scores.md").read_text()
    assert "flame-masks" in table and "**ours**" in table and table.count("|---") >= 1
    assert "1 frames; both were trimmed" in table


def test_offsets_and_vertices_give_the_same_scores(folders: dict[str, Path], tmp_path: Path) -> None:
    before = evaluate(folders, tmp_path / "a")
    heads = pickle.loads(folders["templates.pkl"].read_bytes())
    for path in folders["far"].glob("*.npy"):
        offsets = np.load(path) - heads[path.stem.rpartition("_")[0]].reshape(1, -1)
        np.save(path, offsets.astype(np.float32).reshape(len(offsets), -1, 3)[None])
    after = evaluate(folders, tmp_path / "b")
    assert after["methods"]["ours"]["overall"]["lve"] == pytest.approx(
        before["methods"]["ours"]["overall"]["lve"], rel=1e-3
    )


def test_every_style_of_a_method_that_needs_one_counts(folders: dict[str, Path], tmp_path: Path) -> None:
    for path in list(folders["far"].glob("*.npy")):
        for style in "AB":
            (path.with_name(f"{path.stem}_condition_{style}.npy")).write_bytes(path.read_bytes())
        path.unlink()
    scores = evaluate(folders, tmp_path / "out")
    assert scores["methods"]["ours"]["overall"]["sequences"] == 2 * len(LENGTHS)


def test_another_list_is_named_in_the_table(folders: dict[str, Path], tmp_path: Path) -> None:
    assert evaluate(folders, tmp_path / "o", "--regions", "vocaset-428-1501")["regions"] == "vocaset-428-1501"


def test_missing_sequences_are_an_error_unless_allowed(folders: dict[str, Path], tmp_path: Path) -> None:
    name = sorted(LENGTHS)[0]
    (folders["near"] / f"{name}.npy").unlink()
    with pytest.raises(DataSetError, match=name):
        evaluate(folders, tmp_path / "out")
    scores = evaluate(folders, tmp_path / "out", "--partial")
    assert all(method["overall"]["sequences"] == 2 for method in scores["methods"].values())
    assert "lacks 1 of 3" in scores["notes"][0]


def _at_60(folder: Path) -> None:
    for path in folder.glob("*.npy"):
        np.save(path, np.repeat(np.load(path), 2, axis=0))


def _in_millimetres(folder: Path) -> None:
    for path in folder.glob("*.npy"):
        np.save(path, 1000 * np.load(path))


def _offsets_in_millimetres(folder: Path) -> None:
    heads = pickle.loads((folder.parent / "templates.pkl").read_bytes())
    for path in folder.glob("*.npy"):
        motion = np.load(path) - heads[path.stem.rpartition("_")[0]].reshape(1, -1)
        np.save(path, 1000 * motion)


def _with_nan(folder: Path) -> None:
    path = next(folder.glob("*.npy"))
    motion = np.load(path)
    motion[1, 1] = np.nan
    np.save(path, motion)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_at_60, "frame rate"),
        (_with_nan, "not finite"),
        (_in_millimetres, "millimetres"),
        (_offsets_in_millimetres, "millimetres"),
    ],
)
def test_predictions_that_cannot_be_right_are_refused(
    folders: dict[str, Path], tmp_path: Path, harm: Callable[[Path], None], says: str
) -> None:
    harm(folders["near"])
    with pytest.raises(DataSetError, match=says):
        evaluate(folders, tmp_path / "out")
