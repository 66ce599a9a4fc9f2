"""Write a line onto a face: f-curves in bulk, key motions apart from in-betweens, nothing of anyone else's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import bpy
import numpy as np

from ..core import drives as driving
from ..core import errors, progress, property_drives
from ..face import Face
from . import columns as keys
from . import events, lines, markers, pending, place, store
from .columns import Columns
from .layers import Reach
from .layout import Own, Revising, Sheet, Span, begin, finish
from .timing import Points, Samples, Timeline, points_of, sample
from .writing import Journal, Pace, has_many_keys, insist

if TYPE_CHECKING:
    from kmtalk_core.take import Take


@dataclass(frozen=True)
class BakeOptions:
    """Where and how a line is written.

    name: what it is called; start: scene frame of the sound's second 0; foreign: where an artist's action already
    animates the face, ours goes "below" it or "above" (see `place.put`); error: 0 for a key on every frame, else how
    far a curve of few Bezier keys may be from the motion; uid: the line's number, a new one where empty; keeps_poses:
    whether what else was posed and not keyed at the playhead stays so: the scene is not evaluated anew at its frame;
    granted: what was asked for in the lists of a line that is there and is in what is written now.
    """

    name: str
    start: float = 1.0
    foreign: place.Foreign = "below"
    timeline_markers: bool = True
    error: float = 0.0
    uid: str = ""
    keeps_poses: bool = False
    granted: frozenset[pending.Wish] = frozenset()


@dataclass(frozen=True)
class BakeReport:
    """What was written: the line's number, the actions, how many f-curves, the first and last scene frame, the scene
    frame of every key of the take, what the user should know, and what was asked for too late."""

    uid: str
    actions: tuple[Any, ...]
    curves: int
    first: int
    last: int
    key_frames: tuple[int, ...]
    notes: tuple[str, ...] = field(default=())
    too_late: str = ""


def scene_fps(scene: Any) -> float:
    return float(scene.render.fps / scene.render.fps_base)


@dataclass(frozen=True)
class Prepared:
    """A take on its way into curves: all that can be worked out without Blender, in any thread.

    samples: by the number of the drive; None where the take does not move what it drives.
    """

    samples: tuple[Samples | None, ...]
    points: tuple[Mapping[int, Points], ...]

    @property
    def main(self) -> Samples:
        return next(samples for samples in self.samples if samples is not None)


def prepare(take: "Take", drives: Sequence[driving.Drive], timeline: Timeline, error: float = 0.0) -> Prepared:
    """The curves that `drives` make of a take.  Raises FaceError where none of them knows its motion."""
    samples = tuple(driven(take, drive, timeline) for drive in drives)
    if all(found is None for found in samples):
        raise errors.FaceError(
            f"This take moves {take.space.name} and the face {drives[0].space.name}: animate again with weights that "
            "fit the face."
        )
    points = (
        points_of(found, _moved(take, drive), error) if found else {}
        for found, drive in zip(samples, drives, strict=True)
    )
    return Prepared(samples, tuple(points))


def _moved(take: "Take", drive: driving.Drive) -> list[int]:
    """The drive's values that what the take moves can change; those of regions that it leaves alone are not touched."""
    wanted = str(take.settings.get("regions", "")).split(",")
    regions = {channel.region for channel in drive.space.channels}
    if not drive.space.has_names or not take.settings.get("regions") or regions <= set(wanted):
        return list(range(len(drive.curves)))
    made = drive.space.in_region(*wanted)
    probes = np.zeros((len(made) + 1, drive.space.width), np.float32)
    probes[np.arange(1, len(made) + 1), made] = 1.0
    values = drive(probes)
    return [int(number) for number in np.flatnonzero((np.abs(values[1:] - values[:1]) > 1e-6).any(axis=0))]


def driven(take: "Take", drive: driving.Drive, timeline: Timeline) -> Samples | None:
    """What `drive` makes of a take, at every frame of a scene; None where the take does not move its space."""
    track = take.track(drive.space.name)
    if track is None:
        return None
    frames = [key.frame for key in take.keys]
    if isinstance(drive, property_drives.StepDrive):
        weights = sample(drive.base(track.motion), take.fps, frames, timeline)
        return replace(weights, values=drive.stepped(weights.values), is_stepped=True)
    return sample(drive(track.motion), take.fps, frames, timeline)


Revise: TypeAlias = Callable[[int, int, Columns, Span | None], Columns]
"""What the keys of a curve become, by the number of its drive and of the drive's value: all of them, or those within a
span of frames."""


def bake(take: "Take", face: Face, scene: Any, options: BakeOptions, story: store.Story | None = None) -> BakeReport:
    """Write `take` onto every target of `face` as one line and keep it there; the scene's end may move later, never
    earlier.  Raises FaceError."""
    told = story or store.Story(options.name, start=options.start, fps=scene_fps(scene), error=options.error)
    told = replace(told, drive=face.signature())
    prepared = prepare(take, face.drives, told.timeline, options.error)
    return progress.finish(lay(prepared, take, store.take_bytes(take), lambda: (face, scene), told, options))


