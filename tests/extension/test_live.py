"""Live: edits are answered by themselves, and nothing else is touched."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, action_of, line_in, make_face, points_of
from keys_at_work import JAW, changed_frames, free_key, set_value

_PATIENCE = 20.0


@pytest.fixture
def animated(scene: Any, head: Any, speech: Path) -> Any:
    """A head that speaks, at the take's own rate so that keys and frames are the same, with Live on."""
    import bpy

    scene.render.fps, scene.frame_start = 30, 11
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    return head


@pytest.fixture
def settle(addon: Callable[[str], Any], scene: Any) -> Iterator[Callable[[], int]]:
    """Turns Live on, and `settle()` has it work until it rests, as Blender's timer does; how often it answered."""
    import bpy

    live = addon("live.switch").live()
    live.rest()
    live.fault = ""
    scene.kmtalk.live = True

    def work() -> int:
        before, begin = live.answered, time.monotonic()
        bpy.context.view_layer.update()  # what a window does by itself
        idle = 0
        while idle < 3 and bpy.context.scene.kmtalk.live:
            assert time.monotonic() - begin < _PATIENCE, "Live does not come to rest"
            wait = live.tick(bpy.context)
            bpy.context.view_layer.update()
            noted = addon("live.noticing").notices()
            is_idle = live._job is None and not live._queue and not noted.actions and not noted.is_any
            is_idle = is_idle and noted.posed is None
            idle = idle + 1 if is_idle and not noted.has_settings else 0
            time.sleep(min(wait, 0.02))
        return int(live.answered - before)

    work()
    yield work
    bpy.context.scene.kmtalk.live = False
    live.rest()


def curve_of(addon: Callable[[str], Any], item: Any, path: str = JAW) -> Any:
    curves = addon("take.lines").curves_by_name(action_of(item))
    return next(curve for name, curve in curves.items() if name.endswith(path))


def shown(points: np.ndarray) -> np.ndarray:
    """What straight keys show on the frames of the line, however many of them there are."""
    return np.interp(np.arange(11, 52), points[:, 0], points[:, 1])


def test_a_value_that_was_changed_is_answered_in_its_spans(addon: Any, animated: Any, settle: Any) -> None:
    action = action_of(animated)
    key = free_key(action, gap=2)
    frame = key.frame
    frames = [item.frame for item in line_in(action).key_motions]
    first, last = max(f for f in frames if f < frame), min(f for f in frames if f > frame)
    before = points_of(addon, action)
    set_value(addon, action_of(animated), frame, 0.9)
    assert settle() == 1
    after = points_of(addon, action)
    changed = changed_frames(before, after)
    assert {frame - 1, frame, frame + 1} <= changed
    assert first < min(changed) and max(changed) < last
    assert dict(after[JAW].tolist())[frame] == pytest.approx(0.9, abs=1e-4)
    assert next(item for item in line_in(action).key_motions if item.frame == frame).state == "edited"
    assert settle() == 0


