"""Keys, phones, words, marks and turns of a take as entries of its header; what anyone may have written is checked."""

import math
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Mark, Phone, Word
from .record import KEY_STATES, Key, Turn

FloatArray: TypeAlias = npt.NDArray[np.float32]

_LARGEST_VALUE = 1e6


def key_entry(key: Key) -> dict[str, Any]:
    return {
        "frame": key.frame, "time": key.time, "label": key.label, "confidence": key.confidence, "state": key.state,
    }  # fmt: skip


def key_of(entry: Mapping[str, Any], pose: FloatArray, frame_count: int) -> Key:
    frame, state = entry["frame"], entry.get("state", "generated")
    time, confidence = float(entry["time"]), float(entry["confidence"])
    if type(frame) is not int or not 0 <= frame < frame_count or state not in KEY_STATES:
        raise ValueError("no such frame or state")
    if not (math.isfinite(time) and 0 <= confidence <= 1):
        raise ValueError("not finite")
    return Key(frame, time, label_of(entry["label"]), confidence, pose, state)


def turn_entry(turn: Turn) -> dict[str, Any]:
    return {"frame": turn.frame, "first": turn.first, "last": turn.last, "offsets": dict(turn.offsets)}


def turn_of(entry: Mapping[str, Any], frame_count: int, names: Collection[str]) -> Turn:
    frames = [entry[name] for name in ("first", "frame", "last")]
    if any(type(frame) is not int for frame in frames) or not 0 <= frames[0] <= frames[1] <= frames[2] < frame_count:
        raise ValueError("no such frames")
    offsets = {name: float(value) for name, value in entry["offsets"].items()}
    if not set(offsets) <= set(names) or not all(abs(value) < _LARGEST_VALUE for value in offsets.values()):
        raise ValueError("no such channels or values")
    return Turn(frames[1], frames[0], frames[2], offsets)


def phone_of(entry: Mapping[str, Any]) -> Phone:
    start, end, confidence = (float(entry[name]) for name in ("start", "end", "confidence"))
    if not (-1e9 < start <= end < 1e9 and 0 <= confidence <= 1):
        raise ValueError("no such stretch of time")
    return Phone(start, end, label_of(entry["label"]), confidence, entry.get("edited") is True)


def phone_entry(phone: Phone) -> dict[str, Any]:
    entry = {"start": phone.start, "end": phone.end, "label": phone.label, "confidence": phone.confidence}
    return {**entry, "edited": True} if phone.edited else entry


def time_of(value: Any) -> float:
    time = float(value)
    if not -1e9 < time < 1e9:
        raise ValueError("no such time")
    return time


def mark_of(entry: Mapping[str, Any]) -> Mark:
    time, strength = float(entry["time"]), entry["strength"]
    strength = None if strength is None else float(strength)
    if not (-1e9 < time < 1e9 and (strength is None or 0 <= strength <= 1)):
        raise ValueError("no such mark")
    return Mark(time, label_of(entry["name"]), strength)


def word_of(entry: Mapping[str, Any]) -> Word:
    start, end = time_of(entry["start"]), time_of(entry["end"])
    if start > end:
        raise ValueError("no such stretch of time")
    return Word(start, end, label_of(entry["text"]))


def label_of(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("no label")
    return value
