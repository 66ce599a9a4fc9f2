"""A bone's rotation in Blender's own mathematics, whatever way it is kept."""

import bpy  # noqa: F401  # mathutils comes with it
import mathutils
import numpy as np

from kmtalk_core.drives.bones import HEAD, BoneMotion, bone_motion

ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def head(mode: str) -> BoneMotion:
    return bone_motion(HEAD, np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), 0.1, 0.35, mode)


def test_blender_turns_a_bone_alike_in_every_mode() -> None:
    shown = np.array([[-0.5, 0.7, 0.3]], np.float32)
    w, *xyz = head("QUATERNION").values(shown)[0].tolist()
    wanted = mathutils.Quaternion((w, *xyz))
    for mode in ORDERS:
        turned = mathutils.Euler(head(mode).values(shown)[0].tolist(), mode).to_quaternion()
        assert turned.rotation_difference(wanted).angle < 1e-3, mode
    angle, *axis = head("AXIS_ANGLE").values(shown)[0].tolist()
    assert mathutils.Quaternion(axis, angle).rotation_difference(wanted).angle < 1e-3
