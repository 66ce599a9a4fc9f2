"""Write a take onto a face: f-curves in bulk, key motions apart from in-betweens, markers, nothing of anyone else's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import bpy

from .. import compat
from ..core import drives, errors, progress
from ..face import Face, KeyTarget
from ..ui.labels import shown
from . import drafts, fcurves, markers
from .timing import FloatArray, Points, Samples, Timeline, points_of, sample

if TYPE_CHECKING:
    from kmtalk_core.take import Take

_GROUP = "KMTalk"
_REST = "kmtalk_rest"
"""Custom property of an action that lets a face rest; no take's name can be it."""
_SLIDER_LIMIT = 10.0


@dataclass(frozen=True)
class BakeOptions:
    """Where and how a take is written.

    name: names action and markers, and finds them again at the next run. start: scene frame of the sound's second 0.
    foreign: where an artist's action already animates the shape keys, ours becomes an NLA strip "below" it (the
    artist's curves win where both hold a key) or goes "above" it (theirs is pushed down to an NLA track, untouched).
    error: 0 for a key on every frame, else how far a curve of few Bezier keys may be from the motion.
    """

    name: str
    start: float = 1.0
    foreign: Literal["below", "above"] = "below"
    timeline_markers: bool = True
    error: float = 0.0


@dataclass(frozen=True)
class BakeReport:
    """What was written: actions, f-curves, first and last scene frame, the scene frame of every key of the take, and
    what the user should know."""

    actions: tuple[Any, ...]
    curves: int
    first: int
    last: int
    key_frames: tuple[int, ...]
    notes: tuple[str, ...] = field(default=())


def scene_fps(scene: Any) -> float:
    return float(scene.render.fps / scene.render.fps_base)


@dataclass(frozen=True)
class Prepared:
    """A take on its way into curves: all that can be worked out without Blender, in any thread."""

    channels: tuple[str, ...]
    samples: Samples
    points: Mapping[int, Points]
    labels: tuple[str, ...]


def prepare(take: "Take", drive: drives.Drive, fps: float, options: BakeOptions) -> Prepared:
    """The curves that `drive` makes of a take at a scene's rate `fps`.  Raises FaceError."""
    samples = driven(take, drive, Timeline(fps, options.start))
    points = points_of(samples, range(len(drive.curves)), options.error)
    return Prepared(drive.curves, samples, points, tuple(shown(key.label) for key in take.keys))


def driven(take: "Take", drive: drives.Drive, timeline: Timeline) -> Samples:
    """What `drive` makes of a take, at every frame of a scene.  Raises FaceError where it knows no such motion."""
    if take.space != drive.space:
        raise errors.FaceError(
            f"This take moves {take.space.name} and the face {drive.space.name}: "
            "animate again with weights that fit the face."
        )
    return sample(drive(take.motion), take.fps, [key.frame for key in take.keys], timeline)


def bake(take: "Take", face: Face, scene: Any, options: BakeOptions) -> BakeReport:
    """Write `take` onto every mesh of `face`; the scene's end may move later, never earlier.  Raises FaceError."""
    prepared = prepare(take, face.drive, scene_fps(scene), options)
    begun: list[drafts.Draft] = []
    try:
        drawing = progress.finish(draw(prepared, face, options, begun, drafts.Pace()))
        return put(drawing, prepared, face, scene, options)
    finally:
        drafts.discard(begun)


@dataclass(frozen=True)
class Drawing:
    """What was drawn: the drafts, each with the channels of its curves by their names (`store.curve_name`); the draft
    and the slot's handle of each mesh, in the order of the face's; and the data paths of each that lost their curves,
    for shape keys that the face does not drive any more."""

    curves: Mapping[drafts.Draft, Mapping[str, int]]
    places: tuple[tuple[drafts.Draft, int], ...]
    forgotten: tuple[tuple[str, ...], ...]


def draw(
    prepared: Prepared, face: Face, options: BakeOptions, begun: list[drafts.Draft], pace: drafts.Pace
) -> progress.Job[Drawing]:
    """Write the curves and markers of a take onto drafts, which it adds to `begun`; the scene stays as it is.

    Raises FaceError, or DraftGoneError where an undo came between.
    """
    places: list[tuple[drafts.Draft, int]] = []
    forgotten: list[tuple[str, ...]] = []
    units: list[tuple[drafts.Draft, int, str, int]] = []
    for mesh in face.meshes:
        _require_free(mesh)
        draft, handle = _begin(options.name, mesh, begun)
        paths = data_paths(mesh)
        forgotten.append(_forget_others(draft.find(), handle, set(paths.values())))
        places.append((draft, handle))
        units += [(draft, handle, path, channel) for channel, path in paths.items()]

    def write_one(unit: tuple[drafts.Draft, int, str, int]) -> None:
        draft, handle, path, channel = unit
        write_curve(draft.find(), handle, path, prepared.points[channel])

    yield from pace.each(units, write_one, "writing curves")
    for draft in begun:
        yield from markers.write_on_action(draft.find, prepared.samples.key_frames, prepared.labels, pace)
    if any(curve_at(draft.find(), handle, path) is None for draft, handle, path, _ in units):
        raise drafts.DraftGoneError  # an undo and a redo brought an unfinished draft back
    curves: dict[drafts.Draft, dict[str, int]] = {draft: {} for draft in begun}
    for draft, handle, path, channel in units:
        curves[draft][fcurves.full_name(handle, path)] = channel
    return Drawing(curves, tuple(places), tuple(forgotten))


