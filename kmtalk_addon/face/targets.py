"""What a take moves in Blender: datablocks, and which of their curves takes each value of a drive.

Whatever moves a face, shape keys, bones or properties, is a target; baking, reading changes, regenerating, keeping and
removing each go once over `face.targets` and ask no target what it is.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import bpy
import numpy as np
import numpy.typing as npt

from ..core import drives as driving
from ..core import errors, solved, spaces

FloatArray = npt.NDArray[np.float32]

GROUP = "KMTalk"
OURS = "kmtalk"
"""Custom property that tells our actions from anyone else's."""
_SLIDER_LIMIT = 10.0


@dataclass(frozen=True)
class Curve:
    """One f-curve: its data path from the datablock that is animated, its index there, the group it is listed in.

    single: whether the property is one number and no array.
    """

    path: str
    index: int = 0
    group: str = GROUP
    single: bool = True

    @property
    def name(self) -> str:
        """What the curve is called in our records."""
        return curve_name(self.path, self.index)

    def get(self, owner: Any) -> float:
        """The value that the property has now.  Raises KeyError where it is gone."""
        value = self._resolve(owner)
        return float(value if self.single else value[self.index])

    def shows(self, owner: Any, value: float, slack: float) -> bool:
        """Whether the property is at a `value` of its curve, as well as it can be: it may be whole, or have limits.

        Raises KeyError where it is gone.
        """
        now = self._resolve(owner)
        now = now if self.single else now[self.index]
        if isinstance(now, int):
            return abs(now - value) < 1
        if abs(now - value) <= slack:
            return True
        low, high = self._limits(owner)
        return abs(now - min(max(value, low), high)) <= slack

    def _limits(self, owner: Any) -> tuple[float, float]:
        place, is_custom, name = self.path.rpartition('["' if self.path.endswith('"]') else ".")
        holder = owner.path_resolve(place) if place else owner
        if is_custom == '["' and self.single:
            shown = holder.id_properties_ui(bpy.utils.unescape_identifier(name[:-2])).as_dict()
            return float(shown.get("min", -np.inf)), float(shown.get("max", np.inf))
        if isinstance(holder, bpy.types.ShapeKey):
            return float(holder.slider_min), float(holder.slider_max)
        return -np.inf, np.inf

    def set(self, owner: Any, value: float) -> None:
        """Give the property a value; one that is gone is left alone."""
        try:
            now = self._resolve(owner)
            if self.single and isinstance(now, int):  # bool too
                value = type(now)(round(value))
            if not self.single:
                self._resolve(owner)[self.index] = value
            elif self.path.endswith('"]'):  # a custom property
                place, _, name = self.path.rpartition('["')
                (owner.path_resolve(place) if place else owner)[bpy.utils.unescape_identifier(name[:-2])] = value
            else:
                place, _, name = self.path.rpartition(".")
                setattr(owner.path_resolve(place) if place else owner, name, value)
        except (KeyError, AttributeError, TypeError):
            return

    def _resolve(self, owner: Any) -> Any:
        try:
            return owner.path_resolve(self.path)
        except ValueError as error:
            raise KeyError(self.path) from error


@dataclass(frozen=True, eq=False)
class Target:
    """One datablock whose curves take the values of a drive.

    item: the object that the artist sees; curves: by the number of the drive's value; datablock: what is animated where
    it is not that object, as the nodes of its material.
    """

    item: Any
    drive: driving.Drive
    curves: Mapping[int, Curve]
    datablock: Any = None

    kind: ClassVar[str] = "curves"
    """What the curves are called in messages."""

    @property
    def owner(self) -> Any:
        """The datablock that carries the animation."""
        return self.item if self.datablock is None else self.datablock

    @property
    def name(self) -> str:
        return str(self.item.name)

    def require_free(self) -> None:
        """Raises FaceError, which says what to do, where no animation can be put now."""
        if self.owner.library is not None:
            raise errors.FaceError(f"“{self.name}” is linked: make it local, or a library override, to let it move.")
        self._require_no_tweak()

    def _require_no_tweak(self) -> None:
        animation = self.owner.animation_data if self.owner is not None else None
        if animation is None or not animation.use_tweak_mode:
            return
        if animation.action is None or OURS not in animation.action:
            raise errors.FaceError(
                f"“{self.name}” is in the NLA's tweak mode: leave it (Tab in the NLA editor) before baking."
            )

    def own(self) -> str | None:
        """Make the datablock one that can be animated in this file; what the user should know of it."""
        return None

    def widen(self, values: FloatArray) -> None:
        """Let the curves take `values` (frames, drive's values)."""

    def rest(self) -> FloatArray:
        """(drive's values,) what the curves show where nobody speaks."""
        still = np.zeros((1, self.drive.space.width), np.float32)
        return np.asarray(self.drive(still)[0], np.float32)

    def let_rest(self, curves: Iterable[Curve] | None = None) -> None:
        """Give curves (all of them) that play no more the values they rest at."""
        values = self.rest()
        by_name = {curve.name: float(values[number]) for number, curve in self.curves.items()}
        for curve in self.curves.values() if curves is None else curves:
            curve.set(self.owner, by_name.get(curve.name, 0.0))

    def tag(self) -> None:
        """Tell Blender that it has to be evaluated anew."""
        self.owner.update_tag()


