"""Regenerate: read what was changed by hand, have the engine complete the motion beside it, write those spans alone."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import options
from ..audio import sound
from ..core import edits as key_edits
from ..core import errors, progress
from ..core import take as takes
from ..engine import BuiltIn
from ..face import Face, vertices
from ..take import bake, changes, events, lines, pending, phones, store
from ..take.columns import Columns
from ..take.revision import Revision, spans_of
from ..take.writing import Pace
from . import lay
from .runner import desk, in_thread
from .sounds import sound_of, sounds

if TYPE_CHECKING:
    from kmtalk_core.take import Take

NOTHING = "No key was changed since the last run: edit one, and regenerate then."


def regenerate(context: Any) -> progress.Job[str]:
    """The job that completes every line of the chosen face that was changed by hand.  Raises KMTalkError."""
    actions = lines.actions_of(options.meshes_of(context))
    chosen = lines.chosen_in(actions)
    if chosen is None:
        raise errors.TakeError("Animate from audio first: the face plays no take of KMTalk's.")
    face = lay.face_of(actions[:1], store.take_of(chosen), options.meshes_of(context))
    lines.take_over(face)
    actions = lines.actions_of(face.objects)
    ref = lines.ref_of(actions[0], lines.chosen_in(actions))
    frame = context.scene.frame_current
    unkeyed = {ref.uid: changes.unkeyed_values(face, ref, frame)} if _is_on(ref, frame) else {}
    refs = [ref for action in actions[:1] for ref in lines.refs_of(action)]
    return _all(options.engine_of(context), context.scene.session_uid, refs, unkeyed)


def _is_on(ref: lines.Ref, frame: int) -> bool:
    line = ref.find()[0][1]
    return bool(line.first <= frame <= line.last)


def _all(engine: tuple[Any, tuple[str, ...]], scene: int, refs: Sequence[lines.Ref], unkeyed: Any) -> progress.Job[str]:
    changed: set[str] = {uid for uid, values in unkeyed.items() if values}
    for number in dict.fromkeys(number for ref in refs for number in ref.actions):
        changed |= set((yield from pending.count(number, pending.memory(), Pace())))
    said = []
    for ref in refs:
        if ref.uid in changed:
            yield from Pace().rest("looking")
            said.append((yield from _one(engine, scene, ref, unkeyed.get(ref.uid, {}))))
    told = [line for line in said if line]
    if not told:
        raise errors.TakeError(NOTHING)
    return ". ".join(told)


@dataclass(frozen=True)
class Waiting:
    """What was changed by hand on a line and waits for its answer; `others` are edits of its phones and events;
    wishes: what of it stands in its lists."""

    ref: lines.Ref
    story: store.Story
    take: "Take"
    edited: changes.Changes
    others: tuple[Any, ...]
    wishes: frozenset[pending.Wish]

    @property
    def edits(self) -> list[Any]:
        """As `complete` takes them.  Raises TakeError, by frames of the scene, for keys that cannot stand so."""
        asked = key_edits.read_edits(self.edited.edits, self.take).keys
        key_edits.plan_keys(self.take, asked, self._scene_frame)
        return [*self.edited.edits, *self.others]

    def _scene_frame(self, frame: int) -> int:
        return self.story.timeline.nearest_frame(frame / self.take.fps)


def waiting_on(ref: lines.Ref, unkeyed: Any = None) -> Waiting | None:
    """What waits on a line; None where nothing does.  Raises KMTalkError."""
    found = ref.find()
    line = found[0][1]
    story, take = store.story_of(line), store.take_of(line)
    face = lay.face_of([action for action, _ in found], take)
    edited = changes.read_changes(ref, face, take, story, unkeyed)
    others = (*events.edits_of(line, take, story), *(entry for _, entry in phones.asked_of(line)))
    return Waiting(ref, story, take, edited, others, pending.wishes_of(line)) if edited.edits or others else None


def _one(engine: tuple[Any, tuple[str, ...]], scene: int, ref: lines.Ref, unkeyed: Any) -> progress.Job[str]:
    """Complete one line; nothing to tell where no key of it was changed."""
    waiting = waiting_on(ref, unkeyed)
    if waiting is None:
        return ""
    if isinstance(engine[0], BuiltIn):
        completed, data = yield from completed_inside(engine[0], waiting)
    else:
        completed, data = yield from _completed_beside(engine, waiting)
    return (yield from write(scene, waiting, completed, data))


def completed_inside(engine: BuiltIn, waiting: Waiting) -> 'progress.Job[tuple["Take", bytes]]':
    """What Blender's own engine makes of a line that waits, and the file that it is kept as.  Raises KMTalkError."""
    heard = yield from sounds().heard_job(waiting.story)
    completed = yield from desk().workers.inside.complete(engine, waiting.take, heard.path, heard.span, waiting.edits)
    if not completed.space.has_names:
        return completed, b""
    return (yield from in_thread(lambda: store.kept(completed), "reading"))


