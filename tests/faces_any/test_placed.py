"""Where no face is found, landmarks are laid out by proportion, and taken from where somebody drags them."""

from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.errors import FaceError
from kmtalk_core.faces.build.face import FacePart, build_face, joined
from kmtalk_core.faces.files import landmarks_job, save_parts
from kmtalk_core.faces.recognize.landmarks import find_landmarks, seek_landmarks
from kmtalk_core.faces.recognize.placed import landmarks_at, lay_out
from kmtalk_core.motion.mesh import mesh_from
from kmtalk_core.progress import finish


@pytest.fixture(scope="module")
def egg() -> FacePart:
    """A head of a toy: an egg with neither nose, nor mouth, nor eyes, that looks along −Y."""
    rows = np.linspace(0.04, np.pi - 0.04, 40)[:, None]
    columns = np.linspace(0, 2 * np.pi, 60, endpoint=False)[None]
    ring = np.sin(rows)
    points = np.stack([ring * np.cos(columns), ring * np.sin(columns), 1.25 * np.cos(rows) + 0 * columns], axis=2)
    index = np.arange(2400).reshape(40, 60)
    corners = (index[:-1], index[1:], np.roll(index, -1, axis=1)[1:], np.roll(index, -1, axis=1)[:-1])
    faces = [tuple(corner) for corner in np.stack([corner.ravel() for corner in corners], axis=1)]
    return FacePart("Egg", points.reshape(-1, 3), [*faces, tuple(index[0][::-1]), tuple(index[-1])])


def test_points_of_proportion_lie_on_the_front_and_mirror_each_other(egg: FacePart) -> None:
    mesh = mesh_from(egg.vertices, egg.faces)
    assert seek_landmarks(mesh) is None
    points = lay_out(mesh)
    for name, point in points.items():
        if name.startswith("jaw"):
            continue
        assert point[1] < 0 and np.linalg.norm(point * [1, 1, 0.8]) == pytest.approx(1.0, abs=0.02), name
        if name.endswith("_left"):
            assert points[name.replace("left", "right")] == pytest.approx(point * [-1, 1, 1], abs=0.01)
    heights = [points[name][2] for name in ("nasion", "nose_tip", "subnasale", "upper_lip", "lower_lip", "chin")]
    assert np.all(np.diff(heights) < 0)


def test_on_a_head_they_are_near_what_is_there(skin: FacePart) -> None:
    mesh = mesh_from(skin.vertices, skin.faces)
    there, guessed = find_landmarks(mesh).points, lay_out(mesh)
    assert set(guessed) == set(there)
    head = float(np.ptp(skin.vertices, axis=0).max())
    for name in ("mouth_left", "upper_lip", "chin", "nose_tip", "eye_outer_left", "eye_inner_right"):
        assert np.linalg.norm(guessed[name] - there[name]) < 0.12 * head, name


def test_what_is_dragged_onto_a_face_builds_what_is_built_without(skin: FacePart) -> None:
    mesh = mesh_from(skin.vertices, skin.faces)
    found = find_landmarks(mesh)
    placed = landmarks_at(mesh, lay_out(mesh), found.points)
    assert placed.mouth is not None and set(placed.eyes) == {"left", "right"}
    by_itself, by_hand = build_face([skin]), build_face([skin], found.points, lay_out(mesh))
    assert set(by_hand.shapes[0]) == set(by_itself.shapes[0])
    for name in ("jawOpen", "mouthClose", "eyeBlinkLeft", "mouthSmileRight"):
        size = np.abs(by_itself.shapes[0][name]).max()
        assert np.abs(by_hand.shapes[0][name] - by_itself.shapes[0][name]).max() < 0.35 * size, name
        assert np.corrcoef(by_hand.shapes[0][name].ravel(), by_itself.shapes[0][name].ravel())[0, 1] > 0.97, name


def test_a_toys_chin_goes_down_where_its_mouth_was_put(egg: FacePart) -> None:
    points = lay_out(joined([egg])[0])
    up = {name: points[name] + [0.0, 0.0, 0.15] for name in ("mouth_left", "mouth_right", "upper_lip", "lower_lip")}
    built = build_face([egg], up, points)
    assert any("one surface" in note for note in built.notes)
    opened = built.shapes[0]["jawOpen"]
    height, lip = egg.vertices[:, 2], points["upper_lip"][2] + 0.15
    front = (egg.vertices[:, 1] < -0.5) & (np.abs(egg.vertices[:, 0]) < 0.1)
    assert opened[front & (height < lip - 0.15), 2].mean() < -0.15
    assert np.abs(opened[front & (height > lip + 0.1)]).max() < 0.25 * np.abs(opened).max()
    assert np.abs(opened[height > points["eye_left"][2]]).max() < 1e-3


MOUTH = ("mouth_left", "mouth_right", "upper_lip", "lower_lip")


def swap(points: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    other = {"left": "right", "right": "left"}
    return {
        f"{name.rpartition('_')[0]}_{other[name.rpartition('_')[2]]}": point
        for name, point in points.items()
        if name.rpartition("_")[2] in other
    }


@pytest.mark.parametrize(
    ("drag", "complaint"),
    [
        (swap, "left and right are swapped"),
        (lambda points: {name: point - 40.0 for name, point in points.items()}, "surface: “nose tip”, “upper lip”"),
        (lambda points: {n: points[n] - [0, 1.0, 0] for n in MOUTH}, "surface: “upper lip”, “lower lip”, “mouth left”"),
        (lambda points: {"mouth_left": points["mouth_right"]}, "“mouth left” and “mouth right” lie on each other"),
        (lambda points: {"chin": points["nose_tip"]}, "“chin” lies above the lips"),
        (lambda points: dict.fromkeys(points, points["chin"]), "lie on each other"),
    ],
)
def test_landmarks_that_no_head_has_are_refused(egg: FacePart, drag, complaint: str) -> None:
    points = lay_out(joined([egg])[0])
    with pytest.raises(FaceError, match=complaint):
        build_face([egg], drag(points), points)


def test_a_landmark_that_was_deleted_is_named(egg: FacePart) -> None:
    points = lay_out(joined([egg])[0])
    del points["mouth_left"]
    with pytest.raises(FaceError, match="“mouth left” is gone: use Place Landmarks"):
        build_face([egg], {}, points)


def test_it_is_said_that_nothing_was_found(egg: FacePart, skin: FacePart, tmp_path: Path) -> None:
    for part, is_laid_out in ((egg, True), (skin, False)):
        sizes = np.array([len(face) for face in part.faces], np.int32)
        corners = np.concatenate([np.asarray(face, np.int32) for face in part.faces])
        save_parts([(part.name, np.asarray(part.vertices, float), corners, sizes)], tmp_path / "face.npz")
        found = finish(landmarks_job(tmp_path / "face.npz"))
        assert found["laid_out"] is is_laid_out
        assert ("No face was found" in found["sentence"]) is is_laid_out
