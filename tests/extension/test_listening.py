"""A face listens between its lines."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, points_of
from performance_at_work import animate, head_rig, value

from kmtalk_core.calibration import Calibration


@pytest.fixture
def rig(scene: Any, head: Any) -> Any:
    return head_rig(scene, head)


def lines_of(head: Any) -> list[Any]:
    return list(action_of(head).kmtalk_lines.lines)


def listening_lines(addon: Callable[[str], Any], head: Any) -> list[Any]:
    return [line for line in lines_of(head) if addon("take.store").story_of(line).silent]


def test_a_face_listens_in_the_gap_between_two_lines_and_rests_at_its_ends(
    addon: Callable[[str], Any], scene: Any, head: Any, rig: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    head.shape_key_add(name="Breathe")
    for name, frame in (("one", 1), ("two", 400)):
        add_strip(name=name, frame=frame)
        animate(strip=name)
    spoken = [(line.first, line.last, line.file) for line in lines_of(head)]
    between = range(spoken[0][1] + 15, spoken[1][0] - 15)
    still = [value(scene, head, "eyeBlinkLeft", frame) for frame in between]
    assert max(still) < 0.01
    assert bpy.ops.kmtalk.listen() == {"FINISHED"}
    (gap,) = listening_lines(addon, head)
    assert spoken[0][1] < gap.first < gap.last < spoken[1][0]
    assert [(line.first, line.last, line.file) for line in lines_of(head) if line.uid != gap.uid] == spoken
    lids = [value(scene, head, "eyeBlinkLeft", frame) for frame in between]
    jaw = [value(scene, head, "jawOpen", frame) for frame in between]
    assert max(lids) > 0.5 and max(jaw) < 0.01
    chest = [value(scene, head, "Breathe", frame) for frame in between]
    assert 0.2 < max(chest) < 0.5  # at rest
    assert {"blink", "nod"} <= {row.kind for row in gap.events}
    nods = []
    for frame in between:
        scene.frame_set(frame)
        nods.append(tuple(rig.pose.bones["head"].rotation_quaternion))
    assert np.ptp(nods, axis=0).max() > 0.01
    for frame in (spoken[0][1] + 1, spoken[1][0] - 1):
        assert value(scene, head, "eyeBlinkLeft", frame) < 0.05


def test_listening_is_made_anew_where_the_gaps_are_now_and_its_events_are_edited_like_any(
    addon: Callable[[str], Any], scene: Any, head: Any, rig: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    for name, frame in (("one", 1), ("two", 300)):
        add_strip(name=name, frame=frame)
        animate(strip=name)
    bpy.ops.kmtalk.listen()
    add_strip(name="three", frame=150)
    animate(strip="three")
    bpy.ops.kmtalk.listen()
    gaps = listening_lines(addon, head)
    assert len(gaps) == 2 and gaps[0].last < 150 < gaps[1].first
    at = gaps[1].first + 30
    action_of(head).kmtalk_lines.index = next(n for n, line in enumerate(lines_of(head)) if line.uid == gaps[1].uid)
    scene.frame_set(at)
    assert bpy.ops.kmtalk.add_event(kind="blink") == {"FINISHED"}
    before = value(scene, head, "eyeBlinkLeft", at)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert value(scene, head, "eyeBlinkLeft", at) > max(before, 0.6)


def test_listening_that_is_stopped_leaves_what_listened_before_and_made_anew_it_is_the_same(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    for number, frame in enumerate((1, 200, 400)):
        add_strip(name=str(number), frame=frame)
        animate(strip=str(number))
    bpy.ops.kmtalk.listen()

    def all_of_it() -> Any:
        return [(line.uid, line.first, line.last, line.file) for line in lines_of(head)], points_of(
            addon, action_of(head)
        )

    found, before = all_of_it()
    job = addon("jobs.listen").listen(bpy.context, scene.kmtalk)
    running = addon("jobs.runner").RunningJob("Listening", job)
    while "gap 2 of 2" not in running.step.stage:
        running.advance()
    assert len(listening_lines(addon, head)) == 3  # one is made anew by now
    running.cancel()
    now, after = all_of_it()
    assert now == found
    assert before.keys() == after.keys() and all(np.array_equal(before[name], after[name]) for name in before)
    assert bpy.ops.kmtalk.listen() == {"FINISHED"}
    again, after = all_of_it()
    assert [line[1:3] for line in again] == [line[1:3] for line in found] and again != found
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_face_listens_as_its_actor_rests(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    addon("face.actor").learn(head, Calibration("Anna", 1.0, {}, {"mouthSmileLeft": 0.2}, {}).to_json())
    for name, frame in (("one", 1), ("two", 300)):
        add_strip(name=name, frame=frame)
        animate(strip=name)
    bpy.ops.kmtalk.listen()
    (gap,) = listening_lines(addon, head)
    left, right = (
        np.median([value(scene, head, f"mouthSmile{side}", frame) for frame in range(gap.first + 10, gap.last - 10)])
        for side in ("Left", "Right")
    )
    assert left - right > 0.1


def test_lines_that_follow_each_other_closely_leave_nothing_to_listen_to(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    add_strip(name="one", frame=1)
    animate(strip="one")
    assert bpy.ops.kmtalk.listen() == {"FINISHED"}
    assert len(lines_of(head)) == 1 and "No gap" in addon("desk").desk().notice