@dataclass(frozen=True, eq=False)
class KeyTarget(Target):
    """The shape keys of a mesh."""

    kind: ClassVar[str] = "shape keys"

    @classmethod
    def of(cls, item: Any, drive: driving.Drive, names: Mapping[int, str]) -> "KeyTarget":
        """The keys `names` of a mesh object, by the number of the drive's value."""
        return cls(item, drive, {number: Curve(data_path(name)) for number, name in names.items()})

    @property
    def owner(self) -> Any:
        return self.item.data.shape_keys

    @property
    def shape_keys(self) -> dict[int, str]:
        """Names of the keys, by the number of the drive's value."""
        return {number: key_name(curve.path) for number, curve in self.curves.items()}

    def require_free(self) -> None:
        self._require_no_tweak()

    def own(self) -> str | None:
        """Give an overridden character shape keys that can be animated here.

        Overriding an object leaves its mesh in the library, where Blender saves no animation of its shape keys;
        overriding the mesh too makes them this file's.
        """
        if self.item.override_library is None or self.item.data.library is None:
            return None
        self.item.data = self.item.data.override_create(remap_local_usages=False)
        return f"The mesh of “{self.name}” is a library override now too, so that its shape keys can move in this file"

    def widen(self, values: FloatArray) -> None:
        """Blender clamps f-curves to the sliders of shape keys too."""
        lowest, highest = values.min(axis=0), values.max(axis=0)
        for number, name in self.shape_keys.items():
            block = self.owner.key_blocks[name]
            block.slider_max = max(block.slider_max, min(float(highest[number]), _SLIDER_LIMIT))
            block.slider_min = min(block.slider_min, max(float(lowest[number]), -_SLIDER_LIMIT))

    def tag(self) -> None:
        self.owner.update_tag()
        if self.item.type == "MESH":
            self.item.data.update()


@dataclass(frozen=True, eq=False)
class BoneTarget(Target):
    """Bones of a rig; the owner is the armature's object."""

    kind: ClassVar[str] = "bone channels"

    @property
    def bones(self) -> list[str]:
        """The names of the bones that move."""
        return list(dict.fromkeys(curve.group for curve in self.curves.values()))

    def tag(self) -> None:
        self.item.update_tag()