def lay(
    prepared: Prepared,
    take: "Take",
    data: bytes,
    find_place: Callable[[], tuple[Face, Any]],
    story: store.Story,
    options: BakeOptions,
    revise: Revise | None = None,
    spans: Sequence[Span] = (),
) -> progress.Job[BakeReport]:
    """Lay a take into the curves of a face as one line, a slice at a time, and keep it beside them.

    revise: where the line is there and its keys are to be made out of those that it has; spans: first and last scene
    frames between which alone it changes any, none where that is not known.  Raises FaceError with nothing changed.
    """
    samples = prepared.main
    uid = options.uid or lines.new_uid()
    reach = Reach.of(uid, int(samples.frames[0]), int(samples.frames[-1]), story.fps)
    own = {
        (drive, value): keys.of_points(points)
        for drive, each in enumerate(prepared.points)
        for value, points in each.items()
    }

    def attempt(journal: Journal, pace: Pace) -> progress.Job[list[Sheet]]:
        face, _ = find_place()
        sheets = begin(face, reach, journal)
        wanted: dict[tuple[int, int], Own] = dict(own)
        if revise is not None:
            wanted = {place: _revising(revise, *place) for place in own}
            for sheet in sheets if spans else ():
                sheet.narrow(spans)
        yield from lay_keys(wanted, face, sheets, journal, pace)
        journal.check()
        face, scene = find_place()
        put(face, scene, sheets, prepared, options)
        finish(sheets, story, data)
        return sheets

    sheets = yield from insist(attempt)
    face, scene = find_place()
    ref = lines.Ref(tuple(sheet.action for sheet in sheets), uid)
    report = _report(ref, face, prepared, sheets)
    told = _Told(ref, take, story, options, samples.key_frames, scene.session_uid)
    yield from Pace().certainly(told.steps(), lambda step: step(), "listing keys")  # for the curves are there
    return replace(report, too_late=told.too_late)


@dataclass
class _Told:
    """What tells of a line that was written: its lists and markers.  scene: its `session_uid`."""

    ref: lines.Ref
    take: "Take"
    story: store.Story
    options: BakeOptions
    key_frames: tuple[int, ...]
    scene: int
    too_late: str = ""

    def steps(self) -> list[Callable[[], None]]:
        """All that is to be done, one call after the other."""
        make_room, *list_some = markers.listing(self.ref, self.take, self.story)

        def begin() -> None:
            wishes = pending.wishes_of(self.ref.find()[0][1])
            self.too_late = pending.too_late(wishes - self.options.granted)
            events.list_events(self.ref, self.take, self.story)
            make_room()

        return [begin, self._mark_actions, self._mark_scene, *list_some, self._show]

    @property
    def _labels(self) -> list[str]:
        return [key.label for key in self.take.keys]

    def _mark_actions(self) -> None:
        markers.mark_actions(self.ref, self.key_frames, self._labels)

    def _mark_scene(self) -> None:
        for scene in self._scenes():
            if self.options.timeline_markers:
                markers.mark_scene(scene, self.ref, self.key_frames, self._labels)
            else:
                markers.clear_scene(scene, self.ref.uid)

    def _show(self) -> None:
        for scene in self._scenes() if not self.options.keeps_poses else ():
            scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)

    def _scenes(self) -> list[Any]:
        return [scene for scene in bpy.data.scenes if scene.session_uid == self.scene]


def _revising(revise: Revise, drive: int, value: int) -> Revising:
    return lambda old, within=None: revise(drive, value, old, within)


def lay_keys(
    own: Mapping[tuple[int, int], Own], face: Face, sheets: Sequence[Sheet], journal: Journal, pace: Pace
) -> progress.Job[None]:
    """Write the keys of a line into the actions of a face, with the ease to what lies before, after and under it."""
    units: list[tuple[Sheet, int, Any, Own | None, float]] = []
    for number, target in enumerate(face.targets):
        sheet, handle = next((s, s.handles[number]) for s in sheets if number in s.handles)
        rest, drive = target.rest(), face.drive_number(target)
        for value, curve in target.curves.items():
            if (drive, value) in own:
                units.append((sheet, handle, curve, own[drive, value], float(rest[value])))
        same = [other for other in face.targets if other.owner == target.owner]
        if same[0] is target:
            units += [(sheet, handle, curve, None, 0.0) for curve in sheet.forgotten(same, handle)]
    many_keys = has_many_keys(sheet.find() for sheet in sheets)
    write = lambda unit: unit[0].rewrite(*unit[1:], journal=journal)  # noqa: E731
    yield from pace.each(units, write, "writing curves", many_keys=many_keys)


def put(face: Face, scene: Any, sheets: Sequence[Sheet], prepared: Prepared, options: BakeOptions) -> None:
    """Let every target of `face` play its action, all at once.  Raises FaceError with nothing changed."""
    for target in face.targets:
        target.require_free()
    for number, target in enumerate(face.targets):
        sheet = next(sheet for sheet in sheets if number in sheet.handles)
        sheet.notes += filter(None, [target.own()])
        samples = prepared.samples[face.drive_number(target)]
        if samples is not None:
            target.widen(samples.values)
        action, slot = sheet.slot(number)
        place.put(target, action, slot, options.foreign)
        place.fit(target.owner, action)
        for curve in sheet.lost:
            curve.set(target.owner, 0.0)
        target.tag()
        sheet.notes += [note for note in place.conflicts(target, action) if note not in sheet.notes]
    if hasattr(face.owner, "kmtalk_face"):
        face.owner.kmtalk_face.action = sheets[0].find()
    scene.frame_end = max(scene.frame_end, int(prepared.main.frames[-1]))


def _report(ref: lines.Ref, face: Face, prepared: Prepared, sheets: Sequence[Sheet]) -> BakeReport:
    samples = prepared.main
    notes = [note for sheet in sheets for note in sheet.notes]
    notes += sheets[0].overlaps()
    return BakeReport(
        ref.uid,
        tuple(action for action, _ in ref.find()),
        sum(len(target.curves) for target in face.targets),
        int(samples.frames[0]),
        int(samples.frames[-1]),
        samples.key_frames,
        tuple(dict.fromkeys(notes)),
    )
