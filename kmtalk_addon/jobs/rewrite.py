"""Write the lines of a face anew: after its settings changed, or its shapes were built again."""

from dataclasses import replace
from functools import partial
from typing import Any

from .. import options
from ..core import errors, progress, reshaping
from ..settings import core_settings
from ..take import bake, lines, pending, store
from ..take.writing import Pace
from . import lay
from .regenerate import settings_of, waiting_on
from .runner import in_thread


def rewrite(context: Any) -> progress.Job[str]:
    """The job that writes every line of the chosen face by its settings of now.  Raises KMTalkError."""
    actions = lines.actions_of(options.meshes_of(context))
    if not actions:
        raise errors.TakeError("The face plays no take of KMTalk's: animate from audio first.")
    face = lay.face_of(actions[:1], store.take_of(lines.chosen_in(actions)), options.meshes_of(context))
    lines.take_over(face)
    refs = [ref for action in actions[:1] for ref in lines.refs_of(action)]
    for ref in refs if len(refs) < 4 else ():
        _require_unedited(ref)
    return _write(refs, context.scene.session_uid)


def reshape(context: Any) -> progress.Job[str]:
    """The job that gives every line of the chosen face the strengths, smoothing and delay of the scene.

    No sound is heard again and no engine is needed.  Raises KMTalkError.
    """
    scene = context.scene
    actions = lines.actions_of(options.meshes_of(context))
    if not actions:
        raise errors.TakeError("The face plays no take of KMTalk's: animate from audio first.")
    face = lay.face_of(actions[:1], store.take_of(lines.chosen_in(actions)), options.meshes_of(context))
    lines.take_over(face)
    refs = [ref for action in actions[:1] for ref in lines.refs_of(action)]
    asked = core_settings(scene.kmtalk, bake.scene_fps(scene))
    return _reshape(refs, scene.session_uid, {name: asked[name] for name in reshaping.RESHAPING if name in asked})


def _reshape(refs: list[lines.Ref], scene: int, values: dict[str, Any]) -> progress.Job[str]:
    names: list[str] = []
    notes: list[str] = []
    for ref in refs:
        found = ref.find()
        take, story = store.take_of(found[0][1]), store.story_of(found[0][1])
        if all(take.settings.get(name) == value for name, value in values.items()):
            continue
        _require_unedited(ref)
        try:
            made = yield from in_thread(partial(reshaping.reshape, take, values), "reshaping")
        except errors.TakeError as error:
            notes.append(f"“{story.name}”: {error}")
            continue
        face = lay.face_of([action for action, _ in found], take)
        find_place = lay.finder([item.session_uid for item in face.found_on or face.objects], scene, take)
        if made.space.has_names:
            data = yield from in_thread(partial(store.take_bytes, made), "reading")
        else:
            data = yield from lay.fit(made, face, ref.uid)
        story = replace(story, asked={**story.asked, **values})
        report = yield from lay.lay_take(made, data, find_place, story, settings_of(story, ref, scene))
        names.append(f"“{story.name}”")
        notes += filter(None, [report.too_late])
    if not names and not notes:
        raise errors.TakeError("Every line has these settings already.")
    told = [f"Strengths, smoothing and delay are now those of {', '.join(names)}"] if names else []
    return ". ".join([*told, *notes])


def _require_unedited(ref: lines.Ref) -> None:
    """Raises TakeError where keys, sounds or events of a line wait to be regenerated: writing it would drop them."""
    waiting = waiting_on(ref)
    if waiting is not None:
        raise errors.TakeError(f"“{waiting.story.name}” was changed by hand: regenerate first, and apply then.")


def _write(refs: list[lines.Ref], scene: int) -> progress.Job[str]:
    names: list[str] = []
    notes: list[str] = []
    for number in dict.fromkeys(number for ref in refs for number in ref.actions):
        changed = yield from pending.count(number, pending.memory(), Pace())
        for ref in refs:
            if ref.uid in changed:
                _require_unedited(ref)
    for ref in refs:
        found = ref.find()
        take, story = store.take_of(found[0][1]), store.story_of(found[0][1])
        face = lay.face_of([action for action, _ in found], take)
        find_place = lay.finder([item.session_uid for item in face.found_on or face.objects], scene, take)
        data = bytes(found[0][1].file)
        report = yield from lay.lay_take(take, data, find_place, replace(story), settings_of(story, ref, scene))
        names.append(f"“{story.name}”")
        notes += filter(None, [report.too_late])
    return ". ".join([f"Applied to {', '.join(names)}", *notes])
