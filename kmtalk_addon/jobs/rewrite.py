"""Write the lines of a face anew: after its settings changed, or its shapes were built again."""

from dataclasses import replace
from typing import Any

from .. import options
from ..core import errors, progress
from ..take import changes, lines, pending, store
from ..take.writing import Pace
from . import lay
from .regenerate import settings_of


def rewrite(context: Any) -> progress.Job[str]:
    """The job that writes every line of the chosen face by its settings of now.  Raises KMTalkError."""
    actions = lines.actions_of(options.meshes_of(context))
    if not actions:
        raise errors.TakeError("The face plays no take of KMTalk's: animate from audio first.")
    face = lay.face_of(actions[:1], store.take_of(lines.chosen_in(actions)), options.meshes_of(context))
    lines.take_over(face)
    refs = [lines.ref_of(action, line) for action in actions[:1] for line in action.kmtalk_lines.lines]
    for ref in refs if len(refs) < 4 else ():
        _require_unedited(ref)
    return _write(refs, context.scene.session_uid)


def _require_unedited(ref: lines.Ref) -> None:
    found = ref.find()
    take, story = store.take_of(found[0][1]), store.story_of(found[0][1])
    if changes.read_changes(ref, lay.face_of([action for action, _ in found], take), take, story).edits:
        raise errors.TakeError(f"Keys of “{story.name}” were changed by hand: regenerate first, and apply then.")


def _write(refs: list[lines.Ref], scene: int) -> progress.Job[str]:
    names = []
    for number in dict.fromkeys(number for ref in refs for number in ref.actions):
        changed = yield from pending.count(number, pending.Memory(), Pace())
        for ref in refs:
            if ref.uid in changed:
                _require_unedited(ref)
    for ref in refs:
        found = ref.find()
        take, story = store.take_of(found[0][1]), store.story_of(found[0][1])
        face = lay.face_of([action for action, _ in found], take)
        find_place = lay.finder([item.session_uid for item in face.found_on or face.objects], scene, take)
        data = bytes(found[0][1].file)
        yield from lay.lay_take(take, data, find_place, replace(story), settings_of(story, ref, scene))
        names.append(f"“{story.name}”")
    return f"Applied to {', '.join(names)}"
