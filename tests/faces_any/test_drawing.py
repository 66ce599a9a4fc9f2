"""Triangles are drawn where they are, the nearer before the farther, lit by how they face."""

import numpy as np
import pytest

from kmtalk_core.faces.drawing import Canvas, triangles_of

SQUARE = np.array([[10, 10, 0], [50, 10, 0], [50, 50, 0], [10, 50, 0]], np.float32)


def test_a_square_covers_its_pixels_and_no_others() -> None:
    canvas = Canvas(64, 64, ground=0.0)
    triangles, of = triangles_of([0, 1, 2, 3], [4])
    assert of.tolist() == [0, 0]
    canvas.draw(SQUARE, triangles, np.ones((2, 3), np.float32))
    drawn = canvas.pixels[..., 0] > 0
    assert drawn[11:49, 11:49].all()
    assert not drawn[:9].any() and not drawn[:, 52:].any()


def test_the_nearer_hides_the_farther_whichever_is_drawn_first() -> None:
    triangles, _ = triangles_of([0, 1, 2, 3], [4])
    for order in ((0.0, 5.0), (5.0, 0.0)):
        canvas = Canvas(64, 64)
        for depth in order:
            colour = np.array([[1.0, 0, 0] if depth else [0, 1.0, 0]] * 2, np.float32)
            canvas.draw(SQUARE + np.array([0, 0, depth], np.float32), triangles, colour)
        assert canvas.pixels[30, 30, 0] > 0.3 and canvas.pixels[30, 30, 1] == pytest.approx(0.0)


def test_letters_are_legible_and_others_are_left_out() -> None:
    canvas = Canvas(32, 64, ground=0.0)
    canvas.write("a?u", 2, 2)
    assert 20 < (canvas.pixels[..., 0] > 0.5).sum() < 300
    blank = Canvas(32, 64, ground=0.0)
    blank.write("?!", 2, 2)
    assert not blank.pixels.any()
