"""The demo head: a clean mesh, canonical shapes, lips that seal and lids that close."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest
from scipy.spatial import cKDTree

from kmtalk_core.faces.demo import Head, HeadPart, demo_head
from kmtalk_core.motion.arkit import ARKIT_NAMES

EYE_SHAPES = tuple(name for name in ARKIT_NAMES if name.startswith("eye"))
CLOSED_MOUTH_SHAPES = (
    "mouthSmileLeft", "mouthFrownLeft", "mouthDimpleLeft", "mouthStretchLeft", "mouthPressLeft", "mouthLeft",
    "mouthShrugLower", "mouthShrugUpper", "mouthRollLower", "mouthRollUpper", "mouthPucker", "jawLeft", "jawForward",
    "cheekPuff", "noseSneerLeft",
)  # fmt: skip
MOUTH_SHAPES = tuple(name for name in ARKIT_NAMES if name.startswith(("mouth", "jaw", "tongue")))
FACE_BELOW_THE_EYES = ("mouth", "jaw", "tongue", "cheek", "nose")
MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def head() -> Head:
    return demo_head()


@pytest.fixture(scope="module")
def skin(head: Head) -> HeadPart:
    return head.part("Head")


@pytest.fixture(scope="module")
def twins(skin: HeadPart) -> np.ndarray:
    """For each vertex of the skin the one at its mirror image, told apart on the lips by the faces around it."""
    return mirror_map(skin)


def mirror_map(part: HeadPart) -> np.ndarray:
    centres = face_means(part)
    features = np.concatenate([part.vertices, centres], axis=1)
    mirrored = features * np.tile(MIRROR, 2)
    order = np.lexsort(np.round(features, 6).T)
    distance, index = cKDTree(features[order]).query(mirrored)
    assert distance.max() < 2e-6
    return order[index]


def face_means(part: HeadPart) -> np.ndarray:
    total, count = np.zeros_like(part.vertices, dtype=np.float64), np.zeros(len(part.vertices))
    for polygon in part.polygons:
        corners = list(polygon)
        total[corners] += part.vertices[corners].mean(axis=0)
        count[corners] += 1
    return total / count[:, None]


def posed(part: HeadPart, **weights: float) -> np.ndarray:
    offsets = [weight * part.shapes[name] for name, weight in weights.items() if name in part.shapes]
    return part.vertices + np.sum(offsets, axis=0) if offsets else part.vertices


def contact_pairs(skin: HeadPart) -> np.ndarray:
    """Pairs (N, 2) of an upper and a lower lip vertex that lie on top of each other in the neutral face."""
    lips = lip_vertices(skin)
    return lips[cKDTree(skin.vertices[lips]).query_pairs(1e-6, output_type="ndarray")]


def lip_vertices(skin: HeadPart) -> np.ndarray:
    lips = skin.materials.index("lips")
    polygons = [skin.polygons[k] for k in np.flatnonzero(skin.material_index == lips)]
    return np.unique(np.concatenate([np.array(polygon) for polygon in polygons]))


def lip_gap(skin: HeadPart, **weights: float) -> np.ndarray:
    first, second = contact_pairs(skin).T
    points = posed(skin, **weights)
    return np.linalg.norm(points[first] - points[second], axis=1)


def mouth_width(head: Head) -> float:
    return float(np.linalg.norm(head.landmarks["mouth_left"] - head.landmarks["mouth_right"]))


def shape_pairs() -> list[tuple[str, str]]:
    return [(name, name[:-4] + "Right") for name in ARKIT_NAMES if name.endswith("Left")]


def test_it_is_a_head_of_real_size_facing_the_viewer(head: Head) -> None:
    marks = head.landmarks
    assert 0.20 < marks["crown"][2] - marks["chin"][2] < 0.26
    assert marks["nose_tip"][1] == min(point[1] for point in marks.values())
    assert marks["mouth_left"][0] > 0 > marks["mouth_right"][0]


def test_it_has_every_part_a_talking_face_needs(head: Head) -> None:
    names = [part.name for part in head.parts]
    wanted = ["Head", "Teeth Upper", "Teeth Lower", "Tongue", "Eye Left", "Eye Right", "Brows", "Hair"]
    assert names == wanted
    for part in head.parts:
        assert set(part.materials) <= set(head.materials)
        assert len(part.material_index) == len(part.polygons)
        assert 0 <= part.material_index.min() <= part.material_index.max() < len(part.materials)


def test_its_size_suits_a_demo(head: Head) -> None:
    assert 4_000 <= sum(len(part.vertices) for part in head.parts) <= 12_000


def test_every_part_is_made_of_quads_with_at_most_two_to_an_edge(head: Head) -> None:
    for part in head.parts:
        quads = sum(len(polygon) == 4 for polygon in part.polygons)
        assert quads / len(part.polygons) > 0.98
        directed = Counter((p[k - 1], p[k]) for p in part.polygons for k in range(len(p)))
        assert max(directed.values()) == 1, f"{part.name} has faces of opposite winding"
        assert all(len(set(polygon)) == len(polygon) for polygon in part.polygons)
        used = {corner for polygon in part.polygons for corner in polygon}
        assert used == set(range(len(part.vertices)))


def test_the_skin_is_open_only_at_the_neck_and_behind_the_eyelids(skin: HeadPart, head: Head) -> None:
    directed = {(p[k - 1], p[k]) for p in skin.polygons for k in range(len(p))}
    border = np.array([edge[0] for edge in directed if edge[::-1] not in directed])
    points = skin.vertices[border]
    at_neck = points[:, 2] < -0.05
    eyes = np.stack([head.landmarks["eye_left"], head.landmarks["eye_right"]])
    at_eye = np.linalg.norm(points[:, None] - eyes, axis=2).min(axis=1) < 0.020
    assert (at_neck | at_eye).all()


def test_normals_point_outwards(head: Head) -> None:
    for part in head.parts:
        if part.name in ("Brows", "Teeth Upper", "Teeth Lower", "Hair"):
            continue
        corners = part.vertices[np.array(part.polygons)].astype(np.float64) - part.vertices.mean(axis=0)
        for second in (1, 2):
            volume = (corners[:, 0] * np.cross(corners[:, second], corners[:, second + 1])).sum()
            assert volume > 0, part.name


def test_the_neutral_skin_has_no_collapsed_and_hardly_any_folded_quad(skin: HeadPart) -> None:
    corners = skin.vertices[np.array(skin.polygons)].astype(np.float64)
    first = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    second = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 0])
    assert np.minimum(np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)).min() > 1e-9
    assert ((first * second).sum(axis=1) < 0).mean() < 0.005


def test_the_face_is_symmetric(skin: HeadPart, twins: np.ndarray) -> None:
    assert np.abs(skin.vertices[twins] * MIRROR - skin.vertices).max() < 1e-6


def test_all_52_shapes_are_there_under_their_canonical_names_and_move_something(head: Head, skin: HeadPart) -> None:
    assert tuple(skin.shapes) == ARKIT_NAMES
    for part in head.parts:
        assert set(part.shapes) <= set(ARKIT_NAMES)
        for name, offsets in part.shapes.items():
            assert offsets.shape == part.vertices.shape and offsets.dtype == np.float32
            assert np.isfinite(offsets).all()
            assert 0.0003 < np.abs(offsets).max() < 0.05, name


@pytest.mark.parametrize(("left", "right"), shape_pairs())
def test_right_shapes_mirror_left_ones(skin: HeadPart, twins: np.ndarray, left: str, right: str) -> None:
    assert np.abs(skin.shapes[left][twins] * MIRROR - skin.shapes[right]).max() < 2e-6


def test_left_is_the_characters_left(skin: HeadPart) -> None:
    for left, _ in shape_pairs():
        if left in ("mouthLeft", "jawLeft"):
            assert skin.shapes[left][:, 0].sum() > 0
            continue
        strength = np.linalg.norm(skin.shapes[left], axis=1)
        assert strength[skin.vertices[:, 0] > 0].sum() > 3 * strength[skin.vertices[:, 0] < 0].sum(), left


def test_neutral_lips_are_closed_and_the_open_jaw_parts_them(head: Head, skin: HeadPart) -> None:
    width = mouth_width(head)
    assert len(contact_pairs(skin)) >= 20
    assert lip_gap(skin).max() <= 0.03 * width
    assert lip_gap(skin, jawOpen=1).max() >= 0.25 * width


@pytest.mark.parametrize("opening", [0.25, 0.5, 1.0])
def test_mouth_close_seals_the_lips_of_the_open_jaw(head: Head, skin: HeadPart, opening: float) -> None:
    assert lip_gap(skin, jawOpen=opening, mouthClose=opening).max() <= 0.03 * mouth_width(head)


def test_visible_opening_is_about_jaw_open_minus_mouth_close(skin: HeadPart) -> None:
    half = lip_gap(skin, jawOpen=1, mouthClose=0.5).max() / lip_gap(skin, jawOpen=1).max()
    assert half == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", CLOSED_MOUTH_SHAPES)
def test_shapes_of_the_closed_mouth_keep_it_closed(head: Head, skin: HeadPart, name: str) -> None:
    assert lip_gap(skin, **{name: 1.0}).max() <= 0.03 * mouth_width(head)


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_blink_closes_the_lids_in_front_of_the_eyeball(head: Head, skin: HeadPart, side: str) -> None:
    eye = head.part(f"Eye {side}")
    centre = head.landmarks[f"eye_{side.lower()}"]
    radius = np.linalg.norm(eye.vertices - centre, axis=1).max()
    upper, lower = (skin_vertex(skin, head.landmarks[f"eyelid_{which}_{side.lower()}"]) for which in ("upper", "lower"))
    distance = np.linalg.norm(skin.vertices - centre, axis=1)
    outside = (distance > radius + 0.001) & (np.linalg.norm(skin.shapes[f"eyeBlink{side}"], axis=1) > 1e-4)
    for amount in np.linspace(0, 1, 6):
        points = posed(skin, **{f"eyeBlink{side}": amount})
        assert np.linalg.norm(points[outside] - centre, axis=1).min() > radius
    opening = np.linalg.norm(skin.vertices[upper] - skin.vertices[lower])
    assert np.linalg.norm(points[upper] - points[lower]) < 0.02 * opening


def skin_vertex(skin: HeadPart, point: np.ndarray) -> int:
    return int(np.argmin(np.linalg.norm(skin.vertices - point, axis=1)))


def test_a_closed_eye_shows_nothing_of_the_eyeball(head: Head, skin: HeadPart) -> None:
    """Every ray from the front into the open eye meets a lid before the ball once the lids are closed."""
    centre, closed = head.landmarks["eye_left"], posed(skin, eyeBlinkLeft=1.0)
    corners = closed[np.array(skin.polygons)].astype(np.float64)
    near = np.linalg.norm(corners.mean(axis=1) - centre, axis=1) < 0.030
    corners = corners[near & (corners[:, :, 1].max(axis=1) < centre[1])]
    triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
    inner, outer = head.landmarks["eye_inner_left"], head.landmarks["eye_outer_left"]
    x, z = np.meshgrid(np.linspace(inner[0] + 0.001, outer[0] - 0.001, 15), centre[2] + np.linspace(-0.006, 0.008, 15))
    radius = np.linalg.norm(head.part("Eye Left").vertices - centre, axis=1).max()
    ball = centre[1] - np.sqrt(np.maximum(radius**2 - (x - centre[0]) ** 2 - (z - centre[2]) ** 2, 0.0))
    rays = np.stack([x, ball, z], axis=2).reshape(-1, 3)
    assert (nearest_depth(triangles, rays) < rays[:, 1]).all()


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_eyes_turn_the_way_the_shape_says(head: Head, side: str) -> None:
    eye = head.part(f"Eye {side}")
    pupil = np.argmin(eye.vertices[:, 1])
    outwards = 1.0 if side == "Left" else -1.0
    assert eye.shapes[f"eyeLookUp{side}"][pupil, 2] > 0.003
    assert eye.shapes[f"eyeLookDown{side}"][pupil, 2] < -0.003
    assert eye.shapes[f"eyeLookOut{side}"][pupil, 0] * outwards > 0.003
    assert eye.shapes[f"eyeLookIn{side}"][pupil, 0] * outwards < -0.003


@pytest.mark.parametrize("name", MOUTH_SHAPES)
def test_shapes_of_the_mouth_leave_eyes_skull_and_neck_alone(skin: HeadPart, name: str) -> None:
    _, y, z = skin.vertices.T
    still = (z > 0.100) | (z < -0.040) | (y > 0.050)
    assert np.abs(skin.shapes[name][still]).max() < 1e-4


@pytest.mark.parametrize("name", EYE_SHAPES)
def test_shapes_of_the_eyes_leave_the_mouth_alone(skin: HeadPart, name: str) -> None:
    assert np.abs(skin.shapes[name][skin.vertices[:, 2] < 0.060]).max() < 1e-4


@pytest.mark.parametrize("name", [*(name for name in ARKIT_NAMES if name.startswith(FACE_BELOW_THE_EYES)), "sealed"])
def test_teeth_never_cut_into_the_lips(head: Head, skin: HeadPart, name: str) -> None:
    """No vertex of a front tooth lies inside the flesh: its ray to the front leaves the skin as often as it enters."""
    weights = {"jawOpen": 1.0, "mouthClose": 1.0} if name in ("mouthClose", "sealed") else {name: 1.0}
    corners = posed(skin, **weights)[np.array(skin.polygons)].astype(np.float64)
    middle = corners.mean(axis=1)
    corners = corners[(middle[:, 1] < -0.03) & (np.abs(middle[:, 2] - 0.045) < 0.045) & (np.abs(middle[:, 0]) < 0.045)]
    triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
    for part in (head.part("Teeth Upper"), head.part("Teeth Lower")):
        enamel = np.unique(np.array(part.polygons)[part.material_index == part.materials.index("teeth")])
        front = enamel[part.vertices[enamel, 1] < -0.085]
        teeth = posed(part, **weights)[front].astype(np.float64)
        inside = layers_in_front(triangles, teeth) != 0
        assert not inside.any(), f"{inside.sum()} of {len(teeth)} vertices of {part.name}"


def layers_in_front(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Crossings (N,) of rays from points to the front through triangles, front sides less back sides."""
    inside, area, depth = crossings(triangles, points)
    return (np.sign(area) * (inside & (depth < points[:, None, 1]))).sum(axis=1)