def put(drawing: Drawing, prepared: Prepared, face: Face, scene: Any, options: BakeOptions) -> BakeReport:
    """Let the meshes of `face` play what was drawn for them, all at once.  Raises FaceError with nothing changed."""
    for mesh in face.meshes:
        _require_free(mesh)
    samples = prepared.samples
    actions = {draft: drafts.finish(draft) for draft in drawing.curves}
    notes: list[str] = []
    for mesh, (draft, handle), forgotten in zip(face.meshes, drawing.places, drawing.forgotten, strict=True):
        _let_go(mesh, forgotten)
        action = actions[draft]
        notes += filter(None, [mesh.own()])
        widen_sliders(mesh, samples.values)
        place(action, compat.slot_by_handle(action, handle), mesh, samples, options)
        mesh.owner.update_tag()
        mesh.item.data.update()
        notes += _conflicts(action, mesh)
    mark_scene(scene, options, samples.key_frames, prepared.labels)
    first, last = int(samples.frames[0]), int(samples.frames[-1])
    scene.frame_end = max(scene.frame_end, last)
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
    curves = sum(len(mesh.shape_keys) for mesh in face.meshes)
    return BakeReport(tuple(actions.values()), curves, first, last, samples.key_frames, tuple(notes))


def _require_free(mesh: KeyTarget) -> None:
    animation = mesh.owner.animation_data
    if animation is not None and animation.use_tweak_mode:
        raise errors.FaceError(
            f"“{mesh.item.name}” is in the NLA's tweak mode: leave it (Tab in the NLA editor) before baking."
        )


def _begin(name: str, mesh: KeyTarget, begun: list[drafts.Draft]) -> tuple[drafts.Draft, int]:
    """The draft of our action for the take `name`, one for all meshes where actions have slots, else one a mesh; and
    the handle of the mesh's slot (0 before Blender 4.4)."""
    tag = name if compat.HAS_SLOTS else f"{name} ({mesh.item.name})"
    is_own = (action for action in bpy.data.actions if action.get(drafts.TAG) == tag and action.library is None)
    old = next(is_own, None)
    draft = next((draft for draft in begun if draft.tag == tag), None)
    if draft is None:
        draft = drafts.begin(tag, old)
        begun.append(draft)
    slot = compat.same_slot(draft.find(), compat.slot_of(old, mesh.owner)) if old else None
    slot = slot or compat.ensure_slot(draft.find(), mesh.owner)
    return draft, slot.handle if slot else 0


def _is_ours(action: Any) -> bool:
    return drafts.TAG in action


def _forget_others(action: Any, handle: int, paths: set[str]) -> tuple[str, ...]:
    """Remove our curves for shape keys that the face does not drive; their paths.  Curves of an artist's stay."""
    curves = compat.curves_of(action, compat.slot_by_handle(action, handle))
    others = [curve for curve in curves if _in_group(curve) and curve.data_path not in paths]
    gone = tuple(curve.data_path for curve in others)
    for curve in others:
        curves.remove(curve)
    return gone


def _let_go(mesh: KeyTarget, paths: Iterable[str]) -> None:
    """Give shape keys that lost their curves the value 0, where they are still there."""
    by_path = {data_path(block.name): block for block in mesh.owner.key_blocks}
    for path in paths:
        if path in by_path:
            by_path[path].value = 0.0


def curve_at(action: Any, handle: int, path: str) -> Any:
    """The f-curve of one slot at a data path, or None."""
    return compat.curves_of(action, compat.slot_by_handle(action, handle)).find(path)


def write_curve(action: Any, handle: int, path: str, points: Points) -> None:
    """Give one curve the keys `points` and no others; what an artist set on the curve itself stays."""
    slot = compat.slot_by_handle(action, handle)
    curve = curve_at(action, handle, path)
    if curve is None:
        curve = compat.curves_of(action, slot).new(path)
        curve.group = compat.ensure_group(action, slot, _GROUP)
    curve.keyframe_points.clear()
    fcurves.fill(curve, points)


def _in_group(curve: Any) -> bool:
    return curve.group is not None and curve.group.name == _GROUP


def data_paths(mesh: KeyTarget) -> dict[int, str]:
    """Data path of the shape-key value by channel."""
    return {channel: data_path(name) for channel, name in mesh.shape_keys.items()}


