"""What a key does, by the vertices that it moves: where on the face they are, and which way they go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

_MOVED = 0.15
"""A vertex counts as moved by a key when it goes so much of the way of the one that goes farthest."""
_CENTRAL = 0.12
_UPPER = 0.25
_BROWS = 0.05
"""How far above the mouth the upper face begins, and brows above the eyes, over the face's height."""
_SIDED = 0.75
_FAR = 0.3


@dataclass(frozen=True)
class _Effect:
    """One key.  up, low: how high its vertices lie in the mean and at the lowest, 0 to 1 of the face; rise, forward,
    outward: which way they go on average, over the farthest way; size: the farthest way, over the face's height; left:
    the share on the character's left; split: how far from the middle they lie, over the height."""

    up: float
    low: float
    rise: float
    forward: float
    outward: float
    size: float
    left: float
    split: float


def guess_by_effects(vertices: Array, offsets: Mapping[str, Array], axes: Array) -> dict[str, str]:
    """Key → the ARKit channel, or key of both sides, that it seems to show, by what it does.

    vertices: (N, 3) the neutral shape; offsets: key → (N, 3) what it adds; axes: (3, 3) the character's left, up and
    forward, one a row.  Keys of which nothing can be said are left out, and no two keys show the same.
    """
    points = vertices @ axes.T
    moves = {name: offset @ axes.T for name, offset in offsets.items()}
    moved = [np.linalg.norm(move, axis=1) for move in moves.values()]
    if not moved:
        return {}
    in_face = np.max(moved, axis=0) > 1e-6 * max(float(np.ptp(points)), 1e-12)
    if in_face.sum() < 3:
        return {}
    low, high = points[in_face].min(axis=0), points[in_face].max(axis=0)
    middle, height = 0.5 * (low + high), max(float(high[1] - low[1]), 1e-9)
    effects = {}
    for (name, move), length in zip(moves.items(), moved, strict=True):
        farthest = float(length.max(initial=0.0))
        if farthest > 1e-4 * height:
            effects[name] = _measured(points, move, length, farthest, middle, float(low[1]), height)
    mouth = _mouth_of(effects)
    eyes = _eyes_of(effects, mouth)
    found: dict[str, str] = {}
    for name, effect in sorted(effects.items(), key=lambda item: -item[1].size):
        channel = _channel_of(effect, mouth, eyes, "jawOpen" in found.values())
        if channel and channel not in found.values():
            found[name] = channel
    return found


def _measured(
    points: Array, move: Array, length: Array, farthest: float, middle: Array, low: float, height: float
) -> _Effect:
    chosen = length > _MOVED * farthest
    weight = length[chosen] / length[chosen].sum()
    place, way = points[chosen], move[chosen] / farthest
    aside = place[:, 0] - middle[0]
    ups = (place[:, 1] - low) / height
    return _Effect(
        up=float(weight @ ups),
        low=float(ups.min()),
        rise=float(weight @ way[:, 1]),
        forward=float(weight @ way[:, 2]),
        outward=float(weight @ (way[:, 0] * np.sign(aside))),
        size=farthest / height,
        left=float(weight @ (aside > 0)),
        split=float(weight @ np.abs(aside)) / height,
    )


def _mouth_of(effects: Mapping[str, _Effect]) -> float:
    """How high the mouth lies, 0 at the lowest and 1 at the highest vertex that any key moves.

    What opens it reaches lowest and goes down, of such keys the farthest; without one it lies in the lower third.
    """
    lower = [effect for effect in effects.values() if effect.rise < -0.2 and effect.low < 0.15]
    return (max(lower, key=lambda effect: -effect.rise * effect.size).up if lower else 0.2) + 0.08


def _eyes_of(effects: Mapping[str, _Effect], mouth: float) -> float:
    """How high the eyes lie: where, in the upper face, something goes down far, as lids do; brows lie above them."""
    upper = [effect for effect in effects.values() if effect.up > mouth + _UPPER and effect.rise < -0.2]
    farthest = max((-effect.rise * effect.size for effect in upper), default=0.0)
    return min((e.up for e in upper if -e.rise * e.size > _FAR * farthest), default=0.8)


def _channel_of(effect: _Effect, mouth: float, eyes: float, opens: bool) -> str:
    """opens: whether the jaw is found already, which of all that goes down goes farthest."""
    side = "Left" if effect.left > _SIDED else "Right" if effect.left < 1.0 - _SIDED else ""
    if effect.up > mouth + _UPPER:
        return _upper(effect, side, eyes)
    if not opens and not side and effect.low < 0.15 and effect.rise < -0.2:
        return "jawOpen"
    if not side and effect.outward < -0.12:
        return "mouthPucker" if effect.rise > -0.25 else "mouthFunnel"
    if effect.outward > max(0.12, -0.5 * effect.rise):
        return f"mouthSmile{side}" if effect.rise > 0.15 else f"mouthStretch{side}"
    if effect.rise > 0.3 and effect.split > _CENTRAL:
        return f"mouthSmile{side}"
    if not side and effect.forward > 0.35:
        return "mouthFunnel"
    if effect.rise > 0.25:
        return f"mouthUpperUp{side}"
    if effect.rise < -0.25:
        return f"mouthFrown{side}" if effect.split > _CENTRAL else f"mouthLowerDown{side}"
    return ""


def _upper(effect: _Effect, side: str, eyes: float) -> str:
    """Lids go down where the eyes are; brows lie above them and go up or down."""
    if effect.up > eyes + _BROWS:
        if effect.rise > 0.2:
            return "browInnerUp" if effect.split < _CENTRAL else f"browOuterUp{side}"
        return f"browDown{side}" if effect.rise < -0.2 else ""
    return f"eyeBlink{side}" if effect.rise < -0.2 else f"eyeWide{side}" if effect.rise > 0.2 else ""
