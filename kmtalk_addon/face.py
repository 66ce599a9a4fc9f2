"""A face in Blender: the meshes whose shape keys a take drives, and which key answers to which channel."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .core import arkit, errors

_SEPARATORS = re.compile(r"[\s._:|/\-]+")
_KNOWN_PREFIXES = frozenset({"arkit", "bs", "blendshape", "blendshapes", "shape", "face", "head", "exp", "a2f"})
_PREFIX_QUORUM = 3
"""A prefix nobody has heard of counts as one when this many shape keys carry it."""


@dataclass(frozen=True)
class FaceMesh:
    """One mesh object and its shape keys by channel index (a column of the motion)."""

    object: Any
    shape_keys: Mapping[int, str]

    @property
    def datablock(self) -> Any:
        """The `Key` datablock that carries the animation."""
        return self.object.data.shape_keys


@dataclass(frozen=True)
class Face:
    """All meshes that one take drives at once: head, teeth, tongue, eyes."""

    meshes: tuple[FaceMesh, ...]

    @property
    def channels(self) -> tuple[int, ...]:
        """Every channel that moves something, in order."""
        return tuple(sorted({channel for mesh in self.meshes for channel in mesh.shape_keys}))


def find_face(objects: Iterable[Any], channels: Sequence[str] = arkit.ARKIT_NAMES) -> Face:
    """The face that `objects` make up; objects with no matching shape key are passed over.

    Raises FaceError when a mesh may not be changed, or when none of them has a shape key named like a channel.
    """
    candidates = [item for item in objects if item.type == "MESH" and item.data.shape_keys]
    meshes: list[FaceMesh] = []
    for item in candidates:
        names = [block.name for block in item.data.shape_keys.key_blocks[1:]]
        matched = match_channels(names, channels)
        if not matched or any(mesh.datablock == item.data.shape_keys for mesh in meshes):
            continue
        _require_editable(item)
        meshes.append(FaceMesh(item, matched))
    if not meshes:
        raise errors.FaceError(
            "None of the chosen objects has shape keys named like ARKit's (jawOpen, mouthClose, …): choose the face's "
            "mesh, or rename its shape keys."
        )
    return Face(tuple(meshes))


def match_channels(names: Sequence[str], channels: Sequence[str]) -> dict[int, str]:
    """Shape-key names by channel index, whatever their case, separators, `_L`/`_R` endings and common prefixes.

    An exact name wins over one that needed more reading, and of two alike the first.
    """
    wanted = {channel.lower(): index for index, channel in enumerate(channels)}
    readings = [(name, *reading) for name in names for reading in _readings(name, wanted)]
    carriers = Counter(prefix for _, prefix, _ in readings)
    found: dict[int, str] = {}
    for name, prefix, index in sorted(readings, key=lambda r: (r[0] != channels[r[2]], len(r[1]))):
        trusted = not prefix or prefix in _KNOWN_PREFIXES or carriers[prefix] >= _PREFIX_QUORUM
        if trusted and prefix not in wanted:  # `jawOpen_mouthClose` is a corrective, no mouthClose
            found.setdefault(index, name)
    return found


def _readings(name: str, wanted: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every (prefix, channel index) that `name` can be read as."""
    parts = [part for part in _SEPARATORS.split(name.lower()) if part]
    if parts and parts[-1] in ("l", "r"):
        parts[-1] = {"l": "left", "r": "right"}[parts[-1]]
    tails = [("".join(parts[:cut]), "".join(parts[cut:])) for cut in range(len(parts))]
    return [(prefix, wanted[tail]) for prefix, tail in tails if tail in wanted]


def _require_editable(item: Any) -> None:
    advice = "make it local (Object ▸ Relations ▸ Make Local ▸ Selected Objects and Data) before animating it."
    key = item.data.shape_keys
    if key.override_library is not None or (item.override_library is not None and item.data.library is not None):
        raise errors.FaceError(f"“{item.name}” is a library override, which takes no new shape-key animation: {advice}")
    linked = next((datablock for datablock in (item, item.data, key) if datablock.library is not None), None)
    if linked is not None:
        raise errors.FaceError(f"“{item.name}” is linked from “{linked.library.name}”: {advice}")
    if not key.use_relative:
        raise errors.FaceError(f"“{item.name}” has absolute shape keys: switch them to Relative before animating it.")