def nearest_depth(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The smallest y at which a ray from the front at each point's (x, z) meets a triangle; +inf where none does."""
    inside, _, depth = crossings(triangles, points)
    return np.where(inside, depth, np.inf).min(axis=1)


def crossings(triangles: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For rays along y at N points and T triangles, (N, T): whether they meet, signed area, and where."""
    a, b, c = (triangles[None, :, corner][:, :, [0, 2]] - points[:, None, [0, 2]] for corner in range(3))
    weights = np.stack([cross(b, c), cross(c, a), cross(a, b)])
    area = weights.sum(axis=0)
    inside = ((weights * np.sign(area)) >= 0).all(axis=0) & (np.abs(area) > 1e-14)
    depth = (weights * triangles[:, :, 1].T[:, None]).sum(axis=0) / np.where(inside, area, 1.0)
    return inside, area, depth


def cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def test_lower_teeth_and_tongue_follow_the_jaw_and_the_upper_teeth_do_not(head: Head) -> None:
    assert head.part("Teeth Lower").shapes["jawOpen"][:, 2].min() < -0.015
    assert head.part("Tongue").shapes["jawOpen"][:, 2].min() < -0.010
    assert not head.part("Teeth Upper").shapes
    assert head.part("Tongue").shapes["tongueOut"][:, 1].min() < -0.020


@pytest.mark.parametrize("pose", [{"jawOpen": 0.22, "tongueOut": 0.6}, {"tongueOut": 1.0}])
def test_the_tongue_comes_out_over_the_lower_lip_and_not_through_it(
    head: Head, skin: HeadPart, pose: dict[str, float]
) -> None:
    tongue, lips = posed(head.part("Tongue"), **pose), posed(skin, **pose)[lip_vertices(skin)]
    middle = lips[np.abs(lips[:, 0]) < 0.01]
    lowest = middle[:, 2].min()
    assert (tongue[tongue[:, 1] < middle[:, 1].min(), 2] > lowest).all()
    assert tongue[:, 1].min() < middle[:, 1].max()


def test_building_it_twice_gives_the_same_head(head: Head) -> None:
    started = time.process_time()
    again = demo_head()
    assert time.process_time() - started < 6.0
    for first, second in zip(head.parts, again.parts, strict=True):
        assert np.array_equal(first.vertices, second.vertices) and first.polygons == second.polygons
        assert all(np.array_equal(first.shapes[name], second.shapes[name]) for name in first.shapes)


def test_importing_the_package_needs_neither_scipy_nor_blender_nor_torch() -> None:
    light = "import sys, kmtalk_core.faces; assert not {'scipy', 'bpy', 'torch'} & set(sys.modules)"
    whole = (
        "import sys; from kmtalk_core.faces.demo import demo_head; demo_head; "
        "assert not {'bpy', 'torch'} & set(sys.modules)"
    )
    for program in (light, whole):
        subprocess.run([sys.executable, "-c", program], check=True)