@dataclass(frozen=True)
class Face:
    """The targets of one character, which a take drives all at once: head, teeth, tongue, eyes, bones.

    owner: the object that carries the face's settings; sentence: what was recognised, for the user; warnings: what
    speech needs and this face cannot do, one sentence each; found_on: the objects, meshes or a rig, by which the face
    is found again; keys: the shape keys of its meshes, whatever moves them.
    """

    targets: tuple[Target, ...]
    owner: Any
    sentence: str
    warnings: tuple[str, ...] = ()
    found_on: tuple[Any, ...] = ()
    keys: tuple[KeyTarget, ...] = ()

    @property
    def meshes(self) -> tuple[KeyTarget, ...]:
        """The targets that are shape keys of meshes; the first is no more than another one."""
        return tuple(target for target in self.targets if isinstance(target, KeyTarget))

    @property
    def turns_head(self) -> bool:
        """Whether anything of it takes the turns of the head."""
        return any(target.drive.space.name == spaces.HEAD.name for target in self.targets)

    @property
    def breathes(self) -> bool:
        """Whether anything of it rises with the breath."""
        return any(target.drive.space.name == spaces.CHEST.name for target in self.targets)

    @property
    def what_moves(self) -> str:
        """One line: which keys, bones and properties of which objects a take moves."""
        said: dict[str, None] = {}
        for target in self.targets:
            by_drivers = [other for other in self.targets if other.drive is target.drive]
            if isinstance(target.drive, solved.SolvedDrive) and len(by_drivers) > 1:
                said[f"{_listed(t.name for t in by_drivers)}: {_counted(len(target.drive.rows), 'key')} by drivers"] = (
                    None
                )
            else:
                said[f"{target.name}: {_said_of(target)}"] = None
        return " · ".join(said)

    @property
    def objects(self) -> list[Any]:
        """The objects of all targets, each once."""
        return list(dict.fromkeys(target.item for target in self.targets))

    @property
    def drives(self) -> tuple[driving.Drive, ...]:
        """Every drive once, in the order of the targets: meshes of one face share theirs."""
        found: list[driving.Drive] = []
        for target in self.targets:
            if not any(target.drive is other for other in found):
                found.append(target.drive)
        return tuple(found)

    @property
    def drive(self) -> driving.Drive:
        """The drive of the face's shape keys, whatever moves these."""
        first = self.targets[0].drive
        found: driving.Drive = getattr(first, "base", first)
        return found

    def drive_number(self, target: Target) -> int:
        """Which of `drives` is that of a target."""
        return next(number for number, other in enumerate(self.drives) if other is target.drive)

    def signature(self) -> str:
        """What tells whether a face is driven as it was, whatever the order of its meshes; empty where shapes are
        fitted to each take."""
        parts: set[tuple[str, bytes]] = set()
        for drive in self.drives:
            if drive.space.vertices:
                return ""
            width = drive.space.width
            shown = np.concatenate([drive(np.eye(width, dtype=np.float32)), drive(np.zeros((1, width), np.float32))])
            parts |= {(name, np.round(column, 5).tobytes()) for name, column in zip(drive.curves, shown.T, strict=True)}
        return hashlib.sha1(repr(sorted(parts)).encode()).hexdigest()


def _said_of(target: Target) -> str:
    """What of its datablock a target moves: “52 keys”, “jaw and 2 eye bones”, “head and neck”, “6 keys by drivers”."""
    if isinstance(target, KeyTarget):
        return _counted(len(target.curves), "key")
    drive = target.drive
    if isinstance(drive, solved.SolvedDrive):
        sources = dict.fromkeys(_source(curve) for curve in target.curves.values())
        return f"{_counted(len(drive.rows), 'key')} through drivers, by {_listed(sources)}"
    if isinstance(drive, driving.BoneDrive):
        if drive.space.name == spaces.HEAD.name:
            return "head and neck" if len(drive.bones) > 1 else "head"
        if drive.space.name != spaces.ARKIT.name:
            return _counted(len(drive.bones), "bone that breathes", "bones that breathe")
        jaws = sum("jawOpen" in motion.turns for motion in drive.bones.values())
        eyes = len(drive.bones) - jaws
        parts = [*(["jaw"] if jaws else []), *([_counted(eyes, "eye bone")] if eyes else [])]
        return " and ".join(parts)
    if isinstance(target, BoneTarget):
        return f"{_counted(len(target.bones), 'bone')} ({_listed(target.bones)})"
    return _counted(len(target.curves), "property", "properties")


def _source(curve: Curve) -> str:
    """The bone that a curve belongs to, or the property."""
    name = curve.path.removesuffix('"]').rpartition('["')[2] if curve.path.endswith('"]') else curve.path
    return curve.group if curve.group != GROUP else name


def _counted(count: int, thing: str, many: str = "") -> str:
    return f"{count} {thing if count == 1 else many or f'{thing}s'}"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")


def curve_name(path: str, index: int) -> str:
    """What the f-curve at a data path and an index is called in our records."""
    return f"{path}[{index}]" if index else path


def data_path(name: str) -> str:
    """Data path of the value of the shape key `name`."""
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


def key_name(path: str) -> str:
    """The name of the shape key whose value has this data path."""
    return str(bpy.utils.unescape_identifier(path.removeprefix('key_blocks["').removesuffix('"].value')))