def test_it_gives_what_regenerate_gives_that_writes_whole_curves(
    addon: Any, scene: Any, animated: Any, settle: Any, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bpy

    frame = free_key(action_of(animated), gap=2).frame
    set_value(addon, action_of(animated), frame, 0.8)
    assert settle() == 1
    by_itself = points_of(addon, action_of(animated))
    scene.kmtalk.live = False
    other = make_face(scene, "Other")
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    monkeypatch.setattr(addon("take.layout").Sheet, "narrow", lambda sheet, spans: None)
    set_value(addon, action_of(other), frame, 0.8)
    bpy.ops.kmtalk.regenerate()
    by_hand = points_of(addon, action_of(other))
    assert by_itself.keys() == by_hand.keys()
    for path, points in by_hand.items():
        np.testing.assert_allclose(by_itself[path], points, atol=1e-6, err_msg=path)
    store = addon("take.store")
    records = [store.noted_curves(line_in(action_of(item))) for item in (animated, other)]
    for name, (at, values) in records[1].items():
        np.testing.assert_array_equal(records[0][name][0], at)
        np.testing.assert_allclose(records[0][name][1], values, atol=1e-6)


def test_a_column_that_was_dragged_or_deleted_is_answered(addon: Any, animated: Any, settle: Any) -> None:
    action = action_of(animated)
    frame = free_key(action, gap=3).frame
    for curve in addon("take.lines").curves_by_name(action).values():
        for point in curve.keyframe_points:
            if round(point.co[0]) == frame:
                curve.keyframe_points.remove(point)
                break
    action.update_tag()
    assert settle() == 1
    assert frame not in [item.frame for item in line_in(action).key_motions]
    assert frame in points_of(addon, action)[JAW][:, 0].round()


@pytest.mark.parametrize("where", ["action", "scene"])
def test_a_marker_that_was_dragged_moves_its_key(
    addon: Any, scene: Any, animated: Any, settle: Any, where: str
) -> None:
    action = action_of(animated)
    frame = free_key(action, gap=3).frame
    markers = action.pose_markers if where == "action" else scene.timeline_markers
    next(marker for marker in markers if marker.frame == frame).frame = frame + 1
    assert settle() == 1
    frames = [item.frame for item in line_in(action).key_motions]
    assert frame + 1 in frames and frame not in frames


def test_a_sound_that_is_named_anew_is_answered(addon: Any, animated: Any, settle: Any) -> None:
    import bpy

    key = free_key(action_of(animated), gap=2)
    at = key.time
    bpy.context.scene.frame_set(key.frame)
    bpy.ops.kmtalk.say_as(phone="oo")
    assert settle() == 1
    phones = addon("take.store").take_of(line_in(action_of(animated))).phones
    assert next(phone.label for phone in phones if phone.end > at + 0.01) == "u"


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("strength_lower", 0.4, JAW),
        ("mood", "happy", 'key_blocks["mouthSmileLeft"].value'),
        ("liveliness", 0.2, 'key_blocks["browInnerUp"].value'),
        ("smoothing", 4.0, JAW),
    ],
)
def test_the_line_follows_the_sliders_and_what_was_posed_stays(
    addon: Any, scene: Any, animated: Any, settle: Any, name: str, value: Any, path: str
) -> None:
    frame = free_key(action_of(animated), gap=2).frame
    set_value(addon, action_of(animated), frame, 0.9)
    assert settle() == 1
    before = points_of(addon, action_of(animated))
    setattr(scene.kmtalk, name, value)
    assert settle() >= 1
    after = points_of(addon, action_of(animated))
    assert np.abs(shown(before[path]) - shown(after[path])).max() > 1e-3
    assert dict(after[JAW].tolist())[frame] == pytest.approx(0.9, abs=1e-3)
    made_with = addon("take.store").take_of(line_in(action_of(animated))).settings[name]
    assert made_with == (value if isinstance(value, str) else pytest.approx(value / (30 if name == "smoothing" else 1)))
    setattr(scene.kmtalk, name, scene.kmtalk.bl_rna.properties[name].default)
    settle()
    for curve, points in points_of(addon, action_of(animated)).items():
        np.testing.assert_allclose(shown(points), shown(before[curve]), atol=2e-3, err_msg=curve)


def test_poses_that_are_not_keyed_stay(addon: Any, scene: Any, animated: Any, settle: Any) -> None:
    import bpy

    lamp = bpy.data.objects.new("Other", None)
    scene.collection.objects.link(lamp)
    lamp.keyframe_insert("location", frame=1)
    lamp.location.x = 5.0  # and not keyed
    set_value(addon, action_of(animated), free_key(action_of(animated), gap=2).frame, 0.9)
    assert settle() == 1
    assert lamp.location.x == 5.0


def test_a_slider_that_is_moved_and_not_keyed_is_an_edit_of_its_key(
    addon: Any, scene: Any, animated: Any, settle: Any
) -> None:
    import bpy

    frame = free_key(action_of(animated), gap=2).frame
    scene.frame_set(frame)
    slider = animated.data.shape_keys.key_blocks["jawOpen"]
    for value in (0.9, 0.2):
        slider.value = value
        assert settle() == 1
        assert dict(points_of(addon, action_of(animated))[JAW].tolist())[frame] == pytest.approx(value, abs=1e-4)
        assert slider.value == pytest.approx(value, abs=1e-4)
        assert next(item for item in line_in(action_of(animated)).key_motions if item.frame == frame).state == "edited"
        assert settle() == 0
    scene.frame_set(frame + 1)
    assert settle() == 0
    scene.frame_set(frame)
    slider.value = 0.6  # and left at once, while the answer is made
    live = addon("live.switch").live()
    begin = time.monotonic()
    while live._job is None and time.monotonic() - begin < _PATIENCE:
        bpy.context.view_layer.update()
        live.tick(bpy.context)
        time.sleep(0.005)
    scene.frame_set(frame + 3)
    settle()
    assert dict(points_of(addon, action_of(animated))[JAW].tolist())[frame] == pytest.approx(0.6, abs=1e-4)
    assert scene.frame_current == frame + 3


