"""A file of a version before lines opens as it was, and its takes become lines with what was changed by hand.

`files/before_lines.blend` was written by such a version in Blender 4.2: two takes of `first.wav` (one under another
name), each in an action of its own on an NLA strip; in the first the jaw of the key at frame 13 was set to .8125, and
the key at frame 8 locked.  `files/before_lines_bones.blend` has the same two on a head with a rig, whose jaw and eyes
each take moved by one more action; nothing was changed by hand.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, line_in, said_on
from lines_at_work import shown

FILES = Path(__file__).parent / "files"
EDITED, LOCKED = 13, 8


@pytest.fixture
def opened(scene: Any, tmp_path: Path) -> Any:
    return open_file(tmp_path, "before_lines.blend")


def open_file(folder: Path, file: str) -> Any:
    import bpy

    for name in ("first.wav", "second.wav"):
        shutil.copy(FILES / "first.wav", folder / name)
    shutil.copy(FILES / file, folder)
    bpy.ops.wm.open_mainfile(filepath=str(folder / file))
    head = bpy.data.objects["Head"]
    head.select_set(True)
    bpy.context.view_layer.objects.active = head
    return head


def test_it_plays_as_it_was_and_the_panel_tells_of_it(addon: Callable[[str], Any], opened: Any) -> None:
    names = addon("take.earlier").names_of([opened])
    assert len(names) == 2 and "first.wav" in names[0] + names[1]
    assert shown(opened, EDITED) == pytest.approx(0.8125)


def test_its_takes_become_lines_that_are_edited_as_any_other(addon: Callable[[str], Any], opened: Any) -> None:
    import bpy

    assert bpy.ops.kmtalk.bring_lines() == {"FINISHED"}
    assert said_on(opened) == ["first.wav", "second.wav"]
    assert not any(track.strips for track in opened.data.shape_keys.animation_data.nla_tracks)
    assert shown(opened, EDITED) == pytest.approx(0.8125)
    states = {key.frame: key.state for key in line_in(action_of(opened), 0).key_motions}
    assert states[LOCKED] == "locked"
    watch = addon("ui.watch").watch()
    watch.ask(action_of(opened))
    watch.look(bpy.context.scene)
    assert watch.counts[line_in(action_of(opened), 0).uid] == 2 and len(watch.counts) == 1
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert shown(opened, EDITED) == pytest.approx(0.8125)
    states = {key.frame: key.state for key in line_in(action_of(opened), 0).key_motions}
    assert (states[EDITED], states[LOCKED]) == ("edited", "locked")


def test_animating_one_of_its_sounds_again_makes_its_line_anew(opened: Any, tmp_path: Path) -> None:
    import bpy

    bpy.context.scene.frame_start = 1
    assert bpy.ops.kmtalk.animate(file=str(tmp_path / "first.wav"), add_strip=False) == {"FINISHED"}
    assert said_on(opened) == ["first.wav", "second.wav"]
    assert shown(opened, EDITED) == pytest.approx(0.8125)


def test_bones_that_its_takes_moved_are_brought_into_their_lines(scene: Any, tmp_path: Path) -> None:
    import bpy

    head = open_file(tmp_path, "before_lines_bones.blend")
    rig = bpy.data.objects["Rig"]

    def poses(*frames: int) -> Any:
        found = []
        for frame in frames:
            bpy.context.scene.frame_set(frame)
            found.append([np.array(bone.matrix) for bone in rig.pose.bones])
        return np.array(found)

    first, second, between = range(1, 28), range(101, 128), (60, 200)
    before = poses(*first, *second)
    assert np.ptp(before[: len(first)], axis=0).max() > 0.01
    assert bpy.ops.kmtalk.bring_lines() == {"FINISHED"}
    assert said_on(head) == ["first.wav", "second.wav"]
    assert not any(track.strips for track in rig.animation_data.nla_tracks)
    assert rig.animation_data.action is not None
    assert np.abs(poses(*first, *second) - before).max() < 1e-5
    still = np.array([bone.bone.matrix_local for bone in rig.pose.bones])
    assert np.abs(poses(*between) - still).max() < 1e-5
    bpy.context.scene.frame_start = 101
    assert bpy.ops.kmtalk.animate(file=str(tmp_path / "second.wav"), add_strip=False, strength_lower=0.2) == {
        "FINISHED"
    }
    assert said_on(head) == ["first.wav", "second.wav"]
    assert np.abs(poses(*first) - before[: len(first)]).max() < 1e-5
    assert np.abs(poses(*second) - before[len(first) :]).max() > 0.01
