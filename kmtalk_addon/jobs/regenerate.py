"""Regenerate: read what was changed by hand, have the worker complete the motion beside it, write those spans alone."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from .. import compat, options
from ..audio import mixdown, sound
from ..core import drives, errors, progress
from ..core import take as takes
from ..face import Face, bones, vertices
from ..take import bake, changes, drafts, keys, store
from .animate import find_objects, find_scene
from .rewrite import write_all
from .runner import desk, in_thread


def regenerate(context: Any, action: Any) -> progress.Job[str]:
    """The job that completes the take of `action` after its edits.  Raises KMTalkError."""
    engine, arguments = options.engine_of(context)
    actions = keys.siblings_of(action)
    story, take = store.story_of(action), store.take_of(action)
    edited = changes.read_changes(actions, keys.face_of(actions), take, story)
    if not edited.edits:
        raise errors.TakeError("No key was changed since the last run: edit one, and regenerate then.")
    folder = tempfile.TemporaryDirectory(prefix="kmtalk_")
    path, mixed = _sound_of(story, Path(folder.name))
    numbers = tuple(item.session_uid for item in actions)
    return _complete(engine, arguments, numbers, context.scene.session_uid, story, take, edited, path, mixed, folder)


def _complete(
    engine: Any,
    arguments: tuple[str, ...],
    numbers: Sequence[int],
    scene: int,
    story: store.Story,
    take: Any,
    edited: changes.Changes,
    sound_path: Path,
    mixed: mixdown.Mixdown | None,
    folder: "tempfile.TemporaryDirectory[str]",
) -> progress.Job[str]:
    with folder as name:
        if mixed is not None:
            yield from mixdown.finish(mixed)
        source, out = Path(name) / "take.npz", Path(name) / "completed.npz"
        takes.save_take(take, source)
        yield from desk().workers.ask(
            engine,
            arguments,
            "complete",
            take=str(source),
            audio=str(sound_path),
            span=(story.begin, story.end),
            edits=edited.edits,
            out=str(out),
        )
        completed = yield from in_thread(lambda: takes.load_take(out), "reading")
        data = out.read_bytes() if completed.space.has_names else b""
    face = keys.face_of(_find_actions(numbers))
    if story.drive and story.drive != drives.signature(face.drive):  # else old settings and new ones would mix
        return (yield from write_all(face, scene, completed, data, story))
    owner, added = face.owner.session_uid, frozenset[int]()
    changed = (completed.motion != take.motion).any(axis=1)
    if completed.space.vertices and changed.any():
        face = yield from vertices.fit([owner], completed.space, completed.motion[changed], keep=True)
        added = _channels_without_curves(face, _find_actions(numbers))
    if completed.space.vertices:
        shapes = face.drive.shapes
        data = yield from in_thread(lambda: store.take_bytes(completed, shapes), "drawing curves")
    revision = yield from in_thread(lambda: keys.revise(face, take, completed, story, edited, added), "drawing curves")
    labels = [key.label for key in completed.keys]

    def attempt(begun: list[drafts.Draft], pace: drafts.Pace) -> progress.Job[None]:
        actions = _find_actions(numbers)
        written = yield from keys.apply(actions, keys.face_of(actions), revision, labels, begun, pace)
        for draft, curves in written.items():
            record = yield from in_thread(lambda curves=curves: store.record_of(curves), "writing curves")
            store.keep(draft.find(), data, story, record)
            yield from keys.list_keys(draft.find, completed, story, pace)
        yield from pace.rest("writing curves")
        for mesh in keys.face_of(_find_actions(numbers)).meshes:
            bake.widen_sliders(mesh, revision.samples.values)
            mesh.owner.update_tag()
        for draft in begun:
            drafts.finish(draft)
        bake.mark_scene(find_scene(scene), story.options, revision.samples.key_frames, labels)

    objects = [mesh.item.session_uid for mesh in face.meshes]
    yield from drafts.insist(attempt)
    bones.revise(options.face_of(find_objects(objects), completed.space), take, completed, story, edited.bones)
    count = len(revision.frames)
    return f"“{story.name}”: {len(edited.edits)} edits, {count} of {completed.frame_count} frames made anew"


def _channels_without_curves(face: Face, actions: Sequence[Any]) -> frozenset[int]:
    """The fitted keys that a take did not have when it was written."""
    noted = {name.split("|", 1)[1] for action in actions for name in store.noted_curves(action)}
    return frozenset(
        channel for mesh in face.meshes for channel, path in bake.data_paths(mesh).items() if path not in noted
    )


def _find_actions(numbers: Sequence[int]) -> list[Any]:
    by_number = {item.session_uid: item for item in bpy.data.actions}
    if any(number not in by_number for number in numbers):
        raise errors.TakeError("The take's action was deleted in the meantime: nothing was changed.")
    return [by_number[number] for number in numbers]


def _sound_of(story: store.Story, folder: Path) -> tuple[Path, mixdown.Mixdown | None]:
    """The sound that a take was made from: where it was, or in the strip of its name, and the mixdown it comes of.

    Raises AudioError.
    """
    path = Path(story.audio)
    name = re.split(r"[/\\]", story.audio)[-1]  # whatever system it was written on
    beside = Path(bpy.path.abspath(f"//{name}"))
    for candidate in (path, beside):
        if candidate.is_file():
            return candidate, None
    for scene in bpy.data.scenes:
        for strip in compat.strips(scene):
            if strip.type == "SOUND" and strip.name == story.name and strip.sound is not None:
                clip = sound.strip_clip(scene, scene, strip, folder)
                return clip.path, clip.mixing
    if not story.audio:
        raise errors.AudioError(f"“{story.name}” came without its sound: add it as a sound strip of that name.")
    raise errors.AudioError(f"The sound of “{story.name}” is gone: put {name} back, or add it as a strip of that name.")
