"""What the tests of control rigs, faces of bones and poses share."""

from typing import Any

import numpy as np

from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES


def motion(**pose: float) -> np.ndarray:
    """One frame of ARKit's coefficients."""
    row = np.zeros((1, len(ARKIT_NAMES)), np.float32)
    for name, value in pose.items():
        row[0, ARKIT_INDEX[name]] = value
    return row


def show(face: Any, **pose: float) -> None:
    """Give all curves of a face the values that show a pose."""
    import bpy

    for target in face.targets:
        if target.drive.space.name != "arkit":  # head and neck
            continue
        values = target.drive(motion(**pose))[0]
        for number, curve in target.curves.items():
            curve.set(target.owner, float(values[number]))
        target.tag()
    bpy.context.view_layer.update()


def armature(scene: Any, name: str, bones: dict[str, tuple[Any, Any, str]]) -> Any:
    """A rig with bones: name → head, tail, name of its parent or nothing."""
    import bpy

    data = bpy.data.armatures.new(name)
    item = bpy.data.objects.new(name, data)
    scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, (head, tail, parent) in bones.items():
        made = data.edit_bones.new(bone)
        made.head, made.tail = head, tail
        made.parent = data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return item


def key_values(item: Any) -> dict[str, float]:
    """What the shape keys of an object show once its drivers are evaluated."""
    import bpy

    shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {block.name: block.value for block in shown.data.shape_keys.key_blocks[1:]}


def drive(item: Any, key: str, expression: str = "", kind: str = "SCRIPTED", **variables: Any) -> Any:
    """A driver on a shape key; a variable is (object, data path) or (object, bone, transform)."""
    driver = item.data.shape_keys.key_blocks[key].driver_add("value").driver
    for name, (owner, *place) in variables.items():
        made = driver.variables.new()
        made.name = name
        if len(place) == 1:
            made.type = "SINGLE_PROP"
            made.targets[0].id, made.targets[0].data_path = owner, place[0]
        else:
            made.type = "TRANSFORMS"
            made.targets[0].id, made.targets[0].bone_target = owner, place[0]
            made.targets[0].transform_type, made.targets[0].transform_space = place[1], "LOCAL_SPACE"
    driver.type = kind
    if expression:
        driver.expression = expression
    return driver
