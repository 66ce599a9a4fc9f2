"""Markers on an action are known again by where they were put, without properties of their own."""

from typing import Any

import bpy
import pytest

from kmtalk_addon.take import lines, markers, marks


@pytest.fixture
def action(scene: Any) -> Any:
    """An action with two lines, the second one marked beside the first."""
    action = bpy.data.actions.new("take")
    for uid in ("one", "two"):
        action.kmtalk_lines.lines.add().uid = uid
    mark(action, "one", (1, 5, 9, 12), ("b", "a", "b", "a"))
    mark(action, "two", (21, 25), ("a", "b"))
    return action


def mark(action: Any, uid: str, frames: Any, labels: Any) -> None:
    markers.mark_actions(lines.Ref((action.session_uid,), uid), frames, labels)


def put(action: Any, uid: str = "one") -> list[tuple[int, int]]:
    return [(frame, marker.frame) for marker, frame in marks.Found.on(action).of(uid)]


def test_markers_at_rest_dragged_and_deleted_are_told_apart(action: Any, scene: Any) -> None:
    assert put(action) == [(1, 1), (5, 5), (9, 9), (12, 12)] and put(action, "two") == [(21, 21), (25, 25)]
    action.pose_markers[1].frame = 7
    here = marks.Found.on(action)
    assert markers.moved(here, "one") == {5: 7} and not markers.moved(here, "two")
    action.pose_markers.remove(action.pose_markers[0])
    assert put(action) == [(5, 7), (9, 9), (12, 12)] and put(action, "two") == [(21, 21), (25, 25)]


def test_all_dragged_together_keep_their_order(action: Any) -> None:
    for marker in action.pose_markers:
        marker.frame += 4
    assert put(action) == [(1, 5), (5, 9), (9, 13), (12, 16)] and put(action, "two") == [(21, 25), (25, 29)]


def test_an_artists_marker_is_none_of_ours_and_outlives_a_new_bake(action: Any) -> None:
    action.pose_markers.new("mine").frame = 6
    assert [marker.name for marker in marks.Found.on(action).nobodys()] == ["mine"]
    mark(action, "one", (2, 3), ("m", "o"))
    shown = sorted((m.frame, m.name) for m in action.pose_markers)
    assert shown == [(2, "m"), (3, "o"), (6, "mine"), (21, "a"), (25, "b")]
    assert put(action) == [(2, 2), (3, 3)]


def test_they_survive_saving_and_opening(action: Any, scene: Any, tmp_path: Any) -> None:
    action.use_fake_user = True
    action.pose_markers[2].frame = 10
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert put(bpy.data.actions["take"]) == [(1, 1), (5, 5), (9, 10), (12, 12)]
