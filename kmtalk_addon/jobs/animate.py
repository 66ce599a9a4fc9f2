"""Animate from audio: what to do is fixed when the button is pressed, and found again by number when it is done."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import options
from ..audio import mixdown, sound
from ..core import drives, errors, progress
from ..core import take as takes
from ..engine import BuiltIn, Engine
from ..face import Face, bones, hindrances, moving, vertices
from ..take import bake, changes, drafts, keys, store
from .runner import desk, in_thread

if TYPE_CHECKING:
    from kmtalk_core.take import Take


@dataclass(frozen=True)
class Request:
    """One run, without a single pointer into Blender's data: they do not survive an undo or another file.

    scene, objects: `session_uid`s.  fps: the scene's rate.  settings: as `kmtalk_core.settings` knows them.
    """

    clip: sound.Clip
    text: str | None
    scene: int
    objects: tuple[int, ...]
    drive: drives.Drive
    fps: float
    engine: Engine | BuiltIn
    arguments: tuple[str, ...]
    settings: Mapping[str, Any]
    options: bake.BakeOptions
    folder: "tempfile.TemporaryDirectory[str]"

    @property
    def span(self) -> tuple[float, float | None]:
        return (self.clip.begin, self.clip.end)

    @property
    def story(self) -> store.Story:
        options = self.options
        return store.Story(
            name=options.name,
            audio=str(self.clip.path),
            begin=self.clip.begin,
            end=self.clip.end,
            start=options.start,
            fps=self.fps,
            foreign=options.foreign,
            timeline_markers=options.timeline_markers,
            error=options.error,
            drive=drives.signature(self.drive),
        )


def request(
    context: Any, settings: Any, *, strip: str = "", file: str = "", objects: Sequence[Any] = (), text: str = ""
) -> Request:
    """What `settings` (a scene's, or an operator's) ask for; the other arguments win over what the scene has chosen.

    Raises KMTalkError.
    """
    scene = context.scene
    moving.forget()
    face = options.face_of(list(objects) or options.meshes_of(context), options.space_of(context))
    folder = tempfile.TemporaryDirectory(prefix="kmtalk_")
    frames = (settings.range_start, settings.range_end) if settings.use_range else None
    if file or (scene.kmtalk.source == "FILE" and not strip):
        path = Path(bpy.path.abspath(file)) if file else options.sound_path(context)
        clip = sound.file_clip(scene, path, frames)
    else:
        home, found = options.strip_of(context, strip)
        path = sound.original_path(found.sound) if found.sound else Path()
        clip = sound.strip_clip(scene, home, found, Path(folder.name), frames)
    foreign: Any = settings.foreign
    baking = bake.BakeOptions(
        name=clip.name,
        start=clip.start,
        foreign=foreign,
        timeline_markers=settings.timeline_markers,
        error=settings.error if settings.bake_mode == "REDUCED" else 0.0,
    )
    text = text or options.words(scene.kmtalk, path) or ""
    engine, arguments = options.engine_of(context, text)
    return Request(
        clip=clip,
        text=text or None,
        scene=scene.session_uid,
        objects=tuple(item.session_uid for item in face.found_on or face.objects),
        drive=face.drive,
        fps=bake.scene_fps(scene),
        engine=engine,
        arguments=arguments,
        settings=_core_settings(settings, bake.scene_fps(scene)),
        options=baking,
        folder=folder,
    )


def _core_settings(settings: Any, fps: float) -> dict[str, Any]:
    """The artist's settings, in frames of the scene, as the network knows them, in seconds."""
    return {
        "strength_upper": settings.strength_upper,
        "strength_lower": settings.strength_lower,
        "smoothing": min(settings.smoothing / fps, 0.5),
        "delay": max(min(settings.delay / fps, 1.0), -1.0),
        "minimum_key_gap": 0.0 if settings.minimum_gap <= 1 else min(settings.minimum_gap / fps, 1.0),
        "key_density": settings.key_density,
        "blinks": settings.blinks,
    }


def animate(asked: Request) -> progress.Job[str]:
    """Have the worker animate the sound and write the take onto the face; return the report.  Raises KMTalkError."""
    with asked.folder as name:
        if asked.clip.mixing is not None:
            yield from mixdown.finish(asked.clip.mixing)
        out = Path(name) / "take.npz"
        ask = {"audio": str(asked.clip.path), "out": str(out), "span": asked.span}
        answer = yield from desk().workers.ask(
            asked.engine, asked.arguments, "animate", **ask, settings=asked.settings, text=asked.text
        )
        take = yield from in_thread(lambda: takes.load_take(out), "reading")
        locked = _locked_edits(asked, take)
        if locked:
            kept = Path(name) / "kept.npz"
            yield from desk().workers.ask(
                asked.engine,
                asked.arguments,
                "complete",
                **{**ask, "take": str(out), "edits": locked, "out": str(kept)},
            )
            out = kept
            take = yield from in_thread(lambda: takes.load_take(out), "reading")
        data = out.read_bytes() if take.space.has_names else b""
    story = asked.story
    drive = asked.drive
    if take.space.vertices:
        drive, data = yield from fit(take, asked.objects, story.name)
    prepared = yield from in_thread(lambda: bake.prepare(take, drive, story.fps, story.options), "drawing curves")
    notes = tuple(answer.get("notes", ()))
    return (yield from write_take(take, data, lambda: _find_place(asked, drive), prepared, asked.story, notes))


