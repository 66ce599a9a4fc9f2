"""Landmarks: named without overlap, mirrored, put away after a build and there again for the next; and Suzanne's."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from test_face_build import bare_head, coordinates


@pytest.fixture
def landmarks(addon: Callable[[str], Any]) -> Any:
    return addon("face.landmarks")


@pytest.fixture
def spread(addon: Callable[[str], Any]) -> Iterator[Callable[..., Any]]:
    yield addon("ui.landmark_names").spread


def test_names_do_not_cover_each_other(spread: Callable[..., Any]) -> None:
    random = np.random.default_rng(5)
    for count in (1, 2, 24, *random.integers(1, 25, 60)):
        heights = list(random.uniform(-1, 1, count) * random.choice([5, 100, 500]))
        found = np.array(spread(heights, 15.0))
        order = np.argsort(heights, kind="stable")
        assert (np.diff(found[order]) >= 15.0 - 1e-6).all()
        assert abs(found.mean() - np.mean(heights)) < 15.0 * len(heights)
    assert spread([3.0] * 5, 15.0) == pytest.approx([-27.0, -12.0, 3.0, 18.0, 33.0])
    assert spread([0.0, 100.0], 15.0) == [0.0, 100.0], "what has room stays"


def test_a_dragged_landmark_is_mirrored(landmarks: Any, scene: Any) -> None:
    import bpy
    from mathutils import Vector

    head = bare_head(scene)[0]
    head.rotation_euler.z, head.location = 0.7, (3.0, 1.0, 0.5)
    bpy.context.view_layer.objects.active = head
    bpy.context.view_layer.update()
    places = {"mouth_left": (0.03, -0.1, 0.05), "mouth_right": (-0.03, -0.1, 0.05), "chin": (0.0, -0.1, 0.0)}
    landmarks.place(
        head,
        {name: head.matrix_world @ bpy.data.objects["Head"].location.__class__(p) for name, p in places.items()},
        0.3,
    )
    with pytest.raises(RuntimeError, match="No landmark was dragged"):
        bpy.ops.kmtalk.mirror_landmarks()
    moved = head.matrix_world.to_3x3() @ Vector((0.004, -0.002, 0.006))
    landmarks.of(head)["mouth_left"].location += moved
    assert bpy.ops.kmtalk.mirror_landmarks() == {"FINISHED"}
    bpy.context.view_layer.update()
    right = head.matrix_world.inverted() @ landmarks.of(head)["mouth_right"].matrix_world.translation
    assert np.allclose(right, (-0.034, -0.102, 0.056), atol=1e-5)
    chin = head.matrix_world.inverted() @ landmarks.of(head)["chin"].matrix_world.translation
    assert np.allclose(chin, places["chin"], atol=1e-5), "what lies in the middle stays"


def test_landmarks_go_after_a_build_and_are_obeyed_by_the_next(landmarks: Any, scene: Any) -> None:
    import bpy

    head = bare_head(scene)[0]
    bpy.context.view_layer.objects.active = head
    assert bpy.ops.kmtalk.face_landmarks() == {"FINISHED"}
    collections = set(bpy.data.collections)
    empties = landmarks.of(head)
    assert not any(empty.show_name for empty in empties.values())
    empties["mouth_left"].location.x += 0.008
    bpy.context.view_layer.update()
    wanted = empties["mouth_left"].matrix_world.translation.copy()
    assert bpy.ops.kmtalk.face_build() == {"FINISHED"}
    smile = coordinates(head, "mouthSmileLeft")
    assert landmarks.of(head) == {} and not any(item.type == "EMPTY" for item in bpy.data.objects)
    assert len(bpy.data.collections) < len(collections)
    assert bpy.ops.kmtalk.face_build() == {"FINISHED"}
    assert np.allclose(coordinates(head, "mouthSmileLeft"), smile, atol=1e-6), "the dragged landmark is still obeyed"
    assert bpy.ops.kmtalk.face_landmarks() == {"FINISHED"}
    bpy.context.view_layer.update()
    assert (landmarks.of(head)["mouth_left"].matrix_world.translation - wanted).length < 1e-5
    assert bpy.ops.kmtalk.face_remove() == {"FINISHED"}
    assert not landmarks.were_seen(head)


def test_a_strangers_note_of_landmarks_is_left_out(landmarks: Any, scene: Any) -> None:
    head = bare_head(scene)[0]
    for note in ("no JSON", '{"moved": {"chin": [1, 2]}, "laid_out": {}}', '{"moved": 3, "laid_out": {}}'):
        head["kmtalk_landmarks"] = note
        assert landmarks.moved(head) == {} and landmarks.laid_out(head) == {}


def test_the_panel_takes_a_landmark_for_its_head(landmarks: Any, addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    head = bare_head(scene)[0]
    (empty,) = landmarks.place(head, {"chin": (0.0, -0.1, 0.0)}, 0.3)
    bpy.context.view_layer.objects.active = empty
    assert addon("options").meshes_of(bpy.context)[0] == head


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_suzanne_speaks_after_two_presses(scene: Any, speech: Any, addon: Callable[[str], Any], levels: int) -> None:
    import bpy

    bpy.ops.mesh.primitive_monkey_add(rotation=(0.0, 0.0, 0.6), location=(2.0, 1.0, 0.0), size=1.3)
    head = bpy.context.object
    if levels:
        head.modifiers.new("Subdivision", "SUBSURF").levels = levels
        bpy.ops.object.modifier_apply(modifier="Subdivision")
    with pytest.raises(RuntimeError, match="Blender's monkey"):
        bpy.ops.kmtalk.face_build()
    assert bpy.ops.kmtalk.face_build() == {"FINISHED"}
    if levels == 2:
        assert bpy.ops.kmtalk.animate(file=str(speech)) == {"FINISHED"}


def test_a_cube_is_no_suzanne(addon: Callable[[str], Any], scene: Any) -> None:
    assert not addon("face.suzanne").is_suzanne(bare_head(scene)[0])
