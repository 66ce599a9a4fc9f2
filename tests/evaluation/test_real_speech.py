"""Scores on recorded speech: what they reward and what they do not."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.client import PACKAGE_FOLDER
from kmtalk_core.evaluation.real_speech import GRID, bilabial_hits, boundary_scores, correlation

TIMES = np.arange(0, 6, 1 / GRID)
TRUTH = np.sin(2 * np.pi * TIMES) + 0.3 * np.sin(7 * TIMES)


def test_an_early_prediction_scores_in_full_at_its_lag() -> None:
    early = np.interp(TIMES + 0.1, TIMES, TRUTH)
    mean, macro, lag = correlation([("a_1", TRUTH, early)])
    assert mean == pytest.approx(1.0, abs=1e-3) and macro == mean and lag == pytest.approx(0.1)


def test_one_lag_must_serve_all_clips_and_sets_count_alike() -> None:
    noise = np.random.default_rng(0).standard_normal(len(TIMES))
    mean, macro, _ = correlation([("a_1", TRUTH, TRUTH), ("a_2", TRUTH, TRUTH), ("b_1", TRUTH, noise)])
    assert mean > 0.6 > macro > 0.4


def test_a_still_mouth_and_one_that_closes_elsewhere_hit_no_bilabial() -> None:
    phones = [{"start": 1.0, "end": 1.08, "label": "P"}, {"start": 1.08, "end": 1.3, "label": "a"}]
    dip = 1 - np.exp(-(((TIMES % 0.5 - 0.04) / 0.04) ** 2))  # closes twice a second, at 1.04 among others
    assert bilabial_hits(phones, TIMES, dip) == [True]
    assert bilabial_hits(phones, TIMES, np.roll(dip, 6)) == [False]
    assert bilabial_hits(phones, TIMES, np.full_like(TIMES, 0.5)) == [False]


def test_boundaries_match_one_to_one() -> None:
    truth, found = np.array([0.1, 0.5, 0.9]), np.array([0.09, 0.11, 0.51])
    precision, recall, f1 = boundary_scores([(truth, found)], 0.02)
    assert (precision, recall, f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))


def test_the_command_scores_an_index_and_refuses_what_is_none(speech: Path, tmp_path: Path) -> None:
    phones = [{"start": 0.0, "end": 0.1, "label": "b"}]
    (tmp_path / "phones.json").write_text(json.dumps(phones))
    clip = {"name": "a_1", "audio": str(speech), "phones": "phones.json", "text": "Bob made a map of the moon."}
    (tmp_path / "index.json").write_text(json.dumps([clip]))
    (tmp_path / "other.json").write_text("{}")
    command = [sys.executable, "-m", "kmtalk_core", "evaluate-speech"]
    heard = [*command, tmp_path / "index.json", "--heard", "clean", "telephone"]
    done = subprocess.run(heard, cwd=PACKAGE_FOLDER, capture_output=True, text=True)
    assert done.returncode == 0 and "phone boundaries within 20 ms, F1, with transcripts\n" in done.stdout, done.stderr
    assert "phone boundaries within 20 ms, F1, with transcripts, by telephone" in done.stdout
    guided = [*command, tmp_path / "index.json", "--guide", "phones", "--trust", "0", "1"]
    done = subprocess.run(guided, cwd=PACKAGE_FOLDER, capture_output=True, text=True)
    rows = dict(reversed(line.split("  ", 1)) for line in done.stdout.splitlines())
    assert (
        float(rows["phone boundaries within 20 ms, F1, with the phones as a TextGrid, trusted 1"]) == 0.8
    )  # the end of the sound
    assert "lips closed on p, b, m (of 1), with the phones as a TextGrid, trusted 0" in rows, done.stderr
    done = subprocess.run([*guided, "--record", "clips"], cwd=PACKAGE_FOLDER, capture_output=True, text=True)
    assert done.returncode == 2 and "not recorded" in done.stderr
    done = subprocess.run([*command, tmp_path / "other.json"], cwd=PACKAGE_FOLDER, capture_output=True, text=True)
    assert done.returncode == 2 and "must be a JSON list of clips" in done.stderr
