"""Custom properties, frame numbers, node values and visibility as keys of a face."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..core import arkit, drives, errors, naming, property_drives
from .targets import Curve, Target

_FULL = re.compile(r'^bpy\.data\.(\w+)\["((?:[^"\\]|\\.)*)"\](\.node_tree|\.data)?(?:\.(.+)|(\[.+))$')
_INDEX = re.compile(r"^(.*)\[(\d+)\]$")


@dataclass(frozen=True)
class Row:
    """One property that shows a key: what it is called, whose it is, its curve, and its value when it shows all."""

    name: str
    owner: Any
    curve: Curve
    value: float

    @property
    def place(self) -> tuple[Any, str]:
        return self.owner, self.curve.name


def at_path(text: str) -> tuple[Any, Curve]:
    """The datablock and the curve that a full data path names, as Blender's Copy Full Data Path gives it; nothing of it
    is run.  Raises FaceError."""
    match = _FULL.match(text.strip())
    collection = getattr(bpy.data, match[1], None) if match else None
    get = getattr(collection, "get", None)
    owner = get(bpy.utils.unescape_identifier(match[2])) if match is not None and get is not None else None
    if match is None or owner is None:
        raise errors.FaceError(f"“{text:.80}” is no full data path: right-click the property and Copy Full Data Path.")
    if match[3]:
        owner = getattr(owner, match[3][1:], None)
    path = match[4] or match[5]
    index = _INDEX.match(path) if not path.endswith('"]') else None
    curve = Curve(index[1], int(index[2]), single=False) if index else Curve(path)
    try:
        curve.get(owner)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise errors.FaceError(f"There is no number at “{text:.80}”: copy its full data path again.") from error
    return owner, curve


def rows_of(own: Any) -> list[Row]:
    """The rows of a face's mapping that are properties.  Raises FaceError."""
    return [Row(row.name, *at_path(row.path), float(row.value)) for row in own.keys if row.path]


def found_by_name(objects: Iterable[Any]) -> tuple["naming.Naming", list[Row]] | None:
    """The custom numbers of objects and of their bones that are called like the keys of a face; None where these cannot
    speak."""
    rows: dict[str, Row] = {}
    for item in objects:
        for holder, start in _holders(item):
            for name, value in holder.items():
                if isinstance(value, float) and not name.startswith("kmtalk"):
                    curve = Curve(f'{start}["{bpy.utils.escape_identifier(name)}"]')
                    rows.setdefault(name, Row(name, item, curve, _range(holder, name)[1]))
    found = naming.recognize_face({"": list(rows)})
    return (found, list(rows.values())) if found.can_speak and not found.lacks else None


def _holders(item: Any) -> Iterable[tuple[Any, str]]:
    yield item, ""
    if item.type == "ARMATURE" and item.pose is not None:
        for bone in item.pose.bones:
            yield bone, bone.path_from_id()


def targets(rows: Sequence[Row], shown: dict[str, int], base: drives.KeyDrive, least: int, twos: bool) -> list[Target]:
    """Targets that let rows show the values of `base`, by the number of each row's name in `shown`: properties of whole
    numbers, and those of which several rows are values, step from one to the next."""
    groups: dict[tuple[Any, str], list[Row]] = {}
    for row in rows:
        if row.name in shown:
            groups.setdefault(row.place, []).append(row)
    smooth = [own[0] for own in groups.values() if len(own) == 1 and not _is_whole(own[0])]
    stepped = [own for own in groups.values() if len(own) > 1 or _is_whole(own[0])]
    found: list[Target] = []
    if smooth:
        rest = np.array([_rest(row) for row in smooth], np.float32)
        span = np.array([row.value for row in smooth], np.float32) - rest
        names = tuple(f"{row.owner.name}|{row.curve.name}" for row in smooth)
        drive = property_drives.PropertyDrive(base, names, tuple(shown[row.name] for row in smooth), rest, span)
        for owner in dict.fromkeys(row.owner for row in smooth):
            curves = {number: row.curve for number, row in enumerate(smooth) if row.owner == owner}
            found.append(Target(owner, drive, curves))
    for own in stepped:
        steps = [(shown[row.name], row.value) for row in own]
        name = f"{own[0].owner.name}|{own[0].curve.name}"
        step = property_drives.StepDrive(base, name, steps, _rest(own[0]), least, twos, _closing(base))
        found.append(Target(own[0].owner, step, {0: own[0].curve}))
    return found


def _closing(base: drives.KeyDrive) -> frozenset[int]:
    """The visemes that close the lips."""
    weights = base.retarget.matrix[:, arkit.ARKIT_INDEX["mouthClose"]]
    return frozenset(int(number) for number in np.flatnonzero(weights > 1.0))


def _rest(row: Row) -> float:
    """Where a property lies when it shows nothing: its default, or 0 where it has none."""
    path = row.curve.path
    if path.endswith('"]'):
        place, _, name = path.rpartition('["')
        holder = row.owner.path_resolve(place) if place else row.owner
        return _range(holder, bpy.utils.unescape_identifier(name[:-2]))[0]
    return 0.0


def _range(holder: Any, name: str) -> tuple[float, float]:
    """The default of a custom property, and its end."""
    try:
        about = holder.id_properties_ui(name).as_dict()
    except (TypeError, KeyError):
        return 0.0, 1.0
    end = float(about.get("soft_max", about.get("max", 1.0)))
    return float(about.get("default") or 0.0), end if abs(end) < 1e4 else 1.0


def _raw(row: Row) -> Any:
    value = row.owner.path_resolve(row.curve.path)
    return value if row.curve.single else value[row.curve.index]


def _is_whole(row: Row) -> bool:
    return isinstance(_raw(row), int | bool)
