"""Vertex motion as few shape keys."""

import tracemalloc

import numpy as np
import pytest

from kmtalk_core.drives.vertices import shape_basis_job
from kmtalk_core.errors import FaceError
from kmtalk_core.progress import finish

MILLIMETRE = 0.001


def talking(frames: int, vertices: int, shapes: int, noise: float = 0.0) -> np.ndarray:
    """Motion that `shapes` shapes of a centimetre make, with scanner noise on top."""
    rng = np.random.default_rng(frames)
    basis = rng.normal(0, 0.003, (shapes, 3 * vertices))
    weights = np.cumsum(rng.normal(0, 0.2, (frames, shapes)), axis=0)
    weights /= np.abs(weights).max(axis=0)
    return (weights @ basis + rng.normal(0, noise, (frames, 3 * vertices))).astype(np.float32)


def largest(motion: np.ndarray, again: np.ndarray) -> float:
    return float(np.linalg.norm((motion - again).reshape(len(motion), -1, 3), axis=2).max())


def test_the_error_is_kept_everywhere_and_one_shape_fewer_would_not() -> None:
    motion = talking(90, 400, 9)
    basis = finish(shape_basis_job(motion, 0.2 * MILLIMETRE))
    assert len(basis.shapes) <= 9
    assert largest(motion, basis.motion()) == pytest.approx(basis.error, rel=1e-2, abs=1e-7)
    assert basis.error <= 0.2 * MILLIMETRE
    directions = np.linalg.svd(motion.astype(np.float64), full_matrices=False)[2]
    fewer = directions[: len(basis.shapes) - 1]
    assert largest(motion, motion @ fewer.T @ fewer) > 0.2 * MILLIMETRE
    assert np.abs(basis.weights).max() == pytest.approx(1, abs=1e-5)


def test_a_coarser_error_takes_fewer_shapes() -> None:
    motion = talking(90, 400, 20, noise=1e-5)
    counts = [len(finish(shape_basis_job(motion, error * MILLIMETRE)).shapes) for error in (0.2, 2, 10)]
    assert counts[0] > counts[1] > counts[2]


def test_a_still_face_needs_no_shapes() -> None:
    basis = finish(shape_basis_job(np.zeros((30, 300), np.float32), MILLIMETRE))
    assert basis.shapes.shape == (0, 300)
    assert not basis.motion().any()


def test_minutes_are_summed_up_within_the_error() -> None:
    motion = talking(3000, 200, 12)
    basis = finish(shape_basis_job(motion, 0.2 * MILLIMETRE))
    assert len(basis.shapes) <= 13
    assert largest(motion, basis.motion()) <= 0.2 * MILLIMETRE * 1.01


def test_many_shapes_are_as_few_as_the_whole_decomposition_finds() -> None:
    motion = talking(400, 300, 120, noise=2e-6)
    basis = finish(shape_basis_job(motion, 0.5 * MILLIMETRE))
    directions = np.linalg.svd(motion.astype(np.float64), full_matrices=False)[2]
    enough = next(
        count
        for count in range(len(directions))
        if largest(motion, motion @ directions[:count].T @ directions[:count]) <= 0.5 * MILLIMETRE
    )
    assert enough > 64
    assert len(basis.shapes) <= enough + 1


def test_the_same_motion_gives_the_same_shapes() -> None:
    motion = talking(200, 300, 15, noise=1e-5)
    once, again = (finish(shape_basis_job(motion.copy(), 0.2 * MILLIMETRE)) for _ in range(2))
    assert np.array_equal(once.shapes, again.shapes) and np.array_equal(once.weights, again.weights)


def test_memory_does_not_grow_with_a_second_copy_of_the_motion() -> None:
    motion = talking(1500, 4000, 10)  # 72 MB
    tracemalloc.start()
    finish(shape_basis_job(motion, MILLIMETRE))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.3 * motion.nbytes


def test_what_cannot_be_done_is_said() -> None:
    motion = np.random.default_rng(0).normal(0, 0.01, (60, 300)).astype(np.float32)
    with pytest.raises(FaceError, match="More than 5 shape keys"):
        finish(shape_basis_job(motion, 1e-4, most=5))
    motion[3, 3] = np.nan
    with pytest.raises(FaceError, match="not finite"):
        finish(shape_basis_job(motion, MILLIMETRE))
