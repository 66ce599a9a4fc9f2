"""Sounds in the sequencer, and what of them is heard when."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import compat
from ..core import audio, errors, progress
from . import decode, mixdown

if TYPE_CHECKING:
    from kmtalk_core.audio import Sound

_CHANNELS = 128  # of Blender's sequencer

_PACK_LIMIT = 64 * 1024 * 1024
"""Sounds up to this size (bytes) travel inside the .blend file."""


def add_sound(scene: Any, path: Path, frame: int, name: str) -> Any:
    """A sound strip that starts at `frame`, on the lowest channel that is free as long as it is heard.

    Raises AudioError.
    """
    if not compat.HAS_AUDIO:
        raise errors.AudioError("This build of Blender has no audio: use Blender 4.3 or newer to hear the sound.")
    others = [(strip.channel, *compat.heard_frames(strip)) for strip in compat.strips(scene)]
    try:
        strip = compat.new_sound_strip(scene, name, path, _CHANNELS, frame)
    except RuntimeError as error:
        raise errors.AudioError(f"Blender cannot read {path.name} as sound: convert it to WAV or FLAC.") from error
    start, end = compat.heard_frames(strip)
    taken = {channel for channel, first, last in others if first < end and start < last}
    strip.channel = next((number for number in range(1, _CHANNELS) if number not in taken), strip.channel)
    return strip


def carry_along(strip: Any, folder: Path) -> None:
    """Make the sound of `strip` travel with a .blend file in `folder`: packed, or copied beside it when it is long."""
    sound = strip.sound
    path = Path(bpy.path.abspath(sound.filepath))
    if path.stat().st_size <= _PACK_LIMIT:
        sound.pack()
        sound.filepath = f"//{path.name}"
        return
    beside = folder / path.name
    if not beside.exists() or not beside.samefile(path):
        beside.write_bytes(path.read_bytes())
    sound.filepath = f"//{path.name}"


@dataclass(frozen=True)
class Clip:
    """The part of a sound that is heard: `path` from `begin` to `end` seconds (None: to its end).

    `start` is the frame of the scene to animate at which second `begin` is heard.  Where there is a `mixing`, `path`
    comes of it.  `notes` are what the user should know of it.
    """

    name: str
    path: Path
    begin: float
    end: float | None
    start: float
    mixing: mixdown.Mixdown | None = None
    notes: tuple[str, ...] = ()


def heard_job(clip: Clip) -> "progress.Job[Sound]":
    """What is heard of a clip, its second 0 at frame `clip.start`, decoded by Blender.  Raises AudioError."""
    if clip.mixing is not None:
        yield from mixdown.finish(clip.mixing)
    return (yield from decode.sound_job(clip.path, clip.begin, clip.end))


@dataclass(frozen=True)
class Heard:
    """A file that every engine reads, the seconds of it that are heard, and what the user should know of it."""

    path: Path
    span: tuple[float, float | None]
    notes: tuple[str, ...]


def file_job(clip: Clip, folder: Path) -> "progress.Job[Heard]":
    """What is heard of a clip as a file: its own where that is a plain WAV, else one that Blender decodes it to.

    That lies in `folder`.  Without Blender's decoder it is its own file in any case.  Raises AudioError.
    """
    if clip.mixing is not None:
        yield from mixdown.finish(clip.mixing)
    if not decode.AVAILABLE or decode.is_plain(clip.path):
        return Heard(clip.path, (clip.begin, clip.end), clip.notes)
    sound = yield from decode.sound_job(clip.path, clip.begin, clip.end)
    path = folder / f"{clip.path.stem}.wav"
    yield from audio.write_wav_job(sound, path)
    return Heard(path, (0.0, None), (*clip.notes, *sound.notes))


def silence(name: str, seconds: float, start: float, folder: Path) -> Clip:
    """Seconds in which nobody speaks, from the scene frame `start` on; `folder` takes a file of them."""
    path = folder / "silence.wav"
    still = audio.from_samples(np.zeros(round(seconds * audio.RATE), np.float32), audio.RATE)
    progress.finish(audio.write_wav_job(still, path))
    return Clip(name, path, 0.0, None, start)


def file_clip(scene: Any, path: Path, frames: tuple[int, int] | None) -> Clip:
    """A sound file that starts with the scene, or the part of it within `frames`.  Raises AudioError."""
    _require_file(path)
    fps = float(scene.render.fps / scene.render.fps_base)
    zero = float(scene.frame_start)
    first, last = (max(float(frames[0]), zero), float(frames[1]) + 1) if frames else (zero, None)
    return replace(_clip(path.name, path, zero, first, last, fps), notes=_remapping(scene))


def strip_clip(scene: Any, home: Any, strip: Any, folder: Path, frames: tuple[int, int] | None = None) -> Clip:
    """What is heard of a strip of the scene `home`, to animate in `scene`; muted or not, of any channel.

    `folder` takes the copies of packed and retimed sounds.  Raises AudioError.
    """
    if strip.type != "SOUND":
        raise errors.AudioError(f"“{strip.name}” is no sound strip: choose one that is.")
    fps = float(home.render.fps / home.render.fps_base)
    ratio = float(scene.render.fps / scene.render.fps_base) / fps
    around = [strip]
    while (meta := compat.parent_meta(around[-1])) is not None:
        around.append(meta)
    retimed = max((index for index, one in enumerate(around) if compat.is_retimed(one)), default=None)
    spans = [compat.heard_frames(one) for one in around[retimed:]]  # what lies in a retimed one has a time of its own
    first, last = max(begin for begin, _ in spans), min(end for _, end in spans)
    if frames:
        first, last = max(first, frames[0] / ratio), min(last, (frames[1] + 1) / ratio)
    if last <= first:
        raise errors.AudioError(f"Nothing of “{strip.name}” is heard in that range: choose another.")
    mixed = None
    if retimed is not None:
        mixed = mixdown.start(home, strip, folder / "retimed.wav")
        path, zero = mixed.out, float(mixed.first)
    else:
        path = _file_of(strip.sound, folder)
        zero = compat.content_frame(strip) + getattr(strip, "sound_offset", 0.0) * fps
    clip = _clip(strip.name, path, zero, max(first, zero), last, fps)
    return replace(clip, start=clip.start * ratio, mixing=mixed, notes=_remapping(scene))


def _remapping(scene: Any) -> tuple[str, ...]:
    old, new = scene.render.frame_map_old, scene.render.frame_map_new
    if old == new:
        return ()
    what = f"The scene's time remapping ({old} to {new}) moves keys but no sound"
    return (f"{what}: set both to the same number, or the face is out of sync.",)


def frame_of(scene: Any, home: Any, strip: Any, second: float) -> float:
    """The frame of `scene` at which a second of the sound of a strip of the scene `home` is heard."""
    fps = float(home.render.fps / home.render.fps_base)
    ratio = float(scene.render.fps / scene.render.fps_base) / fps
    if compat.is_retimed(strip):  # what is animated is its mixdown, which starts with it
        zero = compat.heard_frames(strip)[0]
    else:
        zero = compat.content_frame(strip) + getattr(strip, "sound_offset", 0.0) * fps
    return (zero + second * fps) * ratio


def strip_of_file(scene: Any, path: Path) -> tuple[Any, Any] | None:
    """The scene and its sound strip that plays a file, None where there is none."""
    for strip in compat.strips(scene):
        if strip.type == "SOUND" and strip.sound is not None and _is_same(original_path(strip.sound), path):
            return scene, strip
    return None


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False


def _clip(name: str, path: Path, zero: float, first: float, last: float | None, fps: float) -> Clip:
    end = None if last is None else (last - zero) / fps
    if end is not None and end <= 0:
        raise errors.AudioError(f"“{name}” is silent there: it starts after the range; choose another.")
    return Clip(name, path, (first - zero) / fps, end, first)


def _file_of(sound: Any, folder: Path) -> Path:
    """A file with the sound; a copy in `folder` where it is packed."""
    if sound is None:
        raise errors.AudioError("The strip has no sound: choose its file in the sequencer.")
    path = Path(bpy.path.abspath(sound.filepath, library=sound.library))
    if sound.packed_file is not None:
        copy = folder / f"packed{path.suffix or '.wav'}"
        copy.write_bytes(sound.packed_file.data)
        return copy
    _require_file(path)
    return path


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise errors.AudioError(
            f"The sound {path} is not there: find it again (File ▸ External Data), or choose another."
        )


def original_path(sound: Any) -> Path:
    """Where a sound comes from, packed or not."""
    return Path(bpy.path.abspath(sound.filepath, library=sound.library))