def test_a_slider_that_is_moved_between_key_motions_is_told_of(
    addon: Any, scene: Any, animated: Any, settle: Any
) -> None:
    action = action_of(animated)
    frame = free_key(action, gap=2).frame + 1
    before = points_of(addon, action)
    scene.frame_set(frame)
    animated.data.shape_keys.key_blocks["jawOpen"].value = 0.95
    desk = addon("jobs.runner").desk()
    desk.notice = ""
    assert settle() == 0 and scene.kmtalk.live
    assert "not keyed" in desk.notice and not desk.notice_is_error
    assert not changed_frames(before, points_of(addon, action))
    assert animated.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.95)


def test_a_slider_that_cannot_show_its_curve_is_nobodys_edit(
    addon: Any, scene: Any, animated: Any, settle: Any
) -> None:
    frame = free_key(action_of(animated), gap=2).frame
    set_value(addon, action_of(animated), frame, 0.9)
    assert settle() == 1
    scene.frame_set(frame)
    animated.data.shape_keys.key_blocks["jawOpen"].slider_max = 0.5
    scene.frame_set(frame)
    before = points_of(addon, action_of(animated))
    animated.location.x += 1.0
    settle()
    assert scene.kmtalk.live and settle() == 0
    assert not changed_frames(before, points_of(addon, action_of(animated)))


def test_many_changes_at_once_wait_for_regenerate(addon: Any, animated: Any, settle: Any) -> None:
    curve = curve_of(addon, animated)
    for point in curve.keyframe_points:
        point.co[1] *= 1.3
    curve.update()
    before = points_of(addon, action_of(animated))
    assert settle() == 0
    assert not changed_frames(before, points_of(addon, action_of(animated)))


def test_nothing_happens_while_it_plays_or_another_job_runs_or_it_is_off(
    addon: Any, scene: Any, animated: Any, settle: Any
) -> None:
    import bpy

    switch, desk = addon("live.switch"), addon("jobs.runner").desk()
    set_value(addon, action_of(animated), free_key(action_of(animated), gap=2).frame, 0.9)
    running = desk.start("Working", iter(()))
    bpy.context.view_layer.update()
    assert switch.is_busy(bpy.context)
    assert settle_for(addon, 0.5) == 0
    desk.running.remove(running)
    scene.kmtalk.live = False
    assert settle_for(addon, 0.5) == 0
    scene.kmtalk.live = True
    assert settle() == 1


def settle_for(addon: Any, seconds: float) -> int:
    import bpy

    live = addon("live.switch").live()
    before, begin = live.answered, time.monotonic()
    while time.monotonic() - begin < seconds:
        live.tick(bpy.context)
        time.sleep(0.01)
    return int(live.answered - before)


def test_a_fault_turns_it_off_with_one_sentence(
    addon: Any, scene: Any, animated: Any, settle: Any, speech: Path, tmp_path: Path
) -> None:
    line = line_in(action_of(animated))
    line.story = line.story.replace(str(speech), str(tmp_path / "gone.wav")).replace(str(speech.name), "gone.wav")
    for strip in list(addon("compat").strips(scene)):
        scene.sequence_editor.strips.remove(strip)
    before = points_of(addon, action_of(animated))
    frame = free_key(action_of(animated), gap=2).frame
    set_value(addon, action_of(animated), frame, 0.9)
    assert settle() == 0
    desk = addon("jobs.runner").desk()
    assert not scene.kmtalk.live
    assert (
        desk.notice_is_error and desk.notice.startswith("Live was turned off: The sound of") and "\n" not in desk.notice
    )
    assert changed_frames(before, points_of(addon, action_of(animated))) == {frame}


