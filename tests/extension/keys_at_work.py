"""What the tests of key motions share."""

from collections.abc import Callable
from typing import Any

from faces_at_work import line_in

JAW = 'key_blocks["jawOpen"].value'


def set_value(addon: Callable[[str], Any], action: Any, frame: int, value: float, path: str = JAW) -> None:
    curve = next(c for name, c in addon("take.lines").curves_by_name(action).items() if name.endswith(path))
    point = next(p for p in curve.keyframe_points if round(p.co[0]) == frame)
    point.co[1] = value
    curve.update()


def changed_frames(before: dict[str, Any], after: dict[str, Any]) -> set[int]:
    changed: set[int] = set()
    for path, points in before.items():
        old, new = (dict(zip(p[:, 0], p[:, 1], strict=True)) for p in (points, after[path]))
        changed |= {int(frame) for frame in old.keys() | new.keys() if old.get(frame) != new.get(frame)}
    return changed


def free_key(action: Any, gap: int = 3, skip: int = 2) -> Any:
    """A key with some frames between it and its neighbours."""
    keys = list(line_in(action).key_motions)
    return next(
        key
        for before, key, after in zip(keys[skip:], keys[skip + 1 :], keys[skip + 2 :], strict=False)
        if key.frame - before.frame >= gap and after.frame - key.frame >= gap
    )


def neighbours(action: Any, frame: int) -> tuple[int, int]:
    frames = [key.frame for key in line_in(action).key_motions]
    return max(f for f in frames if f < frame), min(f for f in frames if f > frame)
