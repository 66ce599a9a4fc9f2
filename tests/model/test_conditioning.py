"""Phones of an alignment, as the network is told them."""

import numpy as np
import pytest

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.model.conditioning import AlignedPhones
from kmtalk_core.phones import CLASS_INDEX

ALIGNMENT = Alignment(
    (Phone(0.0, 0.1, "sil"), Phone(0.1, 0.15, "P"), Phone(0.15, 0.35, "AY1"), Phone(0.35, 1.0, "sil")),
    1.0,
    "transcript",
)
P, A, NEAR_I, SILENT = (CLASS_INDEX[name] for name in ("p", "a", "ɪ", "sil"))


def test_each_frame_holds_the_share_that_each_phone_fills() -> None:
    shares = AlignedPhones(ALIGNMENT, fps=30).posteriors(0, 30)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    # Frame 4 lasts from 0.1167 to 0.15 seconds, frame 3 from 0.0833 to 0.1167.
    assert shares[4, P] == pytest.approx(1, abs=1e-5)
    assert shares[3, P] == pytest.approx(0.5, abs=1e-5)
    assert shares[3, SILENT] == pytest.approx(0.5, abs=1e-5)
    assert shares[20, SILENT] == 1


def test_a_diphthong_is_heard_one_vowel_after_the_other() -> None:
    shares = AlignedPhones(ALIGNMENT, fps=100).posteriors(0, 100)
    assert shares[20, A] == 1
    assert shares[30, NEAR_I] == 1


def test_a_delay_moves_them_later() -> None:
    shares = AlignedPhones(ALIGNMENT, fps=100, delay=0.2).posteriors(0, 100)
    assert shares[32, P] == 1


def test_a_stretch_is_the_same_in_whatever_range_it_is_asked_for() -> None:
    phones = AlignedPhones(ALIGNMENT, fps=30)
    np.testing.assert_array_equal(phones.posteriors(0, 30)[3:11], phones.posteriors(3, 11))


def test_where_nothing_is_known_it_is_silent() -> None:
    shares = AlignedPhones(Alignment((), 1.0, "uniform"), fps=30).posteriors(0, 30)
    assert (shares[:, SILENT] == 1).all()
