"""The metrics beside the formulas that CodeTalker's and FaceDiffuser's evaluations compute, written anew."""

import numpy as np
import pytest

from kmtalk_core.datasets.regions import Regions
from kmtalk_core.evaluation.metrics import pool, score

Vertices = list[np.ndarray]  # of each sequence, (frames, V, 3)


def lve(truth: Vertices, made: Vertices, lips: np.ndarray) -> float:
    """Both: all frames of all sequences; the largest squared distance of a lip vertex in each; their mean."""
    captured, predicted = np.concatenate(truth), np.concatenate(made)
    by_vertex = np.array([np.square(captured[:, v] - predicted[:, v]) for v in lips])
    return float(np.transpose(by_vertex, (1, 0, 2)).sum(axis=2).max(axis=1).mean())


def fdd(truth: Vertices, made: Vertices, heads: Vertices, upper: np.ndarray) -> tuple[float, float]:
    """CodeTalker's, and FaceDiffuser's absolute form."""

    def deviation(vertices: np.ndarray, head: np.ndarray) -> float:
        motion = vertices - head[None]
        by_vertex = np.array([np.square(motion[:, v]) for v in upper])
        return float(np.transpose(by_vertex, (1, 0, 2)).sum(axis=2).std(axis=0).mean())

    apart = [deviation(t, h) - deviation(m, h) for t, m, h in zip(truth, made, heads, strict=True)]
    return sum(apart) / len(apart), sum(map(abs, apart)) / len(apart)


def mve(truth: Vertices, made: Vertices) -> float:
    """FaceDiffuser's: the mean distance over all vertices of all frames."""
    return float(np.linalg.norm(np.concatenate(truth) - np.concatenate(made), axis=2).mean())


@pytest.mark.parametrize("size", [0.01, 1.0], ids=["metres", "heads"])
def test_all_metrics_agree_with_them_to_eight_digits(size: float) -> None:
    rng = np.random.default_rng(4)
    heads = [rng.normal(0, 10 * size, (60, 3)) for _ in range(3)]
    truth = [head + rng.normal(0, size, (n, 60, 3)) for head, n in zip(heads, (7, 31, 12), strict=True)]
    made = [t + rng.normal(0, size / 3, t.shape) for t in truth]
    regions = Regions("made", rng.choice(60, 20, replace=False), rng.choice(60, 25, replace=False))
    offsets = [[(v - h).reshape(len(v), -1) for v, h in zip(side, heads, strict=True)] for side in (truth, made)]
    found = pool([score(str(i), "s", m, t, regions) for i, (t, m) in enumerate(zip(*offsets, strict=True))])
    signed, absolute = fdd(truth, made, heads, regions.upper)
    assert found.lve == pytest.approx(lve(truth, made, regions.lips), rel=1e-8)
    assert found.fdd == pytest.approx(signed, rel=1e-8)
    assert found.fdd_absolute == pytest.approx(absolute, rel=1e-8)
    assert found.mve == pytest.approx(mve(truth, made), rel=1e-8)
