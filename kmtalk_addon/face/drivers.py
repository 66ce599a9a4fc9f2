"""Control rigs: the drivers of shape keys are followed to the bones and properties that they read."""

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy

from ..core import expressions, solved
from ..core import turns as turning
from . import changes
from .targets import BoneTarget, Curve, KeyTarget, Target, key_name

_DEEPEST = 4
_AXES = {"X": 0, "Y": 1, "Z": 2}
_LIMITS = {"LOC": "LIMIT_LOCATION", "ROT": "LIMIT_ROTATION", "SCALE": "LIMIT_SCALE"}
_FREE = {"LOC": (-10.0, 10.0), "ROT": (-math.pi, math.pi), "SCALE": (0.0, 10.0)}
"""How far a channel goes that nothing limits."""
_STRAIGHT = 1e-4


@dataclass
class Followed:
    """What was found behind the drivers of a face.

    rows: the driven keys that are followed; sources: by name; places: source → the datablock it belongs to and its
    curve; turns: bone → how its sources turn it; refused: data path of a key → why its driver is not followed; readers:
    what drivers read → how many do.
    """

    rows: list[solved.Row] = field(default_factory=list)
    sources: dict[str, solved.Source] = field(default_factory=dict)
    places: dict[str, tuple[Any, Curve]] = field(default_factory=dict)
    turns: dict[str, tuple[Any, Any, solved.Turn]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    readers: Counter[Hashable] = field(default_factory=Counter)


def follow(keys: Sequence[KeyTarget]) -> tuple[list[Target], Followed]:
    """The targets of a face whose keys follow drivers: what these read in place of the keys that it drives.

    Keys without a driver stay as they are, and keys whose driver cannot be followed too.
    """
    found = Followed()
    found.readers.update(
        _what(variable)
        for target in keys
        for driver in drivers_of(target.owner)
        for variable in driver.driver.variables
    )
    left: list[Target] = []
    for target in keys:
        driven = {driver.data_path: driver for driver in drivers_of(target.owner) if not driver.mute}
        kept = {}
        for number, curve in target.curves.items():
            driver = driven.get(curve.path)
            if driver is None or not _followed(found, driver, target, number, curve):
                kept[number] = curve
        if kept:
            left.append(type(target)(target.item, target.drive, kept))
    if not found.rows:
        return list(keys), found
    drive = solved.SolvedDrive(
        keys[0].drive,
        tuple(found.rows),
        tuple(found.sources.values()),
        {bone: turn for bone, (_, _, turn) in found.turns.items()},
    )
    return [*left, *_targets(found, drive, keys[0].item)], found


def _followed(found: Followed, driver: Any, target: KeyTarget, number: int, curve: Curve) -> bool:
    trial = Followed([], dict(found.sources), dict(found.places), dict(found.turns), {}, found.readers)
    try:
        reads = _reading(trial, target.owner, driver, 0)
    except expressions.NotAffineError as error:
        found.refused[curve.path] = str(error)
        return False
    if reads.is_constant:
        found.refused[curve.path] = "reads nothing that moves"
        return False
    block = target.owner.key_blocks[key_name(curve.path)]
    _keep_read(trial, found, reads)
    found.sources, found.places, found.turns = trial.sources, trial.places, trial.turns
    found.rows.append(solved.Row(number, reads, float(block.slider_min), float(block.slider_max)))
    return True


def _keep_read(trial: Followed, earlier: Followed, reads: expressions.Affine) -> None:
    """Forget sources that were looked at and are not read: a switch that others are multiplied by stays as it is."""
    turned = {name for _, _, turn in trial.turns.values() for name in turn.sources}
    for name in [*trial.sources]:
        if name not in earlier.sources and not reads.factors.get(name) and name not in turned:
            del trial.sources[name]
            trial.places.pop(name, None)


def _targets(found: Followed, drive: solved.SolvedDrive, item: Any) -> Iterator[Target]:
    """One target for each datablock that has sources; item: the object whose keys are driven."""
    number_of = {name: number for number, name in enumerate(drive.curves)}
    curves: dict[Any, dict[int, Curve]] = {}
    for name, (owner, curve) in found.places.items():
        if name in number_of:
            curves.setdefault(owner, {})[number_of[name]] = curve
    for bone, (owner, pose_bone, turn) in found.turns.items():
        attribute, count = turning.rotation_property(turn.mode)
        for index in range(count):
            curve = Curve(pose_bone.path_from_id(attribute), index, pose_bone.name, single=False)
            curves.setdefault(owner, {})[number_of[f"{bone}.{attribute}[{index}]"]] = curve
    for owner, own in curves.items():
        if not isinstance(owner, bpy.types.Object):
            yield Target(_user_of(owner, item), drive, own, owner)
        else:
            yield (BoneTarget if owner.type == "ARMATURE" else Target)(owner, drive, own)


def _user_of(datablock: Any, item: Any) -> Any:
    """An object that a datablock belongs to, as an armature does; `item` where there is none."""
    users = (o for o in bpy.data.objects if datablock in (o.data, getattr(o.data, "shape_keys", None)))
    return next(users, item)


def drivers_of(datablock: Any) -> Sequence[Any]:
    """The drivers on a datablock."""
    animation = getattr(datablock, "animation_data", None)
    return animation.drivers if animation is not None else ()


def _reading(found: Followed, owner: Any, driver: Any, depth: int) -> expressions.Affine:
    """What a driver reads, in terms of sources.  Raises NotAffineError."""
    if depth >= _DEEPEST:
        raise expressions.NotAffineError("follows other drivers too far")
    if not driver.driver.is_valid:
        raise expressions.NotAffineError("is broken")
    variables = {v.name: _variable(found, v, depth) for v in driver.driver.variables}
    kind = driver.driver.type
    if kind == "SCRIPTED":
        line = expressions.read_affine(driver.driver.expression, tuple(variables), _switches(found, driver, variables))
    elif kind in ("SUM", "AVERAGE"):
        share = 1.0 / max(len(variables), 1) if kind == "AVERAGE" else 1.0
        line = expressions.Affine(0.0, dict.fromkeys(variables, share))
    elif len(variables) == 1:  # the least or the greatest of one
        line = expressions.Affine(0.0, dict.fromkeys(variables, 1.0))
    else:
        raise expressions.NotAffineError("takes the least or greatest of several variables")
    return _through_curve(driver, line.replaced(variables))


def _what(variable: Any) -> Hashable:
    """What a driver's variable reads."""
    target = variable.targets[0]
    return target.id, target.data_path, target.bone_target, target.transform_type, variable.type


def _switches(found: Followed, driver: Any, variables: Mapping[str, expressions.Affine]) -> dict[str, float]:
    """What those variables of a driver have now that more drivers read than the others: strengths of many controls."""
    counts = {variable.name: found.readers[_what(variable)] for variable in driver.driver.variables}
    stays = {}
    for name, read in variables.items():
        if counts[name] > min(counts.values()) and all(source in found.places for source in read.factors):
            stays[name] = read.at(
                {source: found.places[source][1].get(found.places[source][0]) for source in read.factors}
            )
    return stays


def _through_curve(driver: Any, line: expressions.Affine) -> expressions.Affine:
    """What the driver's own curve makes of its value: a straight line, which may be level before its first key and
    after its last."""
    points = driver.keyframe_points
    first, last = (points[0].co[0], points[-1].co[0]) if len(points) > 1 else (0.0, 1.0)
    slope = (float(driver.evaluate(last)) - float(driver.evaluate(first))) / (last - first)
    constant = float(driver.evaluate(first)) - slope * first
    for share in (0.25, 0.5, 0.75):
        x = first + share * (last - first)
        if abs(constant + slope * x - float(driver.evaluate(x))) > _STRAIGHT:
            raise expressions.NotAffineError("has a curve that is not straight")
    if (
        (slope, constant) == (1.0, 0.0)
        and _goes_on(driver, first - 1.0, 1.0, 0.0)
        and _goes_on(driver, last + 1.0, 1.0, 0.0)
    ):
        return line
    scaled = line.times(slope)
    through = expressions.Affine(
        scaled.constant + constant, scaled.factors, scaled.low + constant, scaled.high + constant
    )
    for end, beyond in ((first, first - 1.0), (last, last + 1.0)):
        if _goes_on(driver, beyond, slope, constant):
            continue
        level = float(driver.evaluate(end))
        if abs(float(driver.evaluate(beyond)) - level) > _STRAIGHT:
            raise expressions.NotAffineError("has a curve that is not straight")
        is_low = (end == first) == (slope > 0)
        through = through.cut(low=level) if is_low else through.cut(high=level)
    return through


def _goes_on(driver: Any, x: float, slope: float, constant: float) -> bool:
    """Whether a driver's curve is still on its line at `x`."""
    return abs(float(driver.evaluate(x)) - (constant + slope * x)) < _STRAIGHT * max(1.0, abs(slope))


def _variable(found: Followed, variable: Any, depth: int) -> expressions.Affine:
    target = variable.targets[0]
    if target.id is None:
        raise expressions.NotAffineError("reads nothing")
    if variable.type == "SINGLE_PROP":
        return _property(found, target.id, target.data_path, depth)
    if variable.type == "TRANSFORMS":
        return _transform(found, target)
    raise expressions.NotAffineError("measures between two bones")


def _property(found: Followed, owner: Any, path: str, depth: int) -> expressions.Affine:
    """A single property: what drives it, where it is driven itself; else a source."""
    path, index = _indexed(path)
    for driver in drivers_of(owner):
        if driver.data_path == path and not driver.mute and (index is None or driver.array_index == index):
            return _reading(found, owner, driver, depth + 1)
    curve = Curve(path, index or 0, _group_of(path), single=index is None)
    try:
        value = curve.get(owner)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise expressions.NotAffineError("reads what is not there") from error
    name = f"{owner.name}|{curve.name}"
    if isinstance(owner, bpy.types.Scene | bpy.types.World) or owner.library is not None:
        raise expressions.NotAffineError(f"reads “{owner.name}”, which is shared or linked")
    low, high, rest = _limits(owner, path, index)
    found.sources.setdefault(name, solved.Source(name, value if rest is None else rest, low, high))
    found.places[name] = (owner, curve)
    return expressions.Affine(0.0, {name: 1.0})


def _indexed(path: str) -> tuple[str, int | None]:
    """`location[0]` and `location.x` as a path and an index."""
    if path.endswith("]") and not path.endswith('"]') and "[" in path:
        start, _, number = path[:-1].rpartition("[")
        if number.isdigit():
            return start, int(number)
    start, _, letter = path.rpartition(".")
    if letter in ("x", "y", "z") and start.endswith(("location", "rotation_euler", "scale")):
        return start, "xyz".index(letter)
    return path, None


def _group_of(path: str) -> str:
    """The bone that a path belongs to, as the group that its curve is listed in."""
    return path.partition('pose.bones["')[2].partition('"]')[0] if path.startswith("pose.bones[") else "KMTalk"


def _limits(owner: Any, path: str, index: int | None) -> tuple[float, float, float | None]:
    """How far a property may go, and where it rests."""
    if path.endswith('"]'):
        place, _, name = path.rpartition('["')
        holder = owner.path_resolve(place) if place else owner
        try:
            about = holder.id_properties_ui(bpy.utils.unescape_identifier(name[:-2])).as_dict()
        except (TypeError, KeyError):
            return -10.0, 10.0, None
        low, high = float(about.get("min", -10.0)), float(about.get("max", 10.0))
        return max(low, -1e4), min(high, 1e4), float(about.get("default", 0.0) or 0.0)
    if path.startswith("pose.bones[") and index is not None:
        bone = owner.path_resolve(path.rpartition(".")[0])
        kind = {"location": "LOC", "scale": "SCALE"}.get(path.rpartition(".")[2], "ROT")
        return *_constrained(bone, kind, "xyz"[index]), 1.0 if kind == "SCALE" else 0.0
    return -10.0, 10.0, None


def _transform(found: Followed, target: Any) -> expressions.Affine:
    """A transform channel of a bone or an object: its own, or where it is in the world."""
    kind, _, axis = target.transform_type.partition("_")
    if axis not in _AXES or kind not in _LIMITS:
        raise expressions.NotAffineError(f"reads {target.transform_type}")
    owner = target.id
    if owner.library is not None:
        raise expressions.NotAffineError(f"reads “{owner.name}”, which is linked")
    bone = owner.pose.bones.get(target.bone_target) if owner.type == "ARMATURE" and target.bone_target else None
    if target.transform_space == "WORLD_SPACE" and (bone is not None or owner.parent is not None):
        return _in_world(found, owner, bone, kind, axis)
    return _channel(found, owner, bone, kind, axis, target.transform_space != "TRANSFORM_SPACE")


def _in_world(found: Followed, owner: Any, bone: Any, kind: str, axis: str) -> expressions.Affine:
    """Where in the world a bone or an object is along an axis, by its own location; what it hangs from stays."""
    if kind != "LOC":
        raise expressions.NotAffineError("reads a turn or a size in the world")
    holder = owner if bone is None else bone
    if any(not constraint.mute and constraint.type not in _LIMITS.values() for constraint in holder.constraints):
        raise expressions.NotAffineError("reads a place in the world that a constraint decides")
    if bone is not None:  # what it hangs from at rest: a head that nods says nothing else of its controls
        row = (owner.matrix_world @ bone.bone.matrix_local)[_AXES[axis]]
    elif abs(owner.matrix_basis.determinant()) > 0.0:
        row = (owner.matrix_world @ owner.matrix_basis.inverted())[_AXES[axis]]
    else:
        raise expressions.NotAffineError(f"reads “{owner.name}”, which is scaled to nothing")
    line = expressions.Affine(float(row[3]))
    for letter, number in _AXES.items():
        if abs(row[number]) > _STRAIGHT * max(abs(share) for share in row[:3]):
            line = line.plus(_channel(found, owner, bone, "LOC", letter, True), float(row[number]))
    return line


def _channel(found: Followed, owner: Any, bone: Any, kind: str, axis: str, is_limited: bool) -> expressions.Affine:
    """A location, turn or size of a bone or an object along an axis of its own; is_limited: its constraints count."""
    holder = owner if bone is None else bone
    name = f"{owner.name}|{holder.name}|{kind}_{axis}"
    low, high = _constrained(holder, kind, axis.lower()) if is_limited else _FREE[kind]
    rest = 1.0 if kind == "SCALE" else 0.0
    if bone is None and kind == "LOC":
        rest = float(owner.location[_AXES[axis]])
    found.sources.setdefault(name, solved.Source(name, rest, low, high))
    mode = holder.rotation_mode
    if kind == "ROT" and mode in ("QUATERNION", "AXIS_ANGLE"):
        if bone is None:
            raise expressions.NotAffineError("reads the turn of an object that turns by a quaternion")
        x, y, z = (f"{owner.name}|{holder.name}|ROT_{letter}" for letter in "XYZ")
        found.turns[f"{owner.name}|{bone.name}"] = (owner, bone, solved.Turn((x, y, z), mode))
        return expressions.Affine(0.0, {name: 1.0})
    attribute = {"LOC": "location", "ROT": "rotation_euler", "SCALE": "scale"}[kind]
    path = bone.path_from_id(attribute) if bone is not None else attribute
    found.places[name] = (owner, Curve(path, _AXES[axis], holder.name, single=False))
    return expressions.Affine(0.0, {name: 1.0})


def _constrained(holder: Any, kind: str, axis: str) -> tuple[float, float]:
    """How far a constraint of a bone or an object lets a channel go."""
    low, high = _FREE[kind]
    for constraint in holder.constraints:
        if constraint.type != _LIMITS[kind] or constraint.mute or constraint.owner_space == "WORLD":
            continue
        if kind == "ROT":
            if getattr(constraint, f"use_limit_{axis}"):
                low, high = getattr(constraint, f"min_{axis}"), getattr(constraint, f"max_{axis}")
            continue
        if getattr(constraint, f"use_min_{axis}"):
            low = getattr(constraint, f"min_{axis}")
        if getattr(constraint, f"use_max_{axis}"):
            high = getattr(constraint, f"max_{axis}")
    return float(low), float(high)


def sentence(found: Followed, targets: Sequence[Target]) -> str:
    """“through 48 drivers, by the bones of “Rig” ”."""
    if not found.rows:
        return ""
    names = list(dict.fromkeys(t.name for t in targets if isinstance(t.drive, solved.SolvedDrive)))
    return f" {len(found.rows)} through drivers, by {', '.join(f'“{name}”' for name in names)}."


def read_by(datablock: Any) -> list[Any]:
    """The datablocks that the drivers of another read, directly or through their own drivers."""
    count = len(drivers_of(datablock))
    return changes.kept(("read", datablock.session_uid, count), lambda: _read_by(datablock)) if count else []


def _read_by(datablock: Any, depth: int = 0) -> list[Any]:
    found: dict[Any, None] = {}
    for driver in drivers_of(datablock):
        for variable in driver.driver.variables:
            for target in variable.targets:
                if target.id is not None and target.id != datablock:
                    found[target.id] = None
    if depth < _DEEPEST:
        for other in list(found):
            found |= dict.fromkeys(_read_by(other, depth + 1))
    return list(found)
