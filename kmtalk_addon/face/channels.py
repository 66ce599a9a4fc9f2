"""Custom properties, frame numbers, node values and visibility as keys of a face."""

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..core import arkit, drives, errors, naming, property_drives
from .targets import Curve, Target

_FULL = re.compile(r'^bpy\.data\.(\w+)\["((?:[^"\\]|\\.)*)"\](\.node_tree|\.data)?(?:\.(.+)|(\[.+))$')
_HIDING = ("hide_viewport", "hide_render", "hide")
_AT_REST = ("rest", "sil", "sil_00", "X")
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


_KINDS = ("VALUE", "INT", "BOOLEAN")


def offered(objects: Iterable[Any]) -> list[tuple[str, str]]:
    """Full data paths of what a character has to choose from, each with what it is: custom numbers of objects and
    bones, frames of drawings, values and frames of materials' nodes, and visibility."""
    found: dict[str, str] = {}
    for item in objects:
        whole = f"bpy.data.objects[{_quoted(item.name)}]"
        for holder, start in _holders(item):
            said = f"{item.name}: {getattr(holder, 'name', '')}" if start else item.name
            dot = "." if start else ""
            for name, value in holder.items():
                if isinstance(value, int | float) and not name.startswith("kmtalk"):
                    found[f"{whole}{dot}{start}[{_quoted(name)}]"] = f"{said}, custom property"
        for stack in ("modifiers", "grease_pencil_modifiers"):
            for modifier in getattr(item, stack, ()):
                if modifier.type in ("GREASE_PENCIL_TIME", "GP_TIME"):
                    path = f"{whole}.{stack}[{_quoted(modifier.name)}].offset"
                    found[path] = f"{item.name}, frame of its drawing"
        for slot in item.material_slots:
            if slot.material is not None and slot.material.node_tree is not None:
                found |= _of_nodes(slot.material)
        for name in ("hide_viewport", "hide_render"):
            found[f"{whole}.{name}"] = f"{item.name}, whether it is hidden"
    return list(found.items())


def _of_nodes(material: Any) -> dict[str, str]:
    whole = f"bpy.data.materials[{_quoted(material.name)}].node_tree.nodes"
    found = {}
    for node in material.node_tree.nodes:
        if node.type == "TEX_IMAGE":
            found[f"{whole}[{_quoted(node.name)}].image_user.frame_offset"] = f"{material.name}, frame of its image"
        side = {"VALUE": "outputs", "GROUP": "inputs", "MIX": "inputs"}.get(node.type)
        if side is not None:
            for number, socket in enumerate(getattr(node, side)):
                if socket.type in _KINDS and (side == "outputs" or not socket.is_linked):
                    path = f"{whole}[{_quoted(node.name)}].{side}[{number}].default_value"
                    found[path] = f"{material.name}, {node.name}: {socket.name}"
    return found


def _quoted(name: str) -> str:
    return f'"{bpy.utils.escape_identifier(name)}"'


def end_of(owner: Any, curve: Curve) -> float:
    """What a property has when it shows all of a key, where nobody said it: a custom one its end, hidden no."""
    if curve.path.endswith(_HIDING):
        return 0.0
    if curve.path.endswith('"]'):
        place, _, name = curve.path.rpartition('["')
        return _range(owner.path_resolve(place) if place else owner, bpy.utils.unescape_identifier(name[:-2]))[1]
    return 1.0


def _holders(item: Any) -> Iterable[tuple[Any, str]]:
    yield item, ""
    if item.type == "ARMATURE" and item.pose is not None:
        for bone in item.pose.bones:
            yield bone, bone.path_from_id()


def owners_of(own: Any) -> list[Any]:
    """The datablocks whose properties the rows of a face's mapping name; those that are gone are left out."""
    found: dict[Any, None] = {}
    for row in own.keys:
        with contextlib.suppress(errors.FaceError):
            if row.path:
                found[at_path(row.path)[0]] = None
    return list(found)


def targets(
    rows: Sequence[Row], shown: dict[str, int], base: drives.KeyDrive, least: int, twos: bool, item: Any
) -> list[Target]:
    """Targets that let rows show the values of `base`, by the number of each row's name in `shown`: properties of whole
    numbers, and those of which several rows are values, step from one to the next.

    item: the object that the face's settings are on.
    """
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
            found.append(_target(owner, drive, curves, item))
    rivals = _rivals(own[0] for own in stepped if len(own) == 1)
    for own in stepped:
        steps, at_rest = [(shown[row.name], row.value) for row in own], _rest(own[0])
        others = rivals.get(own[0].curve.path.rpartition(".")[2], []) if len(own) == 1 else []
        if own[0] in others and len(others) > 1:  # of a mouth's drawings one is seen at a time
            steps = [(shown[row.name], float(row != own[0])) for row in others]
            at_rest = float(own[0] != _resting(others, shown, base))
        name = f"{own[0].owner.name}|{own[0].curve.name}"
        step = property_drives.StepDrive(base, name, steps, at_rest, least, twos, _closing(base))
        found.append(_target(own[0].owner, step, {0: own[0].curve}, item))
    return found


def _target(owner: Any, drive: drives.Drive, curves: dict[int, Curve], item: Any) -> Target:
    if isinstance(owner, bpy.types.Object):
        return Target(owner, drive, curves)
    return Target(item, drive, curves, owner)


def _rivals(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """What is seen while it is said and hidden else, by the property that hides it."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.curve.path.endswith(_HIDING) and row.value == 0.0:
            found.setdefault(row.curve.path.rpartition(".")[2], []).append(row)
    return found


def _resting(rows: Sequence[Row], shown: dict[str, int], base: drives.KeyDrive) -> Row | None:
    """Of drawings the one that is seen where nothing is said: a mouth at rest, else with closed lips."""
    by_rest = (row for row in rows if base.curves[shown[row.name]] in _AT_REST)
    closed = (row for row in rows if shown[row.name] in _closing(base))
    return next(by_rest, None) or next(closed, None)


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
    return 1.0 - row.value if isinstance(_raw(row), bool) else 0.0  # what is shown by a sound is hidden without it


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