def _completed_beside(engine: tuple[Any, tuple[str, ...]], waiting: Waiting) -> 'progress.Job[tuple["Take", bytes]]':
    """The same by an engine that works in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as name:
        heard = yield from sound.file_job(sound_of(waiting.story, Path(name)), Path(name))
        source, out = Path(name) / "take.npz", Path(name) / "completed.npz"
        takes.save_take(waiting.take, source)
        ask: dict[str, Any] = {"take": str(source), "audio": str(heard.path), "span": heard.span}
        yield from desk().workers.ask(*engine, "complete", **ask, edits=waiting.edits, out=str(out))
        return (yield from in_thread(lambda: store.remembered(out), "reading"))


def write(scene: int, waiting: Waiting, completed: "Take", data: bytes, keeps_poses: bool = False) -> progress.Job[str]:
    """Write what the engine made of a line where it changed; the sentence that tells of it.

    data: the completed take as a file; what is kept of one of vertices is made here; keeps_poses as in `BakeOptions`.
    Raises KMTalkError.
    """
    ref, story, take, edited = waiting.ref, waiting.story, waiting.take, waiting.edited
    found = ref.find()
    face = lay.face_of([action for action, _ in found], take)
    find_place = lay.finder([item.session_uid for item in face.found_on or face.objects], scene, completed)
    settings = replace(settings_of(story, ref, scene), keeps_poses=keeps_poses, granted=waiting.wishes)
    if story.drive and story.drive != face.signature():  # else old settings and new ones would mix
        report = yield from lay.lay_take(completed, data, find_place, story, settings)
        return lay.told(
            report, story.name, completed, face, ["all of it was written anew, for the face is driven otherwise"]
        )
    added = frozenset[int]()
    if completed.space.vertices:
        changed = (completed.motion != take.motion).any(axis=1)
        if changed.any():
            owner = face.owner.session_uid
            yield from vertices.fit([owner], completed.space, completed.motion[changed], keep=True)
        face, _ = find_place()
        added = _without_curves(face, ref)
        shapes = face.drive.shapes
        data = yield from in_thread(lambda: store.take_bytes(completed, shapes), "drawing curves")
    drives = face.drives
    revisions = yield from in_thread(
        lambda: [_revision(take, completed, drive, story, edited, n, added) for n, drive in enumerate(drives)],
        "drawing curves",
    )

    def revise(drive: int, channel: int, old: Columns, within: tuple[int, int] | None) -> Columns:
        revision = revisions[drive]
        return old if revision is None else revision.applied(old, channel, within)

    frames = {int(frame) for revision in revisions if revision is not None for frame in revision.frames}
    spans = spans_of(frames | edited.touched) if not story.error else []  # else keys beside what changes move too
    report = yield from lay.lay_take(completed, data, find_place, story, settings, revise, spans)
    count = max((len(revision.frames) for revision in revisions if revision is not None), default=0)
    of_all = max(len(revision.samples.frames) for revision in revisions if revision is not None)
    number = len(waiting.edits)
    what = f"{number} edit{'s' * (number != 1)}"
    said = f"“{story.name}”: {what}, {count} of {of_all} frames made anew"
    return ". ".join(filter(None, (said, report.too_late)))


def _revision(
    take: "Take", completed: "Take", drive: Any, story: store.Story, edited: changes.Changes, number: int, added: Any
) -> Revision | None:
    before, after = (bake.driven(each, drive, story.timeline) for each in (take, completed))
    if before is None or after is None:
        return None
    return Revision.between(before, after, edited.held[number], edited.lost, story.error, added)


def settings_of(story: store.Story, ref: lines.Ref, scene: int) -> bake.BakeOptions:
    """How a line that is there is written again: as it was, marked as the scene wishes it now."""
    settings = lay.find_scene(scene).kmtalk
    return bake.BakeOptions(
        story.name, story.start, settings.foreign, settings.timeline_markers, story.error, uid=ref.uid
    )


def _without_curves(face: Face, ref: lines.Ref) -> frozenset[int]:
    """The fitted keys that a line did not have when it was written."""
    noted = {name.split("|", 1)[1] for _, line in ref.find() for name in store.noted_curves(line)}
    return frozenset(n for target in face.targets for n, curve in target.curves.items() if curve.name not in noted)
