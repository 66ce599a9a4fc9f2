"""Where something lies from a face, and the mood that is keyed on it over time."""

import math
from typing import Any

import numpy as np

from .. import compat
from ..core import errors
from .targets import Face

_STEP = 0.25  # seconds between two looks at a strength that is keyed


def require_other(face: Face, there: Any) -> None:
    """Raise FaceError where a face cannot look at `there`: a part of itself, or what was deleted."""
    if there in (face.owner, *(target.owner for target in face.targets)):
        raise errors.FaceError(f"“{there.name}” cannot look at itself: choose a camera or another object in Look at.")
    if not there.users_scene:
        raise errors.FaceError(f"“{there.name}” was deleted: choose another object in Look at, or none.")


def direction(face: Face, there: Any) -> tuple[float, float]:
    """Radians to the character's left and above straight ahead in which an object lies from between the eyes."""
    owner = face.owner
    corners = np.array([corner[:] for corner in owner.bound_box])
    middle = corners.mean(axis=0)
    middle[2] += 0.15 * float(np.ptp(corners[:, 2]))
    matrix = np.array(owner.matrix_world)
    eyes = matrix[:3, :3] @ middle + matrix[:3, 3]
    axes = matrix[:3, :3] / np.maximum(np.linalg.norm(matrix[:3, :3], axis=0), 1e-9)
    way = np.array(there.matrix_world.translation) - eyes
    left, up, forward = way @ axes[:, 0], way @ axes[:, 2], -(way @ axes[:, 1])
    return math.atan2(left, forward), math.atan2(up, math.hypot(left, forward))


def marks(face: Face, first: float, fps: float, seconds: float) -> list[dict[str, Any]]:
    """Marks (as requests have them) of the mood keyed on a face whose line begins at scene frame `first`.

    None where nothing is keyed.
    """
    own = getattr(face.owner, "kmtalk_face", None)
    animation = face.owner.animation_data
    if own is None or animation is None or animation.action is None:
        return []
    action = animation.action
    slot = compat.slot_of(action, face.owner)
    handle = slot.handle if slot else 0
    mood, strength = (compat.find_curve(action, handle, f"kmtalk_face.{name}", 0) for name in ("mood", "mood_strength"))
    if mood is None and strength is None:
        return []
    names = [item.identifier for item in own.bl_rna.properties["mood"].enum_items]
    found: list[dict[str, Any]] = []
    for time in np.arange(0.0, max(seconds, _STEP), _STEP):
        frame = first + time * fps
        name = own.mood if mood is None else names[min(max(round(mood.evaluate(frame)), 0), len(names) - 1)]
        share = own.mood_strength if strength is None else float(np.clip(strength.evaluate(frame), 0, 1))
        last = found[-1] if found else None
        if last is None or last["name"] != name or abs(last["strength"] - share) > 0.05:
            found.append({"time": float(time), "name": "neutral" if name == "auto" else name, "strength": share})
    return found
