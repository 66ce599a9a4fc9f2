"""The last part of every job that changes a line: its keys are worked out beside the window, laid, and told of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, options
from ..core import errors, progress
from ..face import Face, family, hindrances, vertices
from ..face.recognise import has_keys
from ..take import bake, lines, store
from .runner import in_thread

if TYPE_CHECKING:
    from kmtalk_core.take import Take

FindPlace = Callable[[], tuple[Face, Any]]
"""The face and the scene as they are now.  Raises FaceError."""


def lay_take(
    take: "Take",
    data: bytes,
    find_place: FindPlace,
    story: store.Story,
    settings: bake.BakeOptions,
    revise: bake.Revise | None = None,
    spans: Sequence[tuple[int, int]] = (),
) -> progress.Job[bake.BakeReport]:
    """Write a take as a line of a face.  Raises FaceError with nothing changed."""
    face, _ = find_place()
    drives, signature = face.drives, face.signature()
    story = replace(story, drive=signature)
    prepared = yield from in_thread(
        lambda: bake.prepare(take, drives, story.timeline, settings.error), "drawing curves"
    )

    def same_place() -> tuple[Face, Any]:
        found, scene = find_place()
        if [drive.curves for drive in found.drives] != [drive.curves for drive in drives]:
            raise errors.FaceError("The face's shape keys changed in the meantime: animate again.")
        return found, scene

    return (yield from bake.lay(prepared, take, data, same_place, story, settings, revise, spans))


def told(report: bake.BakeReport, name: str, take: "Take", face: Face, notes: Sequence[str] = ()) -> str:
    """What was done, for the user, and what of it cannot be seen."""
    notes = [*notes, *face.warnings, *hindrances.say(face, bpy.context.scene.kmtalk.foreign)]
    said = f"“{name}”: {len(take.keys)} key motions on frames {report.first} to {report.last}"
    return ". ".join(note.rstrip(".") for note in dict.fromkeys((said, *notes, *report.notes, report.too_late)) if note)


def fit(take: "Take", face: Face, uid: str) -> progress.Job[bytes]:
    """Shape keys for a take of vertices, and the take as it is kept.  Keys that other lines of the face play stay.

    Raises FaceError.
    """
    actions = lines.actions_of(face.objects)
    others = [line for action in actions for line in action.kmtalk_lines.lines if line.uid != uid]
    owner = face.owner.session_uid
    fitted = yield from vertices.fit([owner], take.space, take.motion, keep=bool(others))
    shapes = fitted.drive.shapes
    return (yield from in_thread(lambda: store.take_bytes(take, shapes), "drawing curves"))


def finder(objects: Sequence[int], scene: int, take: "Take", fps: float | None = None) -> FindPlace:
    """Finds the face that objects are to a take, and the scene, by their `session_uid`s.

    With `fps` the scene must still have that rate: what was asked for in frames of it is no more what was meant.
    """

    def find() -> tuple[Face, Any]:
        found = find_scene(scene)
        if fps is not None and bake.scene_fps(found) != fps:
            raise errors.FaceError("The scene's frame rate was changed in the meantime: animate again.")
        return options.face_of(find_objects(objects), take.space), found

    return find


def find_scene(number: int) -> Any:
    """The scene with this session_uid.  Raises FaceError."""
    found = next((scene for scene in bpy.data.scenes if scene.session_uid == number), None)
    if found is None:
        raise errors.FaceError("The scene was removed in the meantime: nothing was changed.")
    return found


def find_objects(numbers: Sequence[int]) -> list[Any]:
    """The objects with these session_uids.  Raises FaceError where one is gone."""
    by_number: Mapping[int, Any] = {item.session_uid: item for item in bpy.data.objects}
    if any(number not in by_number for number in numbers):
        raise errors.FaceError("A mesh of the face was deleted in the meantime: nothing was changed.")
    return [by_number[number] for number in numbers]


def face_of(actions: Sequence[Any], take: "Take", among: Sequence[Any] = ()) -> Face:
    """The face whose meshes play our actions; of several that play the same curves, those `among` the chosen ones.

    Raises FaceError.
    """
    playing = lines.objects_of(actions)
    meshes = [item for item in playing if has_keys(item)]
    if not meshes:  # a control rig alone plays it
        scene = bpy.context.scene
        meshes = list(dict.fromkeys(mesh for item in playing for mesh in family.with_keys(item, scene)))
        meshes = meshes or [item for item in among if item in playing] or playing[:1]  # of bones or properties
    players: dict[tuple[Any, int], list[Any]] = {}
    for item in meshes:
        key = getattr(item.data, "shape_keys", None)
        action = next((each for each in lines.played_by(key) if each in actions), None)
        if action is not None:
            slot = compat.slot_of(action, key)
            players.setdefault((action, compat.handle_of_slot(slot)), []).append(item)
    for several in players.values():
        chosen = [item for item in several if item in among]
        if len(several) > 1 and chosen:
            meshes = [item for item in meshes if item not in several or item in chosen]
    if not meshes:
        raise errors.FaceError("No mesh plays this take any more: assign its action, or animate from audio again.")
    return options.face_of(meshes, take.space)
