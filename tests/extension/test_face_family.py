"""Which meshes one take moves, and which of their keys: by rig and parent, by what keys do, never somebody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from faces_at_work import make_face

from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.naming.schemes import SCHEME_BY_NAME


def rig(scene: Any, name: str) -> Any:
    import bpy

    item = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    scene.collection.objects.link(item)
    return item


def bound(item: Any, armature: Any) -> Any:
    item.modifiers.new("Armature", "ARMATURE").object = armature
    return item


def names_of(addon: Callable[[str], Any], item: Any) -> set[str]:
    import bpy

    bpy.context.view_layer.objects.active = item
    for each in bpy.context.view_layer.objects:
        each.select_set(each == item)
    return {each.name for each in addon("options").meshes_of(bpy.context)}


def test_what_an_armature_moves_belongs_together(addon: Callable[[str], Any], scene: Any) -> None:
    first, second = rig(scene, "Ann's Rig"), rig(scene, "Ben's Rig")
    head, teeth = bound(make_face(scene, "Ann"), first), bound(make_face(scene, "Ann's Teeth"), first)
    bound(make_face(scene, "Ben"), second)
    assert names_of(addon, head) == {"Ann", "Ann's Teeth"}
    assert names_of(addon, teeth) == {"Ann", "Ann's Teeth"}
    assert names_of(addon, first) == {"Ann", "Ann's Teeth"}


def test_another_character_on_the_same_empty_is_left_alone(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    stage = bpy.data.objects.new("Stage", None)
    scene.collection.objects.link(stage)
    ann, teeth, ben = (make_face(scene, name) for name in ("Ann", "Ann's Teeth", "Ben"))
    for item in (ann, teeth, ben):
        item.parent = stage
    ben.location.x = 5.0
    bpy.context.view_layer.update()
    assert names_of(addon, ann) == {"Ann", "Ann's Teeth"}
    first, second = rig(scene, "Ann's Rig"), rig(scene, "Ben's Rig")
    ben.location.x = 0.0
    bound(ann, first), bound(teeth, first), bound(ben, second)
    bpy.context.view_layer.update()
    assert names_of(addon, ben) == {"Ben"}


def test_keys_that_move_nothing_do_not_tell_what_a_face_is(addon: Callable[[str], Any], scene: Any) -> None:
    visemes = tuple(f"viseme_{name}" for name in SCHEME_BY_NAME["oculus"].channels)
    item = make_face(scene, "Ann", (*ARKIT_NAMES, *visemes))
    for block in item.data.shape_keys.key_blocks[1:]:
        block.value = 0.0
        if block.name != "jawOpen":
            block.data[0].co = (0.0, 0.0, -1.0)
    face = addon("options").face_of([item])
    assert face.sentence.startswith("Oculus visemes")
    assert "jawOpen" not in face.meshes[0].shape_keys.values()


@pytest.mark.parametrize("kind", ["CURVE", "LATTICE"])
def test_a_curve_or_a_lattice_with_keys_is_a_face(kind: str, addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    if kind == "CURVE":
        data: Any = bpy.data.curves.new("Lips", "CURVE")
        data.splines.new("POLY").points.add(3)
    else:
        data = bpy.data.lattices.new("Lips")
    item = bpy.data.objects.new("Lips", data)
    scene.collection.objects.link(item)
    item.shape_key_add(name="Basis")
    for name in ("jawOpen", "mouthPucker", "mouthFunnel"):
        item.shape_key_add(name=name).data[0].co[2] = 1.0
    bpy.context.view_layer.objects.active = item
    assert names_of(addon, item) == {"Lips"}
    face = addon("options").face_of([item])
    assert set(face.meshes[0].shape_keys.values()) == {"jawOpen", "mouthPucker", "mouthFunnel"}
