"""What a .blend of a stranger's says of its takes is checked as anything hostile; jobs that collide are refused."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, line_in, points_of

VALUES = [float("nan"), float("inf"), -1e300, 10**400, True, None, "x" * 20_000_000, "\ud800", [], {}, [float("nan")]]


@pytest.fixture
def animated(addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]) -> Any:
    import bpy

    add_strip()
    assert bpy.ops.kmtalk.animate() == {"FINISHED"}
    return head


def test_no_altered_property_of_a_story_is_believed(addon: Callable[[str], Any], animated: Any) -> None:
    """Each is read with the declared types and limits, or one sentence; Regenerate ends either way."""
    import bpy

    store, errors = addon("take.store"), addon("core").errors
    line = line_in(action_of(animated))
    good = json.loads(line.story)
    refused = 0
    for name in good:
        for value in VALUES:
            line.story = json.dumps({**good, name: value})
            try:
                story = store.story_of(line)
            except errors.TakeError as error:
                refused += 1
                assert "\n" not in str(error) and len(str(error)) < 500
                with pytest.raises(RuntimeError) as caught:
                    bpy.ops.kmtalk.regenerate()
                assert "Traceback" not in str(caught.value)
                continue
            numbers = (story.begin, story.start, story.fps, story.error)
            assert np.isfinite(numbers).all() and story.fps > 0
    assert refused > 5 * len(good)
    for text in ("", "{", "[]", "null", "[" * 100_000, json.dumps({**good, "new": 1}), "{}"):
        line.story = text
        try:
            store.story_of(line)
        except errors.TakeError as error:
            assert "animate from audio again" in str(error)


def test_no_record_unpacks_to_more_than_it_holds(addon: Callable[[str], Any], scene: Any) -> None:
    store, errors = addon("take.store"), addon("core").errors
    good = store.pack({"a": {"frames": np.arange(3), "values": np.ones(3, np.float32)}})
    assert store.unpack(good, "line")["a"]["frames"].tolist() == [0, 1, 2]
    bomb = io.BytesIO()
    np.savez_compressed(bomb, names=np.array('["a"]'), lengths=[10**7], frames=np.zeros(10**7), values=np.zeros(10**7))
    nowhere = store.pack({"a": {"frames": np.arange(3), "values": np.array([1, np.nan, 2])}})
    rng = np.random.default_rng(0)
    altered = []
    for _ in range(200):
        data = bytearray(good)
        data[rng.integers(len(data))] ^= int(rng.integers(1, 256))
        altered.append(bytes(data))
    for data in (b"", b"nonsense", good[:-30], bomb.getvalue(), nowhere, *altered):
        try:
            found = store.unpack(data, "line")
        except errors.TakeError as error:
            assert "has lost its record" in str(error)
        else:
            assert data in altered and all(
                np.isfinite(part).all() for parts in found.values() for part in parts.values()
            )


def begun(addon: Callable[[str], Any], scene: Any) -> Any:
    import bpy

    animating = addon("jobs.animate")
    running = (
        addon("jobs.runner").desk().start("Animating", animating.animate(animating.request(bpy.context, scene.kmtalk)))
    )
    running.advance()
    return running


def end(addon: Callable[[str], Any], running: Any) -> str:
    while not running.is_ended:
        running.advance()
    addon("jobs.runner").desk().settle(running)
    return running.error or running.outcome


@pytest.mark.parametrize("stage", ["writing curves", "listing keys"])
def test_a_file_that_is_saved_while_a_line_is_written_has_none_of_it_or_all(
    addon: Callable[[str], Any],
    scene: Any,
    animated: Any,
    tmp_path: Path,
    stage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import bpy

    monkeypatch.setattr(addon("take.writing"), "SLICE_SECONDS", 0.0)  # a step for every curve and key
    before = points_of(addon, action_of(animated))
    scene.kmtalk.strength_lower = 0.4
    running = begun(addon, scene)
    while running.step.stage != stage or running.step.fraction < 0.3:
        running.advance()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "copy.blend"), copy=True)
    saved, line = points_of(addon, action_of(animated)), line_in(action_of(animated))
    is_old = all(np.array_equal(before[name], saved[name]) for name in before)
    assert is_old == (stage == "writing curves")
    assert len(line.key_motions) == len(addon("take.store").take_of(line).keys)
    assert "key motions on frames" in end(addon, running)
    after = points_of(addon, action_of(animated))
    assert not all(np.array_equal(before[name], after[name]) for name in before)
    assert len(after) == len(saved) and all(len(after[name]) == len(before[name]) for name in before)


def test_a_rate_that_changes_meanwhile_is_told_and_nothing_is_written(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    add_strip()
    running = begun(addon, scene)
    scene.render.fps = 60
    assert "frame rate was changed" in end(addon, running)
    assert head.data.shape_keys.animation_data is None and not bpy.data.actions


def test_two_jobs_for_one_strip_and_face_are_not_mixed(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], speech: Path
) -> None:
    add_strip()
    first, second = begun(addon, scene), begun(addon, scene)
    assert "is being animated on this face already" in end(addon, second)
    assert "key motions on frames" in end(addon, first)
    assert "key motions on frames" in end(addon, begun(addon, scene))
    third = begun(addon, scene)
    third.cancel()
    addon("jobs.runner").desk().settle(third)
    assert "key motions on frames" in end(addon, begun(addon, scene))


NOTES = [
    "{",
    "[]",
    "5",
    "null",
    "[" * 100_000,
    '{"keys": 5}',
    '{"keys": [[]], "space": "arkit"}',
    '{"frame": [1]}',
    "[[1]]",
]


@pytest.mark.parametrize("note", NOTES)
def test_no_note_in_a_blend_is_believed(addon: Callable[[str], Any], animated: Any, note: str) -> None:
    """Markers, events, fitted and built keys remember themselves as text, which anyone may have written."""
    marks, events, build, vertices = map(addon, ("take.marks", "take.events", "face.build", "face.vertices"))
    errors, spaces = addon("core").errors, addon("core").spaces
    action = action_of(animated)
    line = line_in(action)
    line.marks = line.phone_edits = note
    assert addon("take.phones").asked_of(line) == []
    assert marks.noted(line) == () and isinstance(marks.Found.on(action).nobodys(), list)
    keys = animated.data.shape_keys
    keys[build.BUILT], keys[vertices.FITTED] = note, note
    assert build.built_keys(animated.data) == {}
    assert vertices.fitted_keys(animated, spaces.ARKIT) == []
    if line.events:
        line.events[0].made = note
        try:
            events.edits_of(line, addon("take.store").take_of(line), addon("take.store").story_of(line))
        except errors.TakeError as error:
            assert "animate from audio again" in str(error)
