"""A sound is said by control rigs, by faces of bones and by poses, edited there, and made anew beside the edit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, make_face
from rigs_at_work import armature, drive, key_values
from test_face_rigs import RIGS, face_rig, places, pose_action

FRAMES = range(1, 50)


def control_rig(scene: Any) -> tuple[Any, Any, str]:
    keys = ("jawOpen", "mouthPucker", "mouthFunnel", "mouthClose")
    face = make_face(scene, "Face", keys)
    for block in face.data.shape_keys.key_blocks[1:]:
        block.value, block.data[0].co = 0.0, (0.0, 0.0, -1.0)
    rig = armature(scene, "Controls", {"Jaw": ((0, 0, 0), (0, 1, 0), ""), "Lips": ((1, 0, 0), (1, 1, 0), "")})
    drive(face, "jawOpen", "-var / 0.2", var=(rig, "Jaw", "LOC_Y"))
    rig["pucker"], rig["funnel"], rig["close"] = 0.0, 0.0, 0.0
    for key, name in zip(keys[1:], ("pucker", "funnel", "close"), strict=True):
        drive(face, key, "var", var=(rig, f'["{name}"]'))
    return face, rig, 'pose.bones["Jaw"].location'


def bone_face(scene: Any) -> tuple[Any, Any, str]:
    skin = face_rig(scene, RIGS["Rigify"])
    return skin, skin.modifiers[0].object, 'pose.bones["lips.L"].location'


def pose_face(scene: Any) -> tuple[Any, Any, str]:
    rig = armature(scene, "Puppet", {"kiefer_7": ((0, 0, 0), (0, -1, 0), ""), "ecke_7": ((1, 0, 0), (1, -1, 0), "")})
    for name, jaw, corner in [("A", 0.5, 0.0), ("E", 0.2, 0.2), ("I", 0.1, 0.3), ("O", 0.3, -0.2), ("U", 0.1, -0.4)]:
        pose_action(rig, name, jaw, corner)
    return rig, rig, 'pose.bones["kiefer_7"].rotation_euler'


@pytest.mark.parametrize("made", [control_rig, bone_face, pose_face])
def test_it_speaks_is_edited_and_made_anew(
    made: Callable[[Any], tuple[Any, Any, str]], addon: Callable[[str], Any], scene: Any, speech: Path
) -> None:
    import bpy

    item, rig, path = made(scene)
    bpy.context.view_layer.objects.active = item
    for each in scene.objects:
        each.select_set(each == item)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    curves = curves_of(addon, rig)
    moving = {name: np.ptp(values[:, 1]) for name, values in curves.items()}
    assert max(moving.values()) > 0.02 and any(name.startswith(path) for name in curves)
    name = max((n for n in curves if n.startswith(path)), key=lambda n: moving[n])
    if made is control_rig:
        shown = []
        for frame in FRAMES:
            scene.frame_set(frame)
            shown.append(key_values(item)["jawOpen"])
        assert np.ptp(shown) > 0.2
    if made is bone_face:
        gaps = []
        for frame in FRAMES:
            scene.frame_set(frame)
            found = places(item, RIGS["Rigify"])
            gaps.append(found["upper"][2] - found["lower"][2])
        assert max(gaps) > 0.2 and min(gaps) < 0.13
    keys = addon("take.lines")
    assert keys is not None
    frame, value = edit(addon, rig, name)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    after = curves_of(addon, rig)[name]
    assert after[np.abs(after[:, 0] - frame) < 0.5, 1] == pytest.approx(value, abs=1e-4)


def our_curves(addon: Callable[[str], Any], rig: Any) -> list[Any]:
    animation, compat = rig.animation_data, addon("compat")
    return list(compat.read_curves(animation.action, compat.assigned_slot(animation)))


def curves_of(addon: Callable[[str], Any], rig: Any) -> dict[str, np.ndarray]:
    found = {}
    for curve in our_curves(addon, rig):
        where = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", where)
        found[f"{curve.data_path}[{curve.array_index}]"] = where.reshape(-1, 2)
    return found


def edit(addon: Callable[[str], Any], rig: Any, name: str) -> tuple[float, float]:
    """Change a curve's key in the middle of the sentence; its frame, and what it has now."""
    curve = next(c for c in our_curves(addon, rig) if f"{c.data_path}[{c.array_index}]" == name)
    point = curve.keyframe_points[len(curve.keyframe_points) // 2]
    point.co[1] += 0.05
    curve.update()
    return float(point.co[0]), float(point.co[1])
