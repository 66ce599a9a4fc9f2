"""Pictures of an evaluation."""

import struct
import zlib
from pathlib import Path
from xml.dom.minidom import parseString

import numpy as np
import pytest

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.datasets.ply import TriangleMesh
from kmtalk_core.datasets.regions import Regions
from kmtalk_core.evaluation.pictures import chosen_moments, curves, error_map, strip
from kmtalk_core.evaluation.render import draw_head, heat, to_png

PHONES = Alignment((Phone(0, 0.2, "m"), Phone(0.2, 0.6, "a"), Phone(0.6, 0.8, "b"), Phone(0.8, 1.0, "i")), 1.0, "test")


def grid(side: int = 20) -> TriangleMesh:
    """A square sheet that faces the eye."""
    x, y = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    vertices = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1).astype(np.float32)
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    faces = np.concatenate([np.stack([corner, corner + 1, corner + side], 1),
                            np.stack([corner + 1, corner + side + 1, corner + side], 1)])  # fmt: skip
    return TriangleMesh(vertices, faces)


@pytest.mark.parametrize("side", [4, 20, 150])
def test_a_surface_is_drawn_without_holes(side: int) -> None:
    mesh = grid(side)
    image = draw_head(mesh.vertices, mesh, np.full((side * side, 3), 200, np.float32), 100)
    assert (image[10:90, 10:90] < 255).all()
    assert (image[0] == 255).all()


def test_the_near_hides_the_far_and_backs_are_dark() -> None:
    near, far = grid(6), grid(6)
    both = TriangleMesh(np.concatenate([far.vertices, near.vertices * 0.5 + (0, 0, 1)]).astype(np.float32),
                        np.concatenate([far.triangles, near.triangles + 36]))  # fmt: skip
    colours = np.repeat([[200, 0, 0], [0, 200, 0]], 36, axis=0).astype(np.float32)
    image = draw_head(both.vertices, both, colours, 100)
    assert image[50, 50, 1] > 100 and image[50, 50, 0] == 0
    assert image[10, 10, 0] > 100 and image[10, 10, 1] == 0
    turned = TriangleMesh(near.vertices, near.triangles[:, ::-1])
    assert (draw_head(turned.vertices, turned, colours[:36], 50)[25, 25] < 90).all()


def test_a_png_holds_its_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    data = to_png(image)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (7, 5)
    length = struct.unpack(">I", data[33:37])[0]
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + length]), np.uint8).reshape(5, 22)
    np.testing.assert_array_equal(rows[:, 1:].reshape(5, 7, 3), image)


def test_error_is_darker_where_it_is_larger() -> None:
    colours = heat(np.array([0, 0.5, 1, 9], np.float32), 1.0).sum(axis=1)
    assert colours[0] > colours[1] > colours[2] == colours[3]


def test_closures_and_open_vowels_are_worth_a_look() -> None:
    assert [what.split()[0] for _, what in chosen_moments(PHONES, 30, 30)] == ["m", "a", "b", "i"]
    assert [frame for frame, _ in chosen_moments(None, 30, 31)][-1] == 30


def test_closures_are_shown_where_the_lips_are_least_open() -> None:
    wide = np.ones(30)
    wide[[5, 20]] = 0.0  # late in the m, early in the b
    wide[15] = 2.0
    assert [f for f, _ in chosen_moments(PHONES, 30, 30, wide)][:3] == [5, 15, 20]


def test_the_colours_of_the_error_map_reach_as_far_as_the_worst_method() -> None:
    mesh = grid(8)
    captured = np.zeros((5, 192), np.float32)
    bad, good = captured + 0.01, captured + 0.001
    for made in ({"good": good, "bad": bad}, {"bad": bad, "good": good}):
        assert f"0 to {0.01 * np.sqrt(3):.3g}" in error_map(captured, made, mesh)


def test_every_picture_is_an_svg_that_names_the_methods(tmp_path: Path) -> None:
    mesh = grid(8)
    rng = np.random.default_rng(0)
    captured = rng.normal(0, 0.01, (30, 192)).astype(np.float32)
    made = {"ours": captured + 0.001, "a < b": captured + 0.01}
    regions = Regions("r", np.arange(10), np.arange(10, 20), np.array([40]), np.array([20]))
    moments = chosen_moments(PHONES, 30, 30)
    for svg in (error_map(captured, made, mesh), curves(captured, made, regions, 30, PHONES),
                strip(captured, made, mesh, moments)):  # fmt: skip
        texts = [node.firstChild.data for node in parseString(svg).getElementsByTagName("text")]
        assert any("ours" in text for text in texts)
        assert any("a < b" in text for text in texts)
