"""What answers a change: the engine inside Blender makes it in its thread, and it is written in one go."""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from .. import options
from ..core import errors, progress, reshaping
from ..engine import BuiltIn
from ..jobs import lay, regenerate
from ..jobs.runner import desk, in_thread
from ..jobs.sounds import sounds
from ..settings import core_settings
from ..take import bake, changes, lines, pending, store
from ..take.writing import Pace, find_action

if TYPE_CHECKING:
    from kmtalk_core.take import Take

Result = TypeVar("Result")

MOST_EDITS = 32
"""More changes at once than this are no edit of a key: they wait for Regenerate."""
NOT_FOLLOWED = ("minimum_key_gap", "key_density", "regions")
"""The settings that say which keys and which curves there are; all others a line follows while they are set."""


@dataclass(frozen=True)
class Posed:
    """Sliders of a line that were moved by hand and not keyed; `is_key` where a key motion lies at the frame, `is_gone`
    where another edit may have put them back since then."""

    ref: lines.Ref
    frame: int
    values: Any
    is_key: bool
    is_gone: bool = False


class PosedOnError(Exception):
    """The face was posed otherwise in the meantime, which what is to be written would hide."""


def edits_job(number: int, scene: int, engine: BuiltIn, posed: Posed | None = None) -> progress.Job[str]:
    """Answer what was changed by hand on the lines of an action; what is to be told of it.

    scene: the `session_uid` of the one that is shown; posed: how the face was seen to be posed.  Raises KMTalkError,
    and PosedOnError.
    """
    said: list[str] = []
    counts = yield from pending.count(number, pending.memory(), Pace())
    for uid in dict.fromkeys([*counts, *([posed.ref.uid] if posed else [])]):
        ref = _ref(number, uid)
        if ref is None or counts.get(uid, 0) > MOST_EDITS:
            continue
        frame, values = lay.find_scene(scene).frame_current, _unkeyed(ref, scene)
        shown = values
        if posed is not None and posed.ref.uid == uid and (posed.frame != frame or (posed.is_gone and not values)):
            values = posed.values
        waiting = regenerate.waiting_on(ref, values)
        if waiting is None or waiting.take.space.vertices or len(waiting.edits) > MOST_EDITS:
            continue
        completed, data = yield from regenerate.completed_inside(engine, waiting)
        is_still = lay.find_scene(scene).frame_current == frame
        if is_still and _unkeyed(ref, scene) != shown:
            raise PosedOnError
        said.append(at_once(regenerate.write(scene, waiting, completed, data, keeps_poses=True)))
    return ". ".join(said)


def posed(context: Any) -> Posed | None:
    """What of the face that is chosen was posed and not keyed at the frame that is shown; None for nothing.

    Where more than one action moves the face, or a frame between frames is shown, nobody can tell.
    """
    scene = context.scene
    if scene.frame_subframe or scene.render.frame_map_old != scene.render.frame_map_new:
        return None
    actions = [action for action in lines.actions_of(options.meshes_of(context)) if action.library is None]
    if not actions or any(lines.is_open(action) for action in actions):
        return None
    frame = scene.frame_current
    for line in reversed(actions[0].kmtalk_lines.lines):
        if line.first <= frame <= line.last:
            ref = lines.ref_of(actions[0], line)
            values = _unkeyed(ref, scene.session_uid)
            if values:
                return Posed(ref, frame, values, any(item.frame == frame for item in line.key_motions))
    return None


def _ref(number: int, uid: str) -> lines.Ref | None:
    """A line of an action that is still there, on a face that has its actions for itself."""
    action = find_action(number)
    line = lines.line_in(action, uid) if action is not None and action.library is None else None
    if line is None:
        return None
    playing = lines.objects_of([action])
    lines.take_over(lay.face_of([action], store.take_of(line), playing))
    line = lines.line_in(action, uid)  # a copy got a number of its own
    return lines.ref_of(action, line) if line is not None else None


def _unkeyed(ref: lines.Ref, scene: int) -> Any:
    """Sliders of the line at the playhead that were moved and not keyed: they would be lost when it is written."""
    frame = lay.find_scene(scene).frame_current
    found = ref.find()
    line = found[0][1]
    if not line.first <= frame <= line.last:
        return None
    face = lay.face_of([action for action, _ in found], store.take_of(line))
    return changes.unkeyed_values(face, ref, frame)


def settings_job(context: Any, ref: lines.Ref, engine: BuiltIn, known: Posed | None) -> progress.Job[str]:
    """Have a line follow the settings of the scene that is shown.

    known: how the face was seen to be posed.  Raises KMTalkError, and PosedOnError where it is posed otherwise.
    """
    scene = context.scene.session_uid
    found = ref.find()
    line = found[0][1]
    story, take = store.story_of(line), store.take_of(line)
    values = differing(line, scene)
    if not values or take.space.vertices:
        return ""
    if regenerate.waiting_on(ref) is not None:
        return f"“{story.name}” does not follow its settings before what was changed by hand is regenerated"
    made = yield from _made_job(take, story, values, engine)
    made, data = yield from in_thread(lambda: store.kept(made), "reading")
    face = lay.face_of([action for action, _ in ref.find()], take)
    find_place = lay.finder([item.session_uid for item in face.found_on or face.objects], scene, made)
    story = replace(story, asked={**story.asked, **values})
    how = replace(regenerate.settings_of(story, ref, scene), keeps_poses=True)
    now = posed(context)
    if now is not None and now.is_key and now != known:
        raise PosedOnError
    at_once(lay.lay_take(made, data, find_place, story, how))
    return f"“{story.name}” follows {', '.join(sorted(name.replace('_', ' ') for name in values))}"


def _made_job(take: "Take", story: store.Story, values: Mapping[str, Any], engine: BuiltIn) -> "progress.Job[Take]":
    """The take with other settings: from itself where that is possible, else from its sound."""
    if all(name in reshaping.RESHAPING for name in values):
        try:
            return (yield from in_thread(lambda: reshaping.reshape(take, values), "reshaping"))
        except errors.TakeError:  # it was made too weak or too smooth for that
            pass
    heard = yield from sounds().heard_job(story)
    return (yield from desk().workers.inside.again(engine, take, heard.path, heard.span, values))


def differing(line: Any, scene: int) -> dict[str, Any]:
    """The settings of a scene that a line follows and was not made with."""
    shown = lay.find_scene(scene)
    asked = core_settings(shown.kmtalk, bake.scene_fps(shown))
    was = store.take_of(line).settings
    found = {}
    for name in asked.keys() - set(NOT_FOLLOWED):
        if name not in was or (name.startswith("look_") and shown.kmtalk.look_at is not None):
            continue
        old, new = was[name], asked[name]
        if abs(old - new) > 1e-6 if isinstance(old, float) and isinstance(new, (int, float)) else old != new:
            found[name] = new
    return found


def at_once(job: Generator[Any, None, Result]) -> Result:
    """Run a job to its end here and now; what works in threads gets its turn."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        time.sleep(0)


def chosen_line(context: Any) -> lines.Ref | None:
    """The line that is chosen on the face that is chosen, where it can be written to."""
    actions = [action for action in lines.actions_of(options.meshes_of(context)) if action.library is None]
    line = lines.chosen_in(actions)
    return None if line is None else _ref(actions[0].session_uid, line.uid)
