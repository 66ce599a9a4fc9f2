"""Key motions as an artist sees them: their list, and what Regenerate writes beside those that were changed."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat
from ..core import errors, progress
from ..face import Face, find_face, vertices
from ..ui.labels import shown
from . import bake, changes, drafts, fcurves, markers, store
from .revision import Revision

if TYPE_CHECKING:
    from kmtalk_core.take import Key, Take


def list_keys(find: Callable[[], Any], take: "Take", story: store.Story, pace: drafts.Pace) -> progress.Job[None]:
    """Fill the list of the action that `find` gives with the keys of its take."""
    find().kmtalk_take.keys.clear()

    def add(key: "Key") -> None:
        item = find().kmtalk_take.keys.add()
        item.name = shown(key.label)
        item.frame = story.timeline.nearest_frame(key.frame / take.fps)
        item.time, item.confidence, item.state = key.time, key.confidence, key.state

    yield from pace.each(take.keys, add, "listing keys")
    listed = find().kmtalk_take
    if listed.key_index >= len(listed.keys):
        listed.key_index = 0


def actions_of(objects: Iterable[Any]) -> list[Any]:
    """The actions with a take that the shape keys of `objects` play, most prominent first."""
    found: list[Any] = []
    for item in objects:
        keys = getattr(item.data, "shape_keys", None)
        animation = keys.animation_data if keys else None
        if animation is None:
            continue
        played = [
            animation.action,
            *(strip.action for track in reversed(animation.nla_tracks) for strip in track.strips),
        ]
        found += [action for action in played if store.is_ours(action) and action not in found]
    return found


def siblings_of(action: Any) -> list[Any]:
    """All actions of the same take, `action` first: one, or one a mesh where actions have no slots."""
    name = store.story_of(action).name
    others = (other for other in bpy.data.actions if store.is_ours(other) and other.library is None)
    return [action, *(other for other in others if other != action and store.story_of(other).name == name)]


def face_of(actions: Sequence[Any]) -> Face:
    """The meshes that play one of `actions`.  Raises FaceError."""
    objects = []
    for item in bpy.data.objects:
        if getattr(item.data, "shape_keys", None) and any(a in actions for a in actions_of([item])):
            objects.append(item)
    if not objects:
        raise errors.FaceError("No mesh plays this take any more: assign its action, or animate from audio again.")
    played = {curve.data_path for action in actions for curve in store.curves_by_name(action).values()}
    found = (vertices.space_of(item, played) for item in objects)
    space = next((space for space in found if space.vertices), None)
    return vertices.find_face(objects, space) if space else find_face(objects)


def revise(
    face: Face, old: "Take", new: "Take", story: store.Story, hand: changes.Changes, added: frozenset[int]
) -> Revision:
    """Work out what Regenerate has to write; no Blender needed.  Values set by hand are among it as they are; the
    channels `added` have no curves yet."""
    before, after = (bake.driven(take, face.drive, story.timeline) for take in (old, new))
    return Revision.between(before, after, hand.held, hand.lost, story.error, added)


def apply(
    actions: Sequence[Any],
    face: Face,
    revision: Revision,
    labels: Sequence[str],
    begun: list[drafts.Draft],
    pace: drafts.Pace,
) -> progress.Job[dict[drafts.Draft, dict[str, Any]]]:
    """Write a revision onto drafts of a take's actions, which it adds to `begun`; every other key of every curve stays
    as it is.  Returns the keys of all curves by draft.  Raises DraftGoneError where an undo came between."""
    units: list[tuple[drafts.Draft, int, str, int]] = []
    for action in actions:
        draft = drafts.begin(action[drafts.TAG], action)
        begun.append(draft)
        for mesh in face.meshes:
            if not compat.plays(mesh.owner, action):
                continue
            slot = compat.slot_of(action, mesh.owner)
            paths = {curve.data_path for curve in compat.read_curves(action, slot)}
            handle, wanted = slot.handle if slot else 0, bake.data_paths(mesh).items()
            units += [(draft, handle, path, c) for c, path in wanted if path in paths or c in revision.added]
    written: dict[drafts.Draft, dict[str, Any]] = {draft: {} for draft in begun}

    def write_one(unit: tuple[drafts.Draft, int, str, int]) -> None:
        draft, handle, path, channel = unit
        if channel in revision.added:
            bake.write_curve(draft.find(), handle, path, revision.points(channel))
        else:
            revision.write(bake.curve_at(draft.find(), handle, path), channel)
        curve = bake.curve_at(draft.find(), handle, path)
        written[draft][fcurves.full_name(handle, path)] = fcurves.positions(curve)[:2]

    yield from pace.each(units, write_one, "writing curves")
    for draft in begun:
        for marker in markers.added_on_action(draft.find()):
            draft.find().pose_markers.remove(marker)
        yield from markers.write_on_action(draft.find, revision.samples.key_frames, labels, pace)
    return written


def add_key(action: Any, frame: int) -> None:
    """Ask for a new key motion at a scene frame; Regenerate makes it."""
    listed = action.kmtalk_take
    marker = action.pose_markers.new("key")
    marker.frame = frame
    index = sum(item.frame < frame for item in listed.keys)
    item = listed.keys.add()
    item.name, item.frame, item.confidence, item.state = "·", frame, 1.0, "added"
    item.time = store.story_of(action).timeline.time_at(frame)
    listed.keys.move(len(listed.keys) - 1, index)
    listed.key_index = index


def delete_key(action: Any, index: int) -> None:
    """Ask for a key motion to go; Regenerate lets the motion run through."""
    listed = action.kmtalk_take
    frame = listed.keys[index].frame
    its = [marker for marker, put in markers.on_action(action) if put == frame]
    for marker in its + [marker for marker in markers.added_on_action(action) if marker.frame == frame]:
        action.pose_markers.remove(marker)
    listed.keys.remove(index)


def restore(action: Any, frame: int) -> None:
    """Give the curves the values at a scene frame that they were written with."""
    noted = store.noted_curves(action)
    for name, curve in store.curves_by_name(action).items():
        fcurves.restore(curve, *noted.get(name, ((), ())), frame)
