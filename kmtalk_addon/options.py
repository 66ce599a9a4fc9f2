"""What the panel's settings come to: which sound, which words, which face; and why the button is grey."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy

from . import compat, engine, glances
from .audio import sound
from .core import errors, spaces, textgrid, transcript
from .face import Face, family, find_face, landmarks, vertices
from .face.recognise import has_keys
from .face.settings import mapped_by_hand
from .preferred import preferences, runs_inside

TEXT_LIMIT = 1 << 20


def engine_of(context: Any, text: str | None = None) -> tuple[engine.Engine | engine.BuiltIn, tuple[str, ...]]:
    """The engine that animates, and its worker's arguments, as the preferences ask for.  Raises EngineError.

    What Blender runs by itself needs none beside it; only words are aligned by the one that has a dictionary, where it
    is there.
    """
    chosen = preferences(context)
    if not runs_inside(chosen):
        return worker_of(context)
    if text:
        with contextlib.suppress(errors.KMTalkError):
            return worker_of(context)
    return engine.BuiltIn(Path(bpy.path.abspath(chosen.weights)) if chosen.weights else None), ()


def face_engine_of(context: Any) -> tuple[engine.Engine, tuple[str, ...]]:
    """The engine that builds and checks the shapes of faces, and its worker's arguments.  Raises EngineError."""
    try:
        return worker_of(context)
    except engine.EngineError as error:
        raise engine.EngineError(f"Animating needs no engine, but the shapes of a face do. {error}") from error


def worker_of(context: Any) -> tuple[engine.Engine, tuple[str, ...]]:
    """The engine beside Blender, and its worker's arguments, that the preferences ask for.  Raises EngineError."""
    chosen = preferences(context)
    arguments = ["--device", chosen.device.lower()]
    if chosen.weights:
        arguments += ["--weights", bpy.path.abspath(chosen.weights)]
    return engine.find(chosen.python), tuple(arguments)


def strip_of(context: Any, name: str = "") -> tuple[Any, Any]:
    """The scene and the sound strip to animate from: by name, the active one, or the only one.  Raises AudioError."""
    settings = context.scene.kmtalk
    home = settings.strip_scene or compat.sequencer_scene(context)
    sounds = [strip for strip in compat.strips(home) if strip.type == "SOUND"]
    name = name or settings.strip
    if name:
        found = next((strip for strip in sounds if strip.name == name), None)
        if found is None:
            raise errors.AudioError(f"“{home.name}” has no sound strip “{name}”: choose another.")
        return home, found
    active = compat.active_strip(home)
    if active in sounds:
        return home, active
    selected = [strip for strip in sounds if strip.select]
    if len(selected) == 1:
        return home, selected[0]
    if len(sounds) == 1:
        return home, sounds[0]
    raise errors.AudioError("Choose a sound strip." if sounds else "Add a sound to the sequencer, or choose a file.")


def other_scenes_sound(context: Any) -> bool:
    """Whether a scene other than this one has strips to choose from, or was chosen."""
    if context.scene.kmtalk.strip_scene is not None:
        return True
    return any(strip.type == "SOUND" for s in bpy.data.scenes if s != context.scene for strip in compat.strips(s))


def meshes_of(context: Any) -> list[Any]:
    """The meshes of the face: those listed, else the selected ones, or the active one with all of its family."""
    listed = [entry.object for entry in context.scene.kmtalk.meshes if entry.object is not None]
    if listed:
        return listed
    layer = context.view_layer.objects  # Blender without a window knows no other selection
    selected = [item for item in layer.selected if has_keys(item)]
    active = landmarks.head_of(layer.active)
    if len(selected) > 1 or active is None:
        return selected
    relatives = family.with_keys(active, context.scene)
    found = [active, *relatives] if active.type == "MESH" or has_keys(active) else relatives or selected
    by_hand = mapped_by_hand(active.kmtalk_face) is not None  # an object of any kind whose properties speak
    return found or ([active] if active.type == "ARMATURE" or by_hand else [])


def names_in(text: str) -> list[str]:
    """Names with ; between them; one that is part of a name is written \\;."""
    parts = re.split(r"(?<!\\);", text)
    return [name for part in parts if (name := part.replace("\\;", ";").strip())]


def joined(names: Iterable[str]) -> str:
    """The text that `names_in` reads."""
    return ";".join(name.replace(";", "\\;") for name in names)


def meshes_named(text: str, scene: Any) -> list[Any]:
    """The objects of the face that are named: one alone takes its character along, as choosing it does.

    Raises FaceError.
    """
    found: list[Any] = []
    for name in names_in(text):
        item = bpy.data.objects.get(name)
        if item is None:
            raise errors.FaceError(f"There is no object “{name}”: check the name.")
        found.append(item)
    if len(found) != 1:
        return found
    relatives = family.with_keys(found[0], scene)
    return [*found, *relatives] if found[0].type == "MESH" or has_keys(found[0]) else relatives or found


def face_of(objects: Sequence[Any], space: spaces.MotionSpace = spaces.ARKIT) -> Face:
    """The face that `objects` are to a take in `space`.  Raises FaceError."""
    if not objects:
        raise errors.FaceError("Choose the mesh of the face: select it, or add it to the list.")
    return vertices.find_face(objects, space) if space.vertices else find_face(objects)


