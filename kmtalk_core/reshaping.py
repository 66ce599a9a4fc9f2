"""Strength, smoothing and delay of a take that is there already: no sound is heard again and no network is needed."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .alignment import Alignment
from .errors import TakeError
from .expression.gaze import LIDS, LOOKS
from .motion.spaces import MotionSpace
from .settings import Settings
from .shaping import Shaping, smoothed
from .take import Key, Take, Track, Turn

FloatArray: TypeAlias = npt.NDArray[np.float32]

RESHAPING = ("strength_lower", "strength_upper", "strength_eyes", "strength_head", "smoothing", "delay")
"""The settings that a take can be given at any time."""

_LEAST = 0.05
"""Strengths below this leave too little to be made stronger again."""


def reshape(take: Take, values: Mapping[str, Any]) -> Take:
    """`take` with other `values` of the settings `RESHAPING`; those that are not named stay.

    Always made from the take as it was animated or completed last, which it carries along as its `base`, so that
    settings may go up and down without loss.  What a hand has posed keeps its pose, and lips that met meet.  Raises
    TakeError for a setting that the sound has to be heard for, and for what the take no longer holds.
    """
    other = next((name for name in values if name not in RESHAPING), None)
    if other is not None:
        raise TakeError(f"The setting {other} needs the sound; animate it again, or change {', '.join(RESHAPING)}.")
    base = take.base or take
    old, now = Settings.of_take(base.settings), Settings.of_take({**take.settings, **values})
    _check(old, now)
    if all(getattr(old, name) == getattr(now, name) for name in RESHAPING):
        return replace(base, text=take.text, notes=take.notes)
    later = (now.delay - old.delay) * base.fps
    width = float(np.sqrt(max(now.smoothing**2 - old.smoothing**2, 0.0)))
    tracks = [_reshaped(track, old, now, later, width, base.fps) for track in base.tracks]
    motion = tracks[0].motion
    alignment = Alignment(base.phones, base.duration, "")
    Shaping(base.space, Settings(delay=now.delay), alignment).seal(motion, base.fps)
    np.clip(motion, *_limits(base), out=motion)
    keys = _moved(base, round(later), later / base.fps)
    _bend(motion, keys)
    return replace(
        take,
        tracks=tuple(tracks),
        keys=tuple(replace(key, pose=motion[key.frame]) for key in keys),
        turns=_turns(base, old, now, round(later)),
        settings={**take.settings, **{name: getattr(now, name) for name in RESHAPING}},
        base=base,
    )


def _check(old: Settings, now: Settings) -> None:
    for name in RESHAPING[:4]:
        if getattr(old, name) < _LEAST and getattr(now, name) > getattr(old, name):
            raise TakeError(f"The take was animated with a {name} of {getattr(old, name):g}; animate the sound again.")
    if now.smoothing < old.smoothing:
        raise TakeError(f"The take was animated with a smoothing of {old.smoothing:g} s; animate the sound again.")


def _reshaped(track: Track, old: Settings, now: Settings, later: float, width: float, fps: float) -> Track:
    """A track scaled, calmed and shown `later` frames; its outermost frames are held."""
    motion = track.motion * _ratios(track.space, old, now)
    if width:
        calm = smoothed(motion, width, fps)
        quick = track.space.in_region("eyes")  # lids and gaze jump by nature
        calm[:, quick] = motion[:, quick]
        motion = calm
    if later:
        at = np.clip(np.arange(len(motion)) - later, 0, len(motion) - 1)
        below = np.floor(at).astype(np.intp)
        share = (at - below).astype(np.float32)[:, None]
        motion = motion[below] + share * (motion[np.minimum(below + 1, len(motion) - 1)] - motion[below])
    return Track(track.space, np.asarray(motion, np.float32))


def _ratios(space: MotionSpace, old: Settings, now: Settings) -> FloatArray:
    """(width,) by how much each channel is stronger; (1,) for vertices.  Blinks and breath stay whole."""

    def ratio(name: str) -> float:
        return _share(getattr(now, name), getattr(old, name))

    ratios = np.full(max(len(space.names), 1), ratio("strength_lower"), np.float32)
    ratios[space.in_region("upper", "eyes")] = ratio("strength_upper")
    ratios[space.in_region("head")] = ratio("strength_head")
    ratios[space.in_region("chest")] = 1.0
    ratios[space.indices_of(LOOKS)] = ratio("strength_eyes")
    ratios[space.indices_of(LIDS)] = 1.0
    return ratios


def _share(now: float, old: float) -> float:
    return float(now / max(old, 1e-6)) if now else 0.0


def _turns(base: Take, old: Settings, now: Settings, frames: int) -> tuple[Turn, ...]:
    """What a hand has set beside the first track in a take shown later, as strong as what it is set in; what has left
    it goes."""
    last = base.frame_count - 1
    shares: dict[str, float] = {}
    for track in base.tracks[1:]:
        shares |= zip(track.space.names, _ratios(track.space, old, now).tolist(), strict=True)
    return tuple(
        Turn(
            turn.frame + frames,
            min(max(turn.first + frames, 0), last),
            min(max(turn.last + frames, 0), last),
            {name: shares[name] * value for name, value in turn.offsets.items()},
        )
        for turn in base.turns
        if 0 <= turn.frame + frames <= last
    )


def _limits(base: Take) -> tuple[FloatArray, FloatArray]:
    """The space's limits, or those of poses beyond it."""
    return np.minimum(base.space.low, base.motion.min(axis=0)), np.maximum(base.space.high, base.motion.max(axis=0))


def _moved(base: Take, frames: int, seconds: float) -> list[Key]:
    """The keys of a take shown later; those that leave it go, but the first and the last stay where they are."""
    last = base.frame_count - 1
    found = {}
    for key in base.keys:
        is_end = key.frame in (0, last)
        frame = key.frame if is_end else key.frame + frames
        if is_end or 0 < frame < last:
            found[frame] = replace(key, frame=frame, time=key.time if is_end else key.time + seconds)
    return [found[frame] for frame in sorted(found)]


def _bend(motion: FloatArray, keys: list[Key]) -> None:
    """Take `motion`, in place, through the poses of a hand, flat at each key and from there to the keys beside it."""
    if all(key.state == "generated" for key in keys):
        return
    at = [key.frame for key in keys]
    offsets = np.zeros((len(keys), motion.shape[1]), np.float32)
    for number, key in enumerate(keys):
        if key.state != "generated":
            offsets[number] = key.pose - motion[key.frame]
    for (first, last), (before, after) in zip(pairwise(at), pairwise(offsets), strict=True):
        if before.any() or after.any():
            share = np.arange(last - first + 1) / max(last - first, 1)
            ease = (share * share * (3 - 2 * share)).astype(np.float32)[:, None]
            motion[first:last] += (before + ease * (after - before))[:-1]
    for key in keys:
        if key.state != "generated":
            motion[key.frame] = key.pose
