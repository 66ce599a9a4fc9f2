"""What differs between the Blenders from 4.2 to 5.2.  No other file asks for a version."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

HAS_SLOTS = bpy.app.version >= (4, 4, 0)
HAS_AUDIO: bool = bpy.app.build_options.audaspace
KEYS_REST_AT_ONE: bool = bpy.types.ShapeKey.bl_rna.properties["value"].default != 0.0
"""Whether shape keys are fully on where the NLA plays nothing, as in Blender 5.0; before and since they are off."""

EEVEE = "BLENDER_EEVEE_NEXT" if bpy.app.version < (5, 0, 0) else "BLENDER_EEVEE"


def slot_of(action: Any, datablock: Any) -> Any:
    """The slot of `action` that animates `datablock` now, as its action or through an NLA strip; None without one."""
    if not HAS_SLOTS or datablock.animation_data is None:
        return None
    animation = datablock.animation_data
    strips = [strip for track in animation.nla_tracks for strip in track.strips]
    return next((user.action_slot for user in (animation, *strips) if user.action == action and user.action_slot), None)


def handle_of_slot(slot: Any) -> int:
    """The handle of a slot, 0 for none."""
    return slot.handle if slot else 0


def users_in(datablock: Any) -> list[Any]:
    """What may play an action on a datablock: its animation data and its NLA strips."""
    animation = datablock.animation_data
    if animation is None:
        return []
    return [animation, *(strip for track in animation.nla_tracks for strip in track.strips)]


def plays(datablock: Any, action: Any) -> bool:
    """Whether `action` animates `datablock`, as its action or through an NLA strip."""
    return any(user.action == action for user in users_in(datablock))


def same_slot(action: Any, slot: Any) -> Any:
    """The slot that a copy of an action has in place of `slot` of its original; None before Blender 4.4."""
    return next((own for own in action.slots if own.handle == slot.handle), None) if HAS_SLOTS and slot else None


def slot_by_handle(action: Any, handle: int) -> Any:
    """The slot of `action` with this handle; None before Blender 4.4."""
    return next((slot for slot in action.slots if slot.handle == handle), None) if HAS_SLOTS else None


def ensure_slot(action: Any, datablock: Any) -> Any:
    """The slot of `action` for `datablock`, the one of its name or a new one; None before Blender 4.4."""
    if not HAS_SLOTS:
        return None
    kind, name = datablock.id_type, datablock.name
    named = (slot for slot in action.slots if slot.target_id_type == kind and slot.name_display == name)
    return slot_of(action, datablock) or next(named, None) or action.slots.new(id_type=kind, name=name)


def curves_of(action: Any, slot: Any) -> Any:
    """The f-curve collection of one slot (`new`, `remove`, `clear`), ready to be written to."""
    if not HAS_SLOTS:
        return action.fcurves
    return _channelbag(action, slot).fcurves


def read_curves(action: Any, slot: Any) -> list[Any]:
    """The f-curves of one slot, without making anything."""
    if not HAS_SLOTS:
        return list(action.fcurves)
    bags = (strip.channelbag(slot) for layer in action.layers for strip in layer.strips) if slot else ()
    return [curve for bag in bags if bag for curve in bag.fcurves]


def find_curve(action: Any, handle: int, path: str, index: int = 0) -> Any:
    """The f-curve of one slot (by its handle) at a data path and an index there, or None; makes nothing."""
    if not HAS_SLOTS:
        return action.fcurves.find(path, index=index)
    slot = slot_by_handle(action, handle)
    bags = (strip.channelbag(slot) for layer in action.layers for strip in layer.strips) if slot else ()
    return next((found for bag in bags if bag and (found := bag.fcurves.find(path, index=index))), None)


def new_curve(action: Any, handle: int, path: str, index: int, group: str) -> Any:
    """A new f-curve of one slot, in a group."""
    slot = slot_by_handle(action, handle)
    curve = curves_of(action, slot).new(path, index=index)
    curve.group = ensure_group(action, slot, group)
    return curve


def remove_curve(action: Any, handle: int, curve: Any) -> None:
    """Take an f-curve off its slot."""
    curves_of(action, slot_by_handle(action, handle)).remove(curve)


def slots_of(action: Any) -> list[Any]:
    """All slots of an action; before Blender 4.4 the one that stands for none."""
    return list(action.slots) if HAS_SLOTS else [None]


def ensure_group(action: Any, slot: Any, name: str) -> Any:
    """The f-curve group `name` of one slot."""
    groups = _channelbag(action, slot).groups if HAS_SLOTS else action.groups
    return groups.get(name) or groups.new(name)


def _channelbag(action: Any, slot: Any) -> Any:
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True)


def assign(user: Any, action: Any, slot: Any) -> None:
    """Give `user` (animation data or an NLA strip) an action and, where Blender has them, the slot: never by name."""
    if user.action != action:
        user.action = action
    if HAS_SLOTS:
        user.action_slot = slot


def assigned_slot(user: Any) -> Any:
    """The slot that `user` (animation data or an NLA strip) plays; None before Blender 4.4."""
    return user.action_slot if HAS_SLOTS else None


def strips(scene: Any) -> list[Any]:
    """Every strip of the scene's sequencer, those in meta strips too."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def new_sound_strip(scene: Any, name: str, path: Path, channel: int, frame: int) -> Any:
    """A sound strip on the scene's sequencer.  Needs `HAS_AUDIO`; raises RuntimeError where the file is no sound."""
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_sound(name=name, filepath=str(path), channel=channel, frame_start=frame)
    workspace = getattr(bpy.context, "workspace", None)
    if workspace is not None and hasattr(workspace, "sequencer_scene") and workspace.sequencer_scene is None:
        workspace.sequencer_scene = scene  # since 5.0 an editor shows the scene its workspace names
    return strip


