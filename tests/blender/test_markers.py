"""Markers on an action are known again by where they were put, without properties of their own."""

from typing import Any

import bpy
import pytest

from kmtalk_addon.take import drafts, markers
from kmtalk_core import progress


@pytest.fixture
def action(scene: Any) -> Any:
    action = bpy.data.actions.new("take")
    progress.finish(markers.write_on_action(lambda: action, (1, 5, 9, 12), ("b", "a", "b", "a"), drafts.Pace()))
    return action


def put(action: Any) -> list[tuple[int, int]]:
    return [(frame, marker.frame) for marker, frame in markers.on_action(action)]


def test_markers_at_rest_dragged_and_deleted_are_told_apart(action: Any, scene: Any) -> None:
    assert put(action) == [(1, 1), (5, 5), (9, 9), (12, 12)]
    action.pose_markers[1].frame = 7
    assert markers.moved(action, scene, "take") == {5: 7}
    action.pose_markers.remove(action.pose_markers[0])
    assert put(action) == [(5, 7), (9, 9), (12, 12)]


def test_all_dragged_together_keep_their_order(action: Any) -> None:
    for marker in action.pose_markers:
        marker.frame += 4
    assert put(action) == [(1, 5), (5, 9), (9, 13), (12, 16)]


def test_an_artists_marker_is_none_of_ours_and_outlives_a_new_bake(action: Any) -> None:
    action.pose_markers.new("mine").frame = 6
    assert [marker.name for marker in markers.added_on_action(action)] == ["mine"]
    progress.finish(markers.write_on_action(lambda: action, (2, 3), ("m", "o"), drafts.Pace()))
    assert sorted((m.frame, m.name) for m in action.pose_markers) == [(2, "m"), (3, "o"), (6, "mine")]
    assert put(action) == [(2, 2), (3, 3)]


def test_they_survive_saving_and_opening(action: Any, scene: Any, tmp_path: Any) -> None:
    action.use_fake_user = True
    action.pose_markers[2].frame = 10
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert put(bpy.data.actions["take"]) == [(1, 1), (5, 5), (9, 10), (12, 12)]
