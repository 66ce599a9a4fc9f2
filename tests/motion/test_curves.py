"""Curves of few Bezier keys: within the error, no more of them than needed, smooth, and at the keys one asks for."""

import numpy as np
import pytest

from kmtalk_core.motion import curves


def shown(values: np.ndarray, kept: np.ndarray, slopes: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """What Blender shows: a Bezier with handles at thirds of each span is this cubic of Hermite's."""
    out = np.empty(len(values))
    for (a, sa), (b, sb) in zip(zip(kept, slopes, strict=True), list(zip(kept, slopes, strict=True))[1:], strict=False):
        u = np.linspace(0, 1, b - a + 1)
        out[a : b + 1] = (
            (1 - u) ** 2 * (1 + 2 * u) * values[a]
            + u**2 * (3 - 2 * u) * values[b]
            + (b - a) * (u * (1 - u) ** 2 * sa - u**2 * (1 - u) * sb)
        )
    return out


@pytest.mark.parametrize("error", [0.001, 0.01, 0.1])
def test_a_reduced_curve_stays_within_the_error(error: float) -> None:
    values = np.random.default_rng(3).normal(size=300).cumsum().astype(np.float32) / 10
    kept, slopes = curves.reduce(values, error)
    assert np.abs(shown(values, kept, slopes) - values).max() <= error * 1.001
    assert (kept[0], kept[-1]) == (0, 299) and (np.diff(kept) > 0).all()


def test_a_cubic_takes_two_keys_and_a_wave_few() -> None:
    u = np.linspace(-1, 1, 50, dtype=np.float32)
    kept, _ = curves.reduce(u**3 - u, 1e-3)
    assert kept.tolist() == [0, 49]
    wave = np.sin(np.linspace(0, 8 * np.pi, 240)).astype(np.float32)
    kept, slopes = curves.reduce(wave, 0.01)
    assert len(kept) <= 32  # of 240
    assert np.abs(shown(wave, kept, slopes) - wave).max() <= 0.0101


def test_required_samples_stay_and_preferred_ones_are_taken_where_they_serve_as_well() -> None:
    wave = np.sin(np.linspace(0, 6 * np.pi, 200)).astype(np.float32)
    plain, _ = curves.reduce(wave, 0.01)
    wanted = np.zeros(200, np.bool_)
    wanted[[17, 18, 111]] = True
    kept, slopes = curves.reduce(wave, 0.01, required=wanted)
    assert {17, 18, 111} <= set(kept.tolist())
    assert np.abs(shown(wave, kept, slopes) - wave).max() <= 0.0101
    beside = np.zeros(200, np.bool_)
    beside[np.setdiff1d(plain + 1, [200])] = True
    taken, _ = curves.reduce(wave, 0.01, preferred=beside)
    assert beside[taken].sum() > beside[plain].sum()


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_shortest_curves_keep_their_ends(count: int) -> None:
    kept, slopes = curves.reduce(np.arange(count, dtype=np.float32), 0.01)
    assert kept.tolist() == [0, count - 1][: max(count, 0)] if count != 1 else kept.tolist() == [0]
    assert len(slopes) == len(kept)
