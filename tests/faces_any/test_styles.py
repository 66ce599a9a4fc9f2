"""Heads of anime and an animal's open, round, close and blink as people's do, and what hangs before them stays."""

import numpy as np
import pytest

from kmtalk_core.faces.build.face import BuiltFace, FacePart, build_face
from kmtalk_core.faces.recognize.slits import Anchors
from kmtalk_core.motion.mesh import mesh_from
from tests.heads import HEADS

Built = tuple[tuple[FacePart, ...], BuiltFace]


@pytest.fixture(scope="module", params=HEADS)
def built(request: pytest.FixtureRequest) -> Built:
    parts = HEADS[request.param]()
    return parts, build_face(parts)


def posed(built: Built, **pose: float) -> np.ndarray:
    parts, face = built
    return np.asarray(parts[0].vertices) + sum(weight * face.shapes[0][name] for name, weight in pose.items())


def test_the_jaw_opens_below_the_upper_lip_and_lips_close_over_it(built: Built) -> None:
    gauge, rest = built[1].gauge, posed(built)
    assert 0.4 < gauge.gap(posed(built, jawOpen=1.0)) < 0.8
    for triangles, weights, least, most in (
        (gauge.upper, gauge.upper_weights, -0.2, 0.05),
        (gauge.lower, gauge.lower_weights, -0.9, -0.3),
    ):
        moved = np.einsum("nk,nkd->nd", weights, (posed(built, jawOpen=1.0) - rest)[triangles])[:, 2] / gauge.width
        assert least < moved.mean() < most
    assert gauge.gap(posed(built, jawOpen=0.5, mouthClose=0.5)) < 0.03


def test_u_and_o_are_narrow(built: Built) -> None:
    marks, rest, width = built[1].landmarks.points, posed(built), built[1].gauge.width
    left, right = (int(np.linalg.norm(rest - marks[f"mouth_{side}"], axis=1).argmin()) for side in ("left", "right"))
    for pose in ({"mouthPucker": 0.8}, {"mouthFunnel": 0.6, "mouthPucker": 0.2}):
        ways = (posed(built, **pose) - rest)[[left, right]] / width
        assert ways[0, 0] < -0.06 and ways[1, 0] > 0.06
        # along the lips: around a snout most of the way is forward
        assert np.linalg.norm(ways, axis=1) == pytest.approx(0.23, abs=0.05)


def test_a_blink_closes_the_eye_and_goes_no_further(built: Built) -> None:
    parts, face = built
    still = mesh_from(parts[0].vertices, parts[0].faces)
    skin = np.flatnonzero(still.pieces == still.pieces[face.landmarks.eyes["left"].anchors.upper[0, 0]])
    up = face.landmarks.axes.rotation[1]
    for side in ("left", "right"):
        anchors = face.landmarks.eyes[side].anchors

        def gap(name: str = "", anchors: Anchors = anchors) -> np.ndarray:
            moved = still.vertices.copy()
            if name:
                moved[still.source] += face.shapes[0][name]
            return (anchors.upper_points(moved[skin]) - anchors.lower_points(moved[skin])) @ up

        tall = gap().max()
        shut = gap(f"eyeBlink{side.capitalize()}")
        assert tall > 0.1 and np.abs(np.median(shut)) < 0.05 * tall
        assert -0.12 * tall < shut.min() and shut.max() < 0.12 * tall
        other = "Right" if side == "left" else "Left"
        assert gap(f"eyeBlink{other}") == pytest.approx(gap(), abs=1e-6)


def test_glasses_and_fringe_stay_where_they_are(built: Built) -> None:
    parts, face = built
    for part, shapes in zip(parts, face.shapes, strict=True):
        if part.name.startswith(("Fringe", "Glasses")):
            assert not [name for name in shapes if name.startswith(("eye", "brow"))]
        if part.name.startswith("Eye"):
            assert all(name.startswith("eyeLook") for name in shapes), part.name
