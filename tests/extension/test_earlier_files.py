"""A file of a version before lines opens as it was, and its takes become lines with what was changed by hand.

`files/before_lines.blend` was written by such a version in Blender 4.2: two takes of `first.wav` (one under another
name), each in an action of its own on an NLA strip; in the first the jaw of the key at frame 13 was set to .8125, and
the key at frame 8 locked.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faces_at_work import action_of, line_in, said_on
from lines_at_work import shown

FILES = Path(__file__).parent / "files"
EDITED, LOCKED = 13, 8


@pytest.fixture
def opened(scene: Any, tmp_path: Path) -> Any:
    import bpy

    for name in ("first.wav", "second.wav"):
        shutil.copy(FILES / "first.wav", tmp_path / name)
    shutil.copy(FILES / "before_lines.blend", tmp_path)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "before_lines.blend"))
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
