"""What a hand did on a line is an edit, is kept by whatever makes the line anew, and nothing beside it changes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, line_in, make_face, points_of
from keys_at_work import JAW, free_key, set_value
from lines_at_work import animate, choose, edit, shown


def test_a_range_made_anew_leaves_what_was_changed_by_hand_beside_it(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    scene.render.fps = 30
    add_strip()
    animate()
    frame = edit(addon, head)
    animate(use_range=True, range_start=1, range_end=frame - 8, strength_lower=0.2)
    assert shown(head, frame) == pytest.approx(0.8125)
    assert next(k for k in line_in(action_of(head)).key_motions if k.frame == frame).state == "edited"


def test_a_slider_that_was_moved_and_not_keyed_is_an_edit(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    frame = free_key(action_of(head)).frame
    scene.frame_set(frame)
    head.data.shape_keys.key_blocks["jawOpen"].value = 0.6875
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert shown(head, frame) == pytest.approx(0.6875)


@pytest.mark.parametrize("deed", ["edited", "added", "deleted", "moved"])
def test_animate_again_keeps_the_work_of_a_hand_and_starting_over_does_not(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], deed: str
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    key = free_key(action_of(head))
    frame, count = key.frame, len(line_in(action_of(head)).key_motions)
    scene.frame_set(frame + (deed == "added"))
    if deed == "edited":
        set_value(addon, action_of(head), frame, 0.8125)
    elif deed == "added":
        bpy.ops.kmtalk.add_key()
    elif deed == "deleted":
        bpy.ops.kmtalk.delete_key()
    else:
        next(m for m in action_of(head).pose_markers if m.frame == frame).frame = frame + 1

    def is_kept() -> bool:
        frames = [item.frame for item in line_in(action_of(head)).key_motions]
        if deed == "edited":
            return shown(head, frame) == pytest.approx(0.8125)
        if deed == "added":
            return frame + 1 in frames and len(frames) == count + 1
        return frame not in frames and (deed == "deleted" or frame + 1 in frames)

    animate()
    assert is_kept()
    animate()
    assert is_kept()
    animate(start_over=True)
    assert not is_kept()


def test_the_first_regenerate_touches_only_what_is_beside_the_edit_on_several_meshes_too(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    make_face(scene, "A", ("jawOpen", "mouthClose", "mouthPucker"))
    add_strip()
    animate(faces="Head;A")
    choose(head)
    before = points_of(addon, action_of(head))
    frame = edit(addon, head)
    curve = addon("compat").find_curve(
        action_of(head),
        addon("compat").handle_of_slot(
            action_of(head) and addon("compat").slot_of(action_of(head), head.data.shape_keys)
        ),
        JAW,
    )
    curve.extrapolation = "LINEAR"
    curve.modifiers.new("NOISE").mute = True
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    after = points_of(addon, action_of(head))
    changed = {
        int(f) for n in before for (f, v), (_, w) in zip(before[n].tolist(), after[n].tolist(), strict=True) if v != w
    }
    assert changed and max(abs(f - frame) for f in changed) < 20
    assert curve.extrapolation == "LINEAR" and len(curve.modifiers) == 1


def test_a_word_for_a_sound_is_said_as_another(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    line = line_in(action_of(head))
    number = next(n for n, key in enumerate(line.key_motions) if key.name == "ɑ")
    line.key_index = number
    frame = line.key_motions[number].frame
    before = shown(head, frame + 1, "mouthPucker")
    assert bpy.ops.kmtalk.say_as(phone="oo") == {"FINISHED"}
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    take = addon("take.store").take_of(line_in(action_of(head)))
    assert any(phone.label == "u" for phone in take.phones)
    assert shown(head, frame + 1, "mouthPucker") > before + 0.05
    line_in(action_of(head)).key_index = 3
    bpy.ops.kmtalk.say_as(phone="nonsense")
    with pytest.raises(RuntimeError, match="there is no phone"):
        bpy.ops.kmtalk.regenerate()


def test_strength_and_delay_are_applied_without_an_engine_and_without_loss(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import bpy

    add_strip()
    animate()
    before = points_of(addon, action_of(head))
    workers = addon("jobs.runner").desk().workers
    monkeypatch.setattr(type(workers), "ask", lambda *_, **__: pytest.fail("an engine was asked"))
    scene.kmtalk.strength_lower = 0.5
    assert bpy.ops.kmtalk.apply_settings() == {"FINISHED"}
    half = points_of(addon, action_of(head))
    assert half[JAW][:, 1].max() < 0.7 * before[JAW][:, 1].max()
    scene.kmtalk.strength_lower = 1.0
    assert bpy.ops.kmtalk.apply_settings() == {"FINISHED"}
    after = points_of(addon, action_of(head))
    assert all(np.allclose(before[name], after[name], atol=1e-5) for name in before)
    with pytest.raises(RuntimeError, match="these settings already"):
        bpy.ops.kmtalk.apply_settings()


def test_what_waits_is_told_rightly_when_a_line_is_written_while_it_is_counted(
    addon: Callable[[str], Any],
    scene: Any,
    head: Any,
    add_strip: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import bpy

    pending, writing = addon("take.pending"), addon("take.writing")
    add_strip()
    animate()
    number, memory = action_of(head).session_uid, pending.Memory()

    def count(steps: int = 0, deed: Callable[[], Any] = lambda: None) -> dict[str, int]:
        job = pending.count(number, memory, writing.Pace())
        try:
            for _ in range(steps):
                next(job)
            deed()
            while True:
                next(job)
        except StopIteration as end:
            return dict(end.value)

    monkeypatch.setattr(writing, "SLICE_SECONDS", 0.0)  # a step for each curve
    for steps in (1, 5):
        edit(addon, head, value=0.5 + steps / 16)
        assert list(count().values()) == [1]
        assert count(steps, lambda: bpy.ops.kmtalk.regenerate()) == {}
        assert count() == {}


def test_keys_that_one_curve_lost_are_edits_and_stay_so_where_several_keys_share_a_frame(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 12
    add_strip()
    animate()
    pending, writing, compat = (addon(name) for name in ("take.pending", "take.writing", "compat"))
    keys = line_in(action_of(head)).key_motions
    frames = [key.frame for key in keys]
    shared = next(frame for frame in frames[2:-2] if frames.count(frame) > 1)

    def jaw() -> Any:
        curves = compat.read_curves(action_of(head), compat.slots_of(action_of(head))[0])
        return next(curve for curve in curves if curve.data_path == JAW)

    set_value(addon, action_of(head), shared, 0.875)  # else it may be what the keys beside it make of it
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}

    def waiting() -> dict[str, int]:
        job = pending.count(action_of(head).session_uid, pending.Memory(), writing.Pace())
        return dict(addon("core").progress.finish(job))

    assert shown(head, shared) == pytest.approx(0.875) and not waiting()
    with pytest.raises(RuntimeError, match="No key was changed"):
        bpy.ops.kmtalk.regenerate()
    jaw().keyframe_points.remove(next(point for point in jaw().keyframe_points if round(point.co[0]) == shared))
    jaw().update()
    through = shown(head, shared)
    assert abs(through - 0.875) > 0.1 and list(waiting().values()) == [1]
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert shown(head, shared) == pytest.approx(through, abs=1e-4) and not waiting()
    animate()
    assert shown(head, shared) == pytest.approx(through, abs=1e-4)