def glance(context: Any) -> glances.Glance:
    """The chosen face for who only shows it: as it was found last where nothing has changed.  Raises FaceError."""
    foreign = context.scene.kmtalk.foreign
    return glances.glance(face_of, meshes_of(context), space_of(context), foreign)


def space_of(context: Any) -> spaces.MotionSpace:
    """The motion space of the weights that the preferences name."""
    folder = preferences(context).weights
    if not folder:
        return spaces.ARKIT
    return _space_in(str(Path(bpy.path.abspath(folder)) / "config.json"))


@lru_cache(maxsize=8)
def _space_in(path: str) -> spaces.MotionSpace:
    """What a checkpoint's configuration says; the worker tells what is wrong with one that cannot be read."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            return spaces.SPACES[json.loads(file.read(TEXT_LIMIT))["space"]]
    except (OSError, ValueError, KeyError, TypeError):
        return spaces.ARKIT


def words(settings: Any, path: Path) -> tuple[str, tuple[str, ...]]:
    """The transcript that the settings name for the sound at `path`, empty for none, and what is to be said of it.

    Raises AlignmentError.
    """
    if settings.transcript == "FIELD":
        return settings.text.strip(), ()
    if settings.transcript == "BLOCK":
        if settings.text_block is None:
            raise errors.AlignmentError("Choose the text block with the words.")
        return settings.text_block.as_string().strip(), ()
    beside = transcript.beside(path) if settings.transcript == "BESIDE" else None
    if beside is None:
        return "", ()
    try:
        return transcript.read_file(beside)
    except errors.AlignmentError as error:
        return "", (f"{error} It was not used.",)


def phones_beside(settings: Any, path: Path) -> tuple[Path | None, tuple[str, ...]]:
    """The TextGrid beside the sound at `path` where the settings go by what lies there, and what is to be said."""
    return textgrid.beside(path) if settings.transcript == "BESIDE" else (None, ())


def sound_path(context: Any) -> Path:
    """Where the chosen sound comes from.  Raises AudioError."""
    settings = context.scene.kmtalk
    if settings.source == "FILE":
        if not settings.file:
            raise errors.AudioError("Choose a sound file.")
        path = Path(bpy.path.abspath(settings.file))
        if not path.is_file():
            raise errors.AudioError(f"There is no file {path.name}: choose another.")
        return path
    _, strip = strip_of(context)
    if strip.sound is None:
        raise errors.AudioError("The strip has no sound: choose its file in the sequencer.")
    path = sound.original_path(strip.sound)
    if strip.sound.packed_file is None and not path.is_file():
        raise errors.AudioError(f"The file of “{strip.name}” is not there: find it again (File ▸ External Data).")
    return path


@dataclass(frozen=True)
class State:
    """How it stands with one thing that animating takes, in one sentence.

    topic: `sound`, `face`, `engine`, or `scene`, of which is told what keeps it from being written alone.
    """

    topic: str
    sentence: str
    is_ready: bool = True


def states(context: Any) -> tuple[State, ...]:
    """How it stands with the sound, the face and the engine; and with the scene where that cannot be written."""
    about = {"sound": _about_sound, "face": _about_face, "engine": _about_engine, "scene": _about_scene}
    found = (_state(topic, tell, context) for topic, tell in about.items())
    return tuple(state for state in found if state.sentence)


def _state(topic: str, tell: Callable[[Any], str], context: Any) -> State:
    try:
        return State(topic, tell(context))
    except errors.KMTalkError as error:
        return State(topic, str(error), False)


def _about_sound(context: Any) -> str:
    path, settings = sound_path(context), context.scene.kmtalk
    part = f"{settings.range_start}–{settings.range_end}"
    if settings.source == "FILE":
        return f"{path.name}, {f'what is heard in frames {part}' if settings.use_range else 'all of it'}"
    home, strip = strip_of(context)
    first, end = compat.heard_frames(strip)
    seconds = (end - first) * home.render.fps_base / home.render.fps
    whole = f"“{strip.name}”, frames {first:.0f}–{end:.0f} ({seconds:.1f} s)"
    return f"{whole}, of these {part} alone" if settings.use_range else whole


def _about_face(context: Any) -> str:
    face = glance(context).face
    return f"{face.owner.name}: {face.sentence}"


def _about_engine(context: Any) -> str:
    engine_of(context)
    return "Animates inside Blender" if runs_inside(preferences(context)) else "Animates by PyTorch"


def _about_scene(context: Any) -> str:
    if context.scene.library is not None:
        raise errors.KMTalkError("This scene is linked from another file: make it local first.")
    if not os.access(bpy.app.tempdir or ".", os.W_OK):
        raise errors.KMTalkError(
            "Blender cannot write to its temporary files: choose another folder for them (Preferences ▸ File Paths)."
        )
    return ""


def disabled_reason(context: Any) -> str | None:
    """Why nothing can be animated now, in one sentence; None where all is well."""
    return next((state.sentence for state in states(context) if not state.is_ready), None)