def set_movie_output(render: Any) -> None:
    """Let `render` write movies."""
    if hasattr(render.image_settings, "media_type"):
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"


def set_image_output(render: Any) -> None:
    """Let `render` write PNG pictures."""
    if hasattr(render.image_settings, "media_type"):
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format = "PNG"


def is_retimed(strip: Any) -> bool:
    """Whether a strip plays its sound at another speed (Blender retimes sounds since 4.3)."""
    return HAS_AUDIO and len(getattr(strip, "retiming_keys", ())) > 0


def heard_frames(strip: Any) -> tuple[float, float]:
    """The frame from which a strip is heard and the one from which it is not any more (Blender 6 drops old names)."""
    if hasattr(strip, "left_handle"):
        return float(strip.left_handle), float(strip.right_handle)
    return float(strip.frame_final_start), float(strip.frame_final_end)


def content_frame(strip: Any) -> float:
    """The frame on which a strip's content would begin if nothing of it were trimmed."""
    if hasattr(strip, "content_trim_start"):
        return float(strip.content_start - strip.content_trim_start)
    return float(strip.frame_start - strip.animation_offset_start)


def move_strip(strip: Any, frames: int) -> None:
    """Move a strip, and what is in it, later by whole `frames`."""
    if hasattr(strip, "content_start"):
        strip.content_start += frames
    else:
        strip.frame_start += frames


def parent_meta(strip: Any) -> Any:
    """The meta strip that holds `strip`, or None."""
    return strip.parent_meta() if hasattr(strip, "parent_meta") else None


def active_strip(scene: Any) -> Any:
    """The active strip of a scene's sequencer, or None."""
    return scene.sequence_editor.active_strip if scene.sequence_editor else None


@contextlib.contextmanager
def sequencer_showing(scene: Any) -> Iterator[None]:
    """Let the sequencer's operators work on a scene meanwhile: since 5.0 a workspace may name another."""
    workspace = getattr(bpy.context, "workspace", None)
    if workspace is None or not hasattr(workspace, "sequencer_scene"):
        yield
        return
    before, workspace.sequencer_scene = workspace.sequencer_scene, scene
    try:
        yield
    finally:
        workspace.sequencer_scene = before


def sequencer_scene(context: Any) -> Any:
    """The scene whose strips the sequencer shows: since 5.0 a workspace may name another than the active one."""
    return getattr(context.workspace, "sequencer_scene", None) or context.scene
