"""A dozen landmarks are found on a bare head, however it stands."""

import numpy as np
import pytest

from kmtalk_core.errors import FaceError
from kmtalk_core.faces.recognize.landmarks import find_landmarks
from kmtalk_core.motion.mesh import mesh_from
from tests.meshes import demo_head

MOUTH = {"mouth_left": 0.004, "mouth_right": 0.004, "upper_lip": 0.003, "lower_lip": 0.003}
EYES = {"eye_inner_left": 0.009, "eye_inner_right": 0.009, "eye_outer_left": 0.008, "eye_outer_right": 0.008}
NEAR = {**MOUTH, **EYES, "nose_tip": 0.004, "nasion": 0.008}
"""Metres."""
TURNS = {
    "as made": np.eye(3),
    "Y up": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "looking aside": np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    "upside down": np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]),
    "turned and nodding": None,
}


def turned(name: str) -> np.ndarray:
    if TURNS[name] is not None:
        return TURNS[name]
    a, b = np.radians(12.0), np.radians(9.0)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return about_z @ about_x


@pytest.mark.parametrize("turn", TURNS)
def test_landmarks_are_where_they_were_made(skin, turn):
    rotation, size = turned(turn), 40.0
    found = find_landmarks(mesh_from(size * np.asarray(skin.vertices) @ rotation.T + 7.0, skin.faces))
    truth = demo_head().landmarks
    for name, tolerance in NEAR.items():
        expected = size * truth[name] @ rotation.T + 7.0
        assert np.linalg.norm(found.points[name] - expected) < tolerance * size, name
    assert found.score > 0.8


def test_a_head_of_research_is_found_with_mouth_and_eyes(flame):
    found = find_landmarks(mesh_from(flame.vertices, flame.faces))
    assert found.axes.rotation[1, 1] > 0.95 and found.axes.rotation[2, 2] > 0.95
    assert found.mouth is not None and set(found.eyes) == {"left", "right"}
    assert 0.012 < found.eye_radius < 0.0135


def test_a_known_topology_is_found_aslant(biwi):
    a, b, c = np.radians((9.0, 5.0, 12.0))
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    rotation = about_z @ about_y @ about_x
    plain = find_landmarks(mesh_from(biwi.vertices, biwi.faces))
    found = find_landmarks(mesh_from(biwi.vertices @ rotation.T, biwi.faces))
    assert found.mouth is not None and set(found.eyes) == {"left", "right"}
    size = np.ptp(biwi.vertices, axis=0).max()
    for name in ("mouth_left", "mouth_right", "upper_lip", "eye_outer_left", "nose_tip"):
        assert np.linalg.norm(found.points[name] - plain.points[name] @ rotation.T) < 0.03 * size, name


def test_a_ball_has_no_face():
    rows = np.linspace(0.05, np.pi - 0.05, 30)[:, None]
    columns = np.linspace(0, 2 * np.pi, 40, endpoint=False)[None]
    points = np.stack(
        [np.sin(rows) * np.cos(columns), np.sin(rows) * np.sin(columns), np.cos(rows) + 0 * columns], axis=2
    )
    index = np.arange(1200).reshape(30, 40)
    corners = (index[:-1], index[1:], np.roll(index, -1, axis=1)[1:], np.roll(index, -1, axis=1)[:-1])
    faces = np.stack([corner.ravel() for corner in corners], axis=1)
    with pytest.raises(FaceError, match="No face"):
        find_landmarks(mesh_from(points.reshape(-1, 3), faces))


def test_a_mesh_that_is_too_coarse_is_refused():
    with pytest.raises(FaceError, match="coarse"):
        find_landmarks(mesh_from(np.eye(4)[:, :3], [[0, 1, 2], [0, 2, 3]]))
