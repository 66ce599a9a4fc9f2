"""A face that listens: a line without a sound in each gap between two of its lines."""

import contextlib
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from .. import options
from ..audio import sound
from ..core import errors, progress
from ..face import Face, actor, looking
from ..settings import core_settings
from ..take import bake, lines, store
from ..take.layers import Reach
from . import animate, change_lines, lay

NAME = "Listening"
_SHORTEST = 1.0
"""Seconds of a gap in which there is time to listen."""


def listen(context: Any, settings: Any, objects: Sequence[Any] = ()) -> progress.Job[str]:
    """The job that lets the chosen face, or that of `objects`, listen between its lines; what listened before is made
    anew.

    Raises KMTalkError.
    """
    meshes = list(objects) or options.meshes_of(context)
    face = options.face_of(meshes, options.space_of(context))
    if face.drive.space.vertices:
        raise errors.FaceError("A face of vertices has no lids and no gaze to listen with.")
    found = _lines_of(face)
    if not found:
        raise errors.TakeError("Animate from audio first: the face plays no take of KMTalk's.")
    return _listen(context, face, settings, found)


def _lines_of(face: Face) -> list[tuple[lines.Ref, store.Story, Reach]]:
    """Every line of the face, in order."""
    lines.take_over(face)
    actions = lines.actions_of(face.objects)
    return [
        (ref, store.story_of(line), lines.reach_of(line))
        for action in actions[:1]
        for ref, line in zip(lines.refs_of(action), action.kmtalk_lines.lines, strict=True)
    ]


def _listen(context: Any, face: Face, settings: Any, found: list[tuple[lines.Ref, store.Story, Reach]]) -> Any:
    scene = context.scene
    fps = bake.scene_fps(scene)
    numbers = [item.session_uid for item in face.found_on or face.objects]
    asked = animate.settings_for(face, settings, scene, fps) | {"listening": True, "delay": 0.0}
    error = settings.error if settings.bake_mode == "REDUCED" else 0.0
    engine = options.engine_of(context)
    spoken = sorted((reach for _, story, reach in found if not story.silent), key=lambda reach: reach.first)
    requests = []
    for start, seconds in gaps(spoken, fps):
        folder = tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True)
        kept = core_settings(settings, fps)
        story = store.Story(NAME, start=start, fps=fps, error=error, silent=seconds, asked=kept)
        requests.append(
            animate.Request(
                clip=sound.silence(NAME, seconds, start, Path(folder.name)),
                text=None,
                scene=scene.session_uid,
                objects=tuple(numbers),
                space=options.space_of(context),
                engine=engine[0],
                arguments=engine[1],
                settings=asked | {"seed": (int(asked["seed"]) + round(start)) % 2**31},
                options=bake.BakeOptions(
                    NAME, start, settings.foreign, timeline_markers=False, error=error, uid=lines.new_uid()
                ),
                story=story,
                folder=folder,
                marks=tuple(looking.marks(face, start, fps, seconds)),
                actor=actor.of(face.owner),
            )
        )
    earlier = [ref for ref, story, _ in found if story.silent]
    return _run(requests, earlier, numbers, scene.session_uid)


def gaps(spoken: Sequence[Reach], fps: float) -> list[tuple[int, float]]:
    """Between lines, in order: the first frame that a line may have there, and how many seconds.

    It begins when the line before has ended and is over when the next one begins, so that no line covers another.
    """
    found, last = [], None
    for reach in spoken:
        if last is not None:
            start, end = last.last + 1 + reach.lead, reach.begin - 1
            if (end - start) / fps >= _SHORTEST:
                found.append((start, (end - start) / fps))
        last = reach if last is None or reach.last > last.last else last
    return found


def _run(
    asked: Sequence[animate.Request], earlier: Sequence[lines.Ref], objects: Sequence[int], scene: int
) -> progress.Job[str]:
    try:
        for number, one in enumerate(asked):
            share, said = 1 / len(asked), f"gap {number + 1} of {len(asked)}, "
            yield from progress.within(animate.animate(one), number * share, (number + 1) * share, said)
    except BaseException:
        _finish_removing({one.options.uid for one in asked}, objects, scene)
        raise
    old = {ref.uid for ref in earlier}
    try:
        yield from _remove(old, objects, scene)
    except BaseException:  # else a gap would be listened to twice
        _finish_removing(old, objects, scene)
        raise
    if asked:
        return f"The face listens in {len(asked)} gap{'s' * (len(asked) != 1)} between its lines"
    gone = "; it listens no more" if earlier else ""
    return f"No gap of {_SHORTEST:g} s or more lies between two lines of the face{gone}"


def _remove(uids: Collection[str], objects: Sequence[int], scene: int) -> progress.Job[None]:
    """Remove those of some lines that are there."""
    for action in lines.actions_of(lay.find_objects(objects))[:1]:
        for ref in [ref for ref in lines.refs_of(action) if ref.uid in uids]:
            yield from change_lines.remove_job(ref, objects, scene)


def _finish_removing(uids: Collection[str], objects: Sequence[int], scene: int) -> None:
    with contextlib.suppress(errors.KMTalkError):  # another file may be open now
        progress.finish(_remove(uids, objects, scene))
