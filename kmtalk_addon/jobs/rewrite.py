"""Write the takes that a face plays anew: after its settings changed, or its shapes were built again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .. import options
from ..core import drives, errors, progress, spaces
from ..face import Face
from ..take import bake, changes, keys, store
from .animate import find_objects, find_scene, write_take
from .runner import in_thread


def rewrite(context: Any) -> progress.Job[str]:
    """The job that writes every take of the chosen face by its settings of now.  Raises KMTalkError."""
    found: dict[str, Any] = {}
    for action in keys.actions_of(options.meshes_of(context)):
        found.setdefault(store.story_of(action).name, action)
    if not found:
        raise errors.TakeError("The face plays no take of KMTalk's: animate from audio first.")
    work = []
    for name, action in found.items():
        actions = keys.siblings_of(action)
        face, story, take = keys.face_of(actions), store.story_of(action), store.take_of(action)
        if changes.read_changes(actions, face, take, story).edits:
            raise errors.TakeError(f"Keys of “{name}” were changed by hand: regenerate first, and apply then.")
        objects = tuple(mesh.item.session_uid for mesh in face.meshes)
        place = _finder(objects, context.scene.session_uid, take.space)
        story = replace(story, drive=drives.signature(face.drive))
        work.append((take, bytes(action.kmtalk_take.file), story, face.drive, place))
    return _write(work)


def write_all(face: Face, scene: int, take: Any, data: bytes, story: store.Story) -> progress.Job[str]:
    """Write all of a take, where its face is driven otherwise than it was.  Raises KMTalkError."""
    place = _finder(tuple(mesh.item.session_uid for mesh in face.meshes), scene, take.space)
    story = replace(story, drive=drives.signature(face.drive))
    return _write([(take, data, story, face.drive, place)])


def _finder(objects: tuple[int, ...], scene: int, space: spaces.MotionSpace) -> Callable[[], tuple[Face, Any]]:
    return lambda: (options.face_of(find_objects(objects), space), find_scene(scene))


def _write(work: list[tuple[Any, bytes, store.Story, Any, Callable[[], tuple[Face, Any]]]]) -> progress.Job[str]:
    for take, data, story, drive, place in work:
        prepared = yield from in_thread(
            lambda take=take, drive=drive, story=story: bake.prepare(take, drive, story.fps, story.options),
            "drawing curves",
        )
        yield from write_take(take, data, place, prepared, story)
    return f"Applied to {', '.join(f'“{story.name}”' for _, _, story, _, _ in work)}"