def fit(take: "Take", objects: Sequence[int], name: str) -> progress.Job[tuple[drives.Drive, bytes]]:
    """Shape keys for a take of vertices called `name`, and the take as it is kept.  Raises FaceError.

    Keys that other takes of the face play stay.
    """
    played = keys.actions_of(find_objects(objects))
    others = [action for action in played if store.story_of(action).name != name]
    drive = (yield from vertices.fit(objects, take.space, take.motion, keep=bool(others))).drive
    return drive, (yield from in_thread(lambda: store.take_bytes(take, drive.shapes), "drawing curves"))


def _find_place(asked: Request, drive: drives.Drive) -> tuple[Face, Any]:
    """The face and the scene that were asked for, as they are now.  Raises FaceError."""
    scene = find_scene(asked.scene)
    face = options.face_of(find_objects(asked.objects), drive.space)
    if face.drive.curves != drive.curves or len(face.found_on or face.objects) != len(asked.objects):
        raise errors.FaceError("The face's shape keys changed in the meantime: animate again.")
    return face, scene


def write_take(
    take: "Take",
    data: bytes,
    find_place: Callable[[], tuple[Face, Any]],
    prepared: bake.Prepared,
    story: store.Story,
    notes: Sequence[str] = (),
) -> progress.Job[str]:
    """Write a take's curves, keep the take beside them and list its keys; return the report.

    All of it goes onto drafts, a slice at a time, and shows at once in the end.  Raises FaceError with nothing
    changed.
    """

    def attempt(begun: list[drafts.Draft], pace: drafts.Pace) -> progress.Job[bake.BakeReport]:
        face, _ = find_place()
        drawing = yield from bake.draw(prepared, face, story.options, begun, pace)
        for draft, curves in drawing.curves.items():
            points = {name: prepared.points[channel] for name, channel in curves.items()}
            record = {name: (p.frames, p.values) for name, p in points.items()}
            record_file = yield from in_thread(lambda record=record: store.record_of(record), "writing curves")
            store.keep(draft.find(), data, story, record_file)
            yield from keys.list_keys(draft.find, take, story, pace)
        yield from pace.rest("writing curves")
        return bake.put(drawing, prepared, *find_place(), story.options)

    report = yield from drafts.insist(attempt)
    face = find_place()[0]
    notes = [*notes, *bones.write(face, take, story), *face.warnings, *hindrances.say(face, story.options.foreign)]
    said = f"“{story.name}”: {len(take.keys)} key motions on frames {report.first} to {report.last}"
    return ". ".join([said, *notes, *report.notes])


def find_scene(number: int) -> Any:
    """The scene with this session_uid.  Raises FaceError."""
    found = next((scene for scene in bpy.data.scenes if scene.session_uid == number), None)
    if found is None:
        raise errors.FaceError("The scene was removed in the meantime: nothing was changed.")
    return found


def find_objects(numbers: Sequence[int]) -> list[Any]:
    """The objects with these session_uids.  Raises FaceError where one is gone."""
    by_number = {item.session_uid: item for item in bpy.data.objects}
    if any(number not in by_number for number in numbers):
        raise errors.FaceError("A mesh of the face was deleted in the meantime: nothing was changed.")
    return [by_number[number] for number in numbers]


def _locked_edits(asked: Request, take: "Take") -> list[dict[str, Any]]:
    """What keeps the locked keys of an earlier take of the same sound on this face."""
    face = options.face_of(find_objects(asked.objects), take.space)
    for action in keys.actions_of([mesh.item for mesh in face.meshes]):
        story = store.story_of(action)
        if story.name != asked.options.name:
            continue
        earlier = store.take_of(action)
        if earlier.space != take.space:
            return []
        actions = keys.siblings_of(action)
        return list(_edits_for_locked(actions, face, earlier, story, take, asked.clip.begin))
    return []


def _edits_for_locked(
    actions: Sequence[Any], face: Face, earlier: "Take", story: store.Story, take: "Take", begin: float
) -> list[dict[str, Any]]:
    hand = changes.read_changes(actions, face, earlier, story)
    poses = {edit["frame"]: edit.get("pose", {}) for edit in hand.edits if "pose" in edit}
    states = {item.frame: item.state for item in actions[0].kmtalk_take.keys}
    present = {key.frame for key in take.keys}
    edits: list[dict[str, Any]] = []
    for key in earlier.keys:
        if states.get(story.timeline.nearest_frame(key.frame / earlier.fps)) != "locked":
            continue
        frame = round((key.frame / earlier.fps + story.begin - begin) * take.fps)
        if not 0 <= frame < take.frame_count:
            continue
        pose = {name: float(value) for name, value in zip(earlier.space.names, key.pose, strict=True)}
        edit = {"frame": frame, "pose": {**pose, **poses.get(key.frame, {})}, "state": "locked"}
        edits.append(edit if frame in present else {**edit, "add": True})
    return edits