def test_an_edit_in_the_meantime_is_answered_too(addon: Any, animated: Any, settle: Any) -> None:
    import bpy

    action = action_of(animated)
    first, second = free_key(action, gap=2).frame, free_key(action, skip=8, gap=2).frame
    assert first != second
    live = addon("live.switch").live()
    set_value(addon, action_of(animated), first, 0.9)
    bpy.context.view_layer.update()
    begin = time.monotonic()
    while live._job is None and time.monotonic() - begin < _PATIENCE:
        live.tick(bpy.context)
    for _ in range(4):
        live.tick(bpy.context)
    set_value(addon, action_of(animated), second, 0.7)
    settle()
    shown = dict(points_of(addon, action)[JAW].tolist())
    assert shown[first] == pytest.approx(0.9, abs=1e-4) and shown[second] == pytest.approx(0.7, abs=1e-4)
    states = {item.frame: item.state for item in line_in(action).key_motions}
    assert states[first] == states[second] == "edited"


def test_twenty_edits_one_after_the_other_are_all_answered(addon: Any, animated: Any, settle: Any) -> None:
    frame = free_key(action_of(animated), gap=2).frame
    for number in range(20):
        set_value(addon, action_of(animated), frame, 0.3 + 0.02 * number)
        assert settle() == 1, addon("live.switch").live().fault or addon("desk").desk().notice


def test_every_file_is_begun_afresh(addon: Any, speech: Path, settle: Any) -> None:
    """Numbers of notices begin again with a file, and answers in the one before are no part of a row."""
    import bpy

    for _ in range(8):
        bpy.ops.wm.read_homefile(use_empty=True)
        scene = bpy.context.scene
        head = make_face(scene, "Head")
        bpy.context.view_layer.objects.active = head
        scene.render.fps, scene.frame_start = 30, 11
        bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
        scene.kmtalk.live = True
        settle()
        set_value(addon, action_of(head), free_key(action_of(head), gap=2).frame, 0.9)
        assert settle() == 1 and scene.kmtalk.live, addon("live.switch").live().fault


def test_a_slider_is_followed_though_another_job_came_between(
    addon: Any, scene: Any, animated: Any, settle: Any
) -> None:
    import bpy

    live = addon("live.switch").live()
    scene.kmtalk.liveliness = 0.2
    begin = time.monotonic()
    while live._job is None and time.monotonic() - begin < _PATIENCE:
        live.tick(bpy.context)
        time.sleep(0.01)
    running = addon("desk").desk().running
    running.append(object())
    live.tick(bpy.context)
    running.clear()
    assert live._job is None
    settle()
    take = addon("take.store").take_of(line_in(action_of(animated)))
    assert take.settings["liveliness"] == pytest.approx(0.2)


def test_undo_takes_edit_and_answer_back_together(addon: Any, scene: Any, animated: Any, settle: Any) -> None:
    import bpy

    bpy.ops.ed.undo_push(message="before")
    name, before = animated.name, points_of(addon, action_of(animated))
    frame = free_key(action_of(animated), gap=2).frame
    set_value(addon, action_of(animated), frame, 0.9)
    bpy.ops.ed.undo_push(message="edit")
    assert settle() == 1, addon("live.switch").live().fault or addon("desk").desk().notice
    answered = points_of(addon, action_of(bpy.data.objects[name]))
    bpy.ops.ed.undo()
    again = action_of(bpy.data.objects[name])
    assert not changed_frames(before, points_of(addon, again))
    assert settle() == 0
    assert not changed_frames(before, points_of(addon, action_of(bpy.data.objects[name])))
    bpy.ops.ed.redo()
    settle()
    assert not changed_frames(answered, points_of(addon, action_of(bpy.data.objects[name])))


def test_a_file_without_lines_costs_next_to_nothing(addon: Any, scene: Any, settle: Any) -> None:
    import bpy

    for number in range(300):
        item = bpy.data.objects.new(f"Item{number}", None)
        scene.collection.objects.link(item)
        item.keyframe_insert("location", frame=1)
    bpy.context.view_layer.update()
    noticing = addon("live.noticing")
    noticing.notices().taken()
    seen = noticing.notices().number
    for item in scene.objects:
        item.location.x += 1
    bpy.context.view_layer.update()
    assert noticing.notices().number == seen
    assert settle() == 0
