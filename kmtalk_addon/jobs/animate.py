"""Animate from audio: what to do is fixed when the button is pressed, and found again by number when it is done."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, options
from ..audio import sound, strips
from ..core import edits, errors, progress, spaces
from ..core import take as takes
from ..engine import BuiltIn, Engine
from ..face import actor, looking, moving
from ..settings import core_settings
from ..take import bake, changes, events, known, lines, pending, phones, place, store
from ..take import earlier as earlier_takes
from . import lay
from .runner import desk, in_thread

if TYPE_CHECKING:
    from kmtalk_core.take import Take


@dataclass(frozen=True)
class Request:
    """One run, without a single pointer into Blender's data: they do not survive an undo or another file.

    scene, objects: `session_uid`s.  settings: as `kmtalk_core.settings` knows them.  earlier: the line of the same
    sound that is made anew, None for a new one; spliced: seconds of the clip that alone may change; strip_of: the sound
    file that is put on the timeline too, empty where it is there already or not wished.
    """

    clip: sound.Clip
    text: str | None
    scene: int
    objects: tuple[int, ...]
    space: spaces.MotionSpace
    engine: Engine | BuiltIn
    arguments: tuple[str, ...]
    settings: Mapping[str, Any]
    options: bake.BakeOptions
    story: store.Story
    folder: "tempfile.TemporaryDirectory[str]"
    earlier: lines.Ref | None = None
    spliced: tuple[float, float] | None = None
    text_notes: tuple[str, ...] = ()
    textgrid: Path | None = None
    strip_of: str = ""
    starts_over: bool = False
    marks: tuple[Mapping[str, Any], ...] = ()
    actor: Mapping[str, Any] | None = None


def request(
    context: Any,
    settings: Any,
    *,
    strip: str = "",
    file: str = "",
    objects: Sequence[Any] = (),
    text: str = "",
    found: tuple[Any, Any] | None = None,
) -> Request:
    """What `settings` (a scene's, or an operator's) ask for; the other arguments win over what the scene has chosen.

    found: the scene and the strip where they are known already.  Raises KMTalkError.
    """
    scene = context.scene
    moving.forget()
    space = options.space_of(context)
    face = options.face_of(list(objects) or options.meshes_of(context), space)
    for target in face.targets:
        target.require_free()
    earlier_takes.bring(face)
    lines.take_over(face)
    folder = tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True)
    frames = (settings.range_start, settings.range_end) if settings.use_range else None
    number, wanted_strip = "", ""
    called = ""
    if found is None and (file or (scene.kmtalk.source == "FILE" and not strip)):
        path = Path(bpy.path.abspath(file)) if file else options.sound_path(context)
        found = sound.strip_of_file(scene, path)
        if found is None and settings.add_strip and compat.HAS_AUDIO:
            number, wanted_strip = strips.new_mark(), str(path)
    if found is None and (wanted_strip or file or (scene.kmtalk.source == "FILE" and not strip)):
        make = lambda wanted: sound.file_clip(scene, path, wanted)  # noqa: E731
        frame_of = None
    else:
        home, chosen = found or options.strip_of(context, strip)
        called = chosen.name
        path = sound.original_path(chosen.sound) if chosen.sound else Path()
        number = strips.mark(home, chosen)
        frame_of = partial(sound.frame_of, scene, home, chosen)
        make = lambda wanted: sound.strip_clip(scene, home, chosen, Path(folder.name), wanted)  # noqa: E731
    earlier = known.line_of(face, number if not wanted_strip else "", str(path), called, frame_of)
    clip, spliced = _clip(make, frames, earlier, bake.scene_fps(scene))
    fps = bake.scene_fps(scene)
    foreign: place.Foreign = settings.foreign
    asked = settings_for(face, settings, scene, fps)
    text, said = (text, ()) if text else options.words(scene.kmtalk, path)
    grid, grid_said = options.phones_beside(scene.kmtalk, path)
    if grid is not None and (clip.mixing is not None or clip.path != path):
        grid_said = (f"{grid.name} was not used: the strip plays its sound at other times.",)
        grid = None
    engine, arguments = options.engine_of(context, text)
    error = settings.error if settings.bake_mode == "REDUCED" else 0.0
    return Request(
        clip=clip,
        text=text or None,
        textgrid=grid,
        text_notes=(*said, *grid_said),
        scene=scene.session_uid,
        objects=tuple(item.session_uid for item in face.found_on or face.objects),
        space=space,
        engine=engine,
        arguments=arguments,
        settings=asked,
        options=bake.BakeOptions(
            name=clip.name,
            start=clip.start,
            foreign=foreign,
            timeline_markers=settings.timeline_markers,
            error=error,
            uid=earlier.uid if earlier else "",
        ),
        story=store.Story(
            name=clip.name,
            audio=str(path if clip.mixing is None else clip.path),
            begin=clip.begin,
            end=clip.end,
            start=clip.start,
            fps=fps,
            error=error,
            strip=number,
            stamp=store.stamp_of(str(path)),
            asked=core_settings(settings, fps),
        ),
        folder=folder,
        earlier=earlier,
        spliced=spliced,
        strip_of=wanted_strip,
        starts_over=bool(getattr(settings, "start_over", False)),
        marks=tuple(looking.marks(face, clip.start, fps, _seconds(clip))),
        actor=actor.of(face.owner) if space.has_names else None,
    )


def _clip(
    make: Any, frames: tuple[int, int] | None, earlier: lines.Ref | None, fps: float
) -> tuple[sound.Clip, tuple[float, float] | None]:
    """The part of the sound to animate, and where a range of a line that is there is meant, the seconds of it."""
    if frames is None or earlier is None:
        return make(frames), None
    whole = make(None)
    story = store.story_of(earlier.find()[0][1])
    if abs(whole.start - story.start) > 0.01 or abs(whole.begin - story.begin) > 0.01:
        return make(frames), None  # the line lies elsewhere now
    first, last = (frames[0] - whole.start) / fps, (frames[1] + 1 - whole.start) / fps
    if last <= 0:
        return make(frames), None
    return whole, (max(first, 0.0), last)


def _seconds(clip: sound.Clip) -> float:
    """How long a clip is, as far as that is known: else an hour, for marks behind its end do nothing."""
    return 3600.0 if clip.end is None else clip.end - clip.begin


def settings_for(face: Any, settings: Any, scene: Any, fps: float) -> dict[str, Any]:
    """The artist's settings as a face takes them: its head stays where nothing turns it, and it looks at an object.

    Raises FaceError where nothing of it takes what is asked for.
    """
    asked = core_settings(settings, fps)
    if not asked["regions"]:
        raise errors.FaceError("No region is chosen: choose at least the mouth.")
    there = {"head": face.turns_head, "chest": face.breathes}  # eyes would turn against a head that stays
    wanted = [name for name in asked["regions"] if there.get(name, True)]
    if not wanted:
        names = " and ".join(asked["regions"])
        raise errors.FaceError(
            f"Nothing of “{face.owner.name}” is moved as {names}: choose its bones (Face ▸ Settings ▸ Rig), or other "
            "regions."
        )
    asked["regions"] = wanted
    if scene.kmtalk.look_at is not None:
        looking.require_other(face, scene.kmtalk.look_at)
        left, up = map(math.degrees, looking.direction(face, scene.kmtalk.look_at))
        asked |= {"look_left": min(max(left, -60.0), 60.0), "look_up": min(max(up, -45.0), 45.0)}
    return asked


def animate(asked: Request) -> progress.Job[str]:
    """Have the engine animate the sound and write the take onto the face; return the report.  Raises KMTalkError.

    One job at a time makes the line of a sound on a face.
    """
    story = asked.story
    lines_made = [(number, story.strip or story.audio, story.begin) for number in asked.objects]
    with desk().alone(lines_made, f"“{story.name}” is being animated on this face already: wait, or cancel that job."):
        return (yield from _animate(asked))


def _animate(asked: Request) -> progress.Job[str]:
    with asked.folder as name:
        heard = yield from sound.file_job(asked.clip, Path(name))
        out = Path(name) / "take.npz"
        wishes = _wishes(asked)
        kept = {} if asked.starts_over else (yield from _kept_by_hand(asked, Path(name)))
        granted = wishes if kept or asked.starts_over else frozenset()
        answer = yield from desk().workers.ask(
            asked.engine,
            asked.arguments,
            "animate",
            audio=str(heard.path),
            out=str(out),
            span=heard.span,
            settings=asked.settings,
            text=asked.text,
            textgrid=None if asked.textgrid is None else str(asked.textgrid),
            marks=list(asked.marks) or None,
            calibration=asked.actor,
            **kept,
        )
        take, data = yield from in_thread(lambda: store.remembered(out), "reading")
        if asked.spliced is not None and asked.earlier is not None:
            earlier = yield from _with_edits(asked, heard, kept, Path(name))
    notes = [*asked.text_notes, *heard.notes, *answer.get("notes", ())]
    if asked.spliced is not None and asked.earlier is not None:
        take = edits.spliced(earlier, take, *asked.spliced)
        data = yield from in_thread(lambda: store.take_bytes(take), "reading")
        first, last = (round(asked.story.start + second * asked.story.fps) for second in asked.spliced)
        notes.append(f"Frames {first} to {min(last, first + take.frame_count)} are new, the others as they were")
    find_place = lay.finder(asked.objects, asked.scene, take, asked.story.fps)
    if take.space.vertices:
        data = yield from lay.fit(take, find_place()[0], asked.options.uid)
    how = replace(asked.options, granted=granted)
    report = yield from lay.lay_take(take, data, find_place, asked.story, how)
    if asked.strip_of:
        notes += _add_strip(asked)
    return lay.told(report, asked.story.name, take, find_place()[0], notes)


def _with_edits(asked: Request, heard: sound.Heard, kept: Mapping[str, Any], folder: Path) -> progress.Job["Take"]:
    """The take that is there already, with what was changed on it by hand since."""
    assert asked.earlier is not None
    if not kept.get("edits"):
        return store.take_of(asked.earlier.find()[0][1])
    out = folder / "completed.npz"
    yield from desk().workers.ask(
        asked.engine,
        asked.arguments,
        "complete",
        take=kept["keep"],
        audio=str(heard.path),
        edits=kept["edits"],
        out=str(out),
        span=heard.span,
    )
    return (yield from in_thread(lambda: takes.load_take(out), "reading"))


def _kept_by_hand(asked: Request, folder: Path) -> progress.Job[dict[str, Any]]:
    """What of an earlier take of the same sound, and of what was changed on it since, goes over to the new one."""
    if asked.earlier is None:
        return {}
    found = asked.earlier.find()
    story, take = store.story_of(found[0][1]), store.take_of(found[0][1])
    if take.space != asked.space:
        return {}
    face = options.face_of(lay.find_objects(asked.objects), take.space)
    line = found[0][1]
    by_hand = changes.read_changes(asked.earlier, face, take, story).edits
    by_hand += [*events.edits_of(line, take, story), *(dict(entry) for _, entry in phones.asked_of(line))]
    kept = folder / "earlier.npz"
    yield from in_thread(lambda: takes.save_take(take, kept), "reading")
    return {"keep": str(kept), "edits": by_hand, "keep_shift": asked.clip.begin - story.begin}


def _wishes(asked: Request) -> frozenset[pending.Wish]:
    """What is asked for now in the lists of the line that is made anew."""
    return pending.wishes_of(asked.earlier.find()[0][1]) if asked.earlier is not None else frozenset()


def _add_strip(asked: Request) -> list[str]:
    """Put the sound on the timeline, where the line is."""
    scene = lay.find_scene(asked.scene)
    try:
        begin = round(asked.clip.start - asked.clip.begin * asked.story.fps)
        strip = sound.add_sound(scene, Path(asked.strip_of), begin, Path(asked.strip_of).name)
    except errors.AudioError as error:
        return [str(error)]
    strips.mark(scene, strip, asked.story.strip)
    return []