def data_path(name: str) -> str:
    """Data path of the value of the shape key `name`."""
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


def widen_sliders(mesh: KeyTarget, values: FloatArray) -> None:
    """Let the sliders of a mesh take `values` (F, channels): Blender clamps f-curves to them too."""
    lowest, highest = values.min(axis=0), values.max(axis=0)
    for channel, name in mesh.shape_keys.items():
        block = mesh.owner.key_blocks[name]
        block.slider_max = max(block.slider_max, min(float(highest[channel]), _SLIDER_LIMIT))
        block.slider_min = min(block.slider_min, max(float(lowest[channel]), -_SLIDER_LIMIT))


def place(action: Any, slot: Any, mesh: KeyTarget, samples: Samples, options: BakeOptions) -> None:
    """Let the action play: as the active one where that place is free, else on an NLA track of its own."""
    animation = mesh.owner.animation_data or mesh.owner.animation_data_create()
    strip = _own_strip(animation, action, slot)
    if strip is not None:
        _let_rest(mesh)
        _fit(strip, samples)
    elif animation.action is None or animation.action == action:
        compat.assign(animation, action, slot)
    elif _is_ours(animation.action):
        earlier, earlier_slot = animation.action, compat.assigned_slot(animation)
        animation.action = None
        _let_rest(mesh)
        _add_strip(animation, earlier, earlier_slot)
        _add_strip(animation, action, slot)
    elif options.foreign == "above":
        _push_down(animation)
        compat.assign(animation, action, slot)
    else:
        _let_rest(mesh)
        _add_strip(animation, action, slot)


def _let_rest(mesh: Any) -> None:
    """Hold shape keys at 0 wherever no strip plays, by a track below all others: only Blender 5.0 needs it.

    Nothing can be put below tracks that are there already.
    """
    if not (compat.KEYS_REST_AT_ONE and isinstance(mesh, KeyTarget)):
        return
    animation = mesh.owner.animation_data
    strips = (strip for track in animation.nla_tracks for strip in track.strips)
    strip = next((strip for strip in strips if strip.action and _REST in strip.action), None)
    if strip is None and len(animation.nla_tracks):
        return
    action = strip.action if strip else bpy.data.actions.new(f"KMTalk: rest of {mesh.item.name}")
    action[_REST] = True
    slot = compat.assigned_slot(strip) if strip else compat.ensure_slot(action, mesh.owner)
    curves = compat.curves_of(action, slot)
    for path in data_paths(mesh).values():
        if curves.find(path) is None:
            curves.new(path).keyframe_points.insert(1, 0.0)
    if strip is None:
        _add_strip(animation, action, slot)
        animation.nla_tracks[0].strips[0].extrapolation = "HOLD"


def _own_strip(animation: Any, action: Any, slot: Any) -> Any:
    strips = (strip for track in animation.nla_tracks for strip in track.strips)
    return next((s for s in strips if s.action == action and compat.assigned_slot(s) == slot), None)


def _add_strip(animation: Any, action: Any, slot: Any) -> None:
    """A track for one take, which holds the face during its own frames only."""
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    compat.assign(strip, action, slot)
    strip.extrapolation = "NOTHING"


def _fit(strip: Any, samples: Samples) -> None:
    """Blender clamps start against end, so the end goes first."""
    first, last = float(samples.frames[0]), float(max(samples.frames[-1], samples.frames[0] + 1))
    strip.action_frame_end = max(strip.action_frame_end, last)
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_end = max(strip.frame_end, last)
    strip.frame_start, strip.frame_end = first, last


def _push_down(animation: Any) -> None:
    """Move the artist's action to an NLA track with everything it was set to, as Blender's own Push Down does."""
    action, slot = animation.action, compat.assigned_slot(animation)
    extrapolation, blend, influence = (
        animation.action_extrapolation,
        animation.action_blend_type,
        animation.action_influence,
    )
    animation.action = None
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    compat.assign(strip, action, slot)
    strip.extrapolation, strip.blend_type, strip.influence = extrapolation, blend, influence


def _conflicts(action: Any, mesh: KeyTarget) -> Iterable[str]:
    """What keeps some of the written shape keys from moving."""
    animation = mesh.owner.animation_data
    ours = set(data_paths(mesh).values())
    if animation.action is None or animation.action == action:
        return
    held = {curve.data_path for curve in compat.read_curves(animation.action, compat.assigned_slot(animation))} & ours
    if held:
        yield (
            f"{len(held)} shape keys of “{mesh.item.name}” keep the animation of “{animation.action.name}”: "
            "bake above it to let the take move them."
        )


def mark_scene(scene: Any, options: BakeOptions, frames: Sequence[int], labels: Sequence[str]) -> None:
    """One marker a key motion on the scene's timeline, named by its phone, where that is wished."""
    wished = options.timeline_markers
    markers.write_on_scene(scene, options.name, frames if wished else (), labels if wished else ())
