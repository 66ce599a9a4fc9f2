"""A performance where Blender has no sound strips: lines of files listen, breathe and keep what a hand has set."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, line_in


@pytest.fixture
def body(scene: Any, head: Any) -> Any:
    """An armature with head, chest and shoulders, which the face uses."""
    import bpy

    item = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    for name, foot, top in (
        ("chest", (0, 0, -0.4), (0, 0, -0.1)),
        ("shoulder.L", (0.02, 0, -0.1), (0.2, 0, -0.1)),
        ("shoulder.R", (-0.02, 0, -0.1), (-0.2, 0, -0.1)),
        ("head", (0, 0, 0), (0, 0, 0.2)),
    ):
        bone = item.data.edit_bones.new(name)
        bone.head, bone.tail = foot, top
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = head
    head.kmtalk_face.armature, head.kmtalk_face.head_bone = item, "head"
    return item


def test_lines_of_files_listen_breathe_and_keep_a_turned_head(
    addon: Callable[[str], Any], scene: Any, head: Any, body: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy

    second = tmp_path / "second.wav"
    shutil.copy(speech, second)
    for path, start in ((speech, 1), (second, 300)):
        scene.frame_start = start
        assert bpy.ops.kmtalk.animate(file=str(path), add_strip=False) == {"FINISHED"}
    assert bpy.ops.kmtalk.listen() == {"FINISHED"}
    names = [line.name for line in action_of(head).kmtalk_lines.lines]
    assert names == [speech.name, "Listening", second.name]
    gap = line_in(action_of(head), 1)
    raised = []
    for frame in range(gap.first, gap.last + 1):
        scene.frame_set(frame)
        raised.append(body.pose.bones["shoulder.L"].tail.z)
    assert np.ptp(raised) > 0.001
    line = line_in(action_of(head), 2)
    frame = line.key_motions[len(line.key_motions) // 2].frame
    scene.frame_set(frame)
    bone = body.pose.bones["head"]
    wanted = bone.rotation_quaternion.copy()
    wanted.y += 0.1
    wanted.normalize()
    bone.rotation_quaternion = wanted
    bone.keyframe_insert("rotation_quaternion", frame=frame)
    scene.kmtalk.seed += 1
    scene.frame_start = 300
    assert bpy.ops.kmtalk.animate(file=str(second), add_strip=False) == {"FINISHED"}
    scene.frame_set(frame)
    assert bone.rotation_quaternion.rotation_difference(wanted).angle < 0.01
