"""What keeps a take from being seen is said, before and after, with the button that mends it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, make_face

FRAMES = range(1, 60, 2)


def speaker(scene: Any) -> Any:
    """A face whose jawOpen moves its first vertex down."""
    item = make_face(scene, "Speaker")
    for number, block in enumerate(item.data.shape_keys.key_blocks[1:]):
        block.value = 0.0
        block.data[0].co = (0.0, 0.0, -1.0) if block.name == "jawOpen" else (0.0, 0.01 * (number + 1), 0.0)
    return item


def opening(scene: Any, item: Any) -> float:
    """How far the first vertex goes."""
    import bpy

    heights = []
    for frame in FRAMES:
        scene.frame_set(frame)
        shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
        heights.append(shown.to_mesh().vertices[0].co.z)
        shown.to_mesh_clear()
    return float(np.ptp(heights))


def mute_key(item: Any) -> None:
    item.data.shape_keys.key_blocks["jawOpen"].mute = True


def pin(item: Any) -> None:
    item.show_only_shape_key, item.active_shape_key_index = True, 0


def artists_action(item: Any) -> Any:
    keys = item.data.shape_keys
    keys.key_blocks["browInnerUp"].keyframe_insert("value", frame=1)
    return keys.animation_data


def solo(item: Any) -> None:
    animation = artists_action(item)
    action, animation.action = animation.action, None
    track = animation.nla_tracks.new()
    track.name = "Body"
    track.strips.new("Body", 1, action)
    track.is_solo = True


def nla_off(item: Any) -> None:
    artists_action(item).use_nla = False


def drive_by(item: Any) -> None:
    item["nothing"] = 0.0
    curve = item.data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    curve.driver.type = "SCRIPTED"
    curve.driver.expression = "sin(frame)*0"


REASONS = {
    "muted keys": (mute_key, "1 shape key of “Speaker” is muted: jawOpen", "Unmute Keys"),
    "pinned key": (pin, "“Speaker” is pinned to one shape key", "Unpin"),
    "soloed track": (solo, "The NLA track “Body” of “Speaker” is soloed", "Clear Solo"),
    "NLA off": (nla_off, "The NLA of “Speaker” is switched off", "Switch NLA On"),
    "drivers": (
        drive_by,
        "1 shape key of “Speaker” has a driver that cannot be followed (it uses “frame”)",
        "Mute These Drivers",
    ),
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_take_that_cannot_be_seen_is_said_and_mended(
    reason: str, addon: Callable[[str], Any], scene: Any, speech: Path
) -> None:
    import bpy

    spoil, said, button = REASONS[reason]
    item = speaker(scene)
    spoil(item)
    hindrances, options = addon("face.hindrances"), addon("options")
    before = hindrances.say(options.face_of([item]))
    assert any(said in sentence and button in sentence for sentence in before)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    assert opening(scene, item) < 1e-4
    after = hindrances.find(options.face_of([item]))
    assert [found.kind for found in after] == [reason]
    assert bpy.ops.kmtalk.mend_face(kind=reason) == {"FINISHED"}
    assert opening(scene, item) > 0.1
    assert not hindrances.find(options.face_of([item]))


def test_muted_curves_and_a_muted_track_are_found(addon: Callable[[str], Any], scene: Any, speech: Path) -> None:
    import bpy

    item = speaker(scene)
    artists_action(item)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    hindrances, options = addon("face.hindrances"), addon("options")
    animation = item.data.shape_keys.animation_data
    ours = next(track for track in animation.nla_tracks if any("kmtalk" in strip.action for strip in track.strips))
    ours.mute = True
    strip = ours.strips[0]
    curves = addon("compat").read_curves(strip.action, addon("compat").assigned_slot(strip))
    next(curve for curve in curves if "jawOpen" in curve.data_path).mute = True
    assert {found.kind for found in hindrances.find(options.face_of([item]))} == {"muted track", "muted curves"}
    assert opening(scene, item) < 1e-4
    assert bpy.ops.kmtalk.mend_face() == {"FINISHED"}
    assert opening(scene, item) > 0.1


def test_the_report_says_why_and_what_the_mouth_lacks(addon: Callable[[str], Any], scene: Any, speech: Path) -> None:
    item = make_face(scene, "Pair", ("mouthOpen", "mouthSmile"))
    for block in item.data.shape_keys.key_blocks[1:]:
        block.value, block.data[0].co = 0.0, (0.0, 0.0, -1.0)
    face = addon("options").face_of([item])
    assert face.warnings == (
        "No key rounds the lips of this face: say with “Map Keys by Hand” which does, or build face shapes",
    )
    asked = addon("jobs.animate").request(
        __import__("bpy").context, scene.kmtalk, file=str(speech), text=SENTENCE, objects=[item]
    )
    mute_key_named(item, "mouthOpen")
    report = addon("core").progress.finish(addon("jobs.animate").animate(asked))
    assert "No key rounds the lips" in report
    assert "1 shape key of “Pair” is muted: mouthOpen" in report and "“Unmute Keys”" in report


def mute_key_named(item: Any, name: str) -> None:
    item.data.shape_keys.key_blocks[name].mute = True
