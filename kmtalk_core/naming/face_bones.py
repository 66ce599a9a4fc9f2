"""Which bones of a rig are jaw, lips, lids and brows: by the words of their names, and by where they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .spelling import words_of

Vector: TypeAlias = npt.NDArray[np.float64]

LEFT, RIGHT, MIDDLE = "left", "right", ""
_HELPERS = frozenset(("org", "mch", "vis", "wgt", "ref", "ik", "fk", "tweak", "scale", "pivot", "prop", "bend"))
_DEFORM = frozenset(("def", "deform", "bind", "skin"))
_OTHERS = frozenset(("teeth", "tooth", "tongue", "nose", "cheek", "chin", "ear", "hair", "eyeball", "pupil", "iris"))
_LIPS = frozenset(("lip", "lips", "mouth", "oris", "labial", "lippe", "lippen"))
_CORNERS = frozenset(("corner", "corners", "end", "smile", "commissure", "side"))
_UPPER = frozenset(("t", "top", "upper", "up", "u", "uplip", "oben"))
_LOWER = frozenset(("b", "bot", "bottom", "lower", "low", "d", "down", "unten"))
_LIDS = frozenset(("lid", "lids", "eyelid", "eyelids", "orbicularis"))
_BROWS = frozenset(("brow", "brows", "eyebrow", "eyebrows", "oculi"))
_JAWS = frozenset(("jaw", "jawbone", "mandible", "jawroot", "lowerjaw", "kiefer"))
_JOINED = {"lowerlip": ("lower", "lip"), "upperlip": ("upper", "lip"), "jawbone": ("jaw",)}
_ASIDE = 0.15
"""Of the width of the mouth: how far from the middle a lip's bone is no longer in it."""


@dataclass(frozen=True)
class Bone:
    """One bone at rest: head and tail (3,) in the character's axes (left, up, forward), and the name of its parent."""

    name: str
    head: Vector
    tail: Vector
    parent: str = ""


@dataclass
class FaceBones:
    """The bones of a face, by what they are.

    jaw: its name, or nothing; upper, lower: bones of the lips without the corners; corners: by side; lids: (side,
    "upper" or "lower") → bones; brows: by side, from the nose outwards; place: where each bone acts: its head, or its
    tail where several heads lie together (`turning`, as far out as `reach`); width: of the mouth, or what such a face
    has.
    """

    jaw: str = ""
    upper: list[str] = field(default_factory=list)
    lower: list[str] = field(default_factory=list)
    corners: dict[str, str] = field(default_factory=dict)
    lids: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    brows: dict[str, list[str]] = field(default_factory=dict)
    place: dict[str, Vector] = field(default_factory=dict)
    turning: set[str] = field(default_factory=set)
    reach: dict[str, float] = field(default_factory=dict)
    width: float = 0.0

    @property
    def has_lips(self) -> bool:
        return bool(self.corners or (self.upper and self.lower))


def sort_bones(bones: Sequence[Bone]) -> FaceBones:
    """The bones of a face among those of a rig; controls come before what they lead."""
    names = {bone.name for bone in bones}
    words = {bone.name: _words(bone.name) for bone in bones}
    usable = [bone for bone in bones if not _is_led(bone.name, words[bone.name], names)]
    controls = [bone for bone in usable if not words[bone.name] & _DEFORM]
    found = _sorted(controls, words)
    return found if found.jaw or found.has_lips else _sorted(usable, words)


def _sorted(bones: Sequence[Bone], words: Mapping[str, frozenset[str]]) -> FaceBones:
    found = FaceBones()
    jaws = [bone for bone in bones if words[bone.name] & _JAWS and not words[bone.name] & (_LIPS | _OTHERS)]
    found.jaw = _first_of(jaws, words)
    lips = [b for b in bones if words[b.name] & _LIPS and not words[b.name] & (_OTHERS | _LIDS | {"master"})]
    lids = [bone for bone in bones if words[bone.name] & _LIDS]
    brows = [bone for bone in bones if words[bone.name] & _BROWS and not words[bone.name] & {"full", "master"}]
    for group in (lips, lids, brows):
        _place(group, found)
    _sort_lips(lips, words, found)
    for bone in lids:
        side = _side(bone, words[bone.name], found)
        level = "upper" if words[bone.name] & _UPPER else "lower" if words[bone.name] & _LOWER else ""
        found.lids.setdefault((side, level), []).append(bone.name)
    _sort_unnamed_lids(found)
    for bone in brows:
        found.brows.setdefault(_side(bone, words[bone.name], found), []).append(bone.name)
    for side in found.brows:
        found.brows[side].sort(key=lambda name: abs(found.place[name][0]))
    found.width = _width(found, bones)
    return found


def _words(name: str) -> frozenset[str]:
    found: list[str] = []
    for word in words_of(name):
        found += _JOINED.get(word, (word,))
    return frozenset(found)


def _is_led(name: str, words: frozenset[str], names: set[str]) -> bool:
    """Whether a bone is a helper, or follows a control of its own name."""
    return bool(words & _HELPERS) or f"c_{name}" in names


def _first_of(jaws: Sequence[Bone], words: Mapping[str, frozenset[str]]) -> str:
    """The jaw's master, else the shortest name: `jaw` rather than `jaw_tip`."""
    ranked = sorted(
        jaws, key=lambda bone: ("master" not in words[bone.name], bool(words[bone.name] & _UPPER), len(bone.name))
    )
    return ranked[0].name if ranked else ""


def _place(group: Sequence[Bone], found: FaceBones) -> None:
    """Bones that all start at one place act where they end, by turning."""
    for bone in group:
        length = float(np.linalg.norm(bone.tail - bone.head))
        twins = [
            other for other in group if other is not bone and np.linalg.norm(other.head - bone.head) < 0.2 * length
        ]
        found.place[bone.name] = bone.tail if twins else bone.head
        if twins:
            found.turning.add(bone.name)
            found.reach[bone.name] = length


def _sort_lips(lips: Sequence[Bone], words: Mapping[str, frozenset[str]], found: FaceBones) -> None:
    if not lips:
        return
    levels = np.array([found.place[bone.name][1] for bone in lips])
    middle = 0.5 * (levels.min() + levels.max())
    for bone in lips:
        own, side = words[bone.name], _side(bone, words[bone.name], found)
        is_level = own & (_UPPER | _LOWER)
        if side and (own & _CORNERS or not is_level) and _is_outmost(bone, side, lips, found):
            found.corners[side] = bone.name
        elif own & _UPPER or (not is_level and found.place[bone.name][1] >= middle):
            found.upper.append(bone.name)
        else:
            found.lower.append(bone.name)


def _is_outmost(bone: Bone, side: str, lips: Sequence[Bone], found: FaceBones) -> bool:
    sign = 1.0 if side == LEFT else -1.0
    reach = sign * found.place[bone.name][0]
    return all(sign * found.place[other.name][0] <= reach + 1e-9 for other in lips)


def _side(bone: Bone, words: frozenset[str], found: FaceBones) -> str:
    for side in (LEFT, RIGHT):
        if side in words:
            return side
    across = float(found.place.get(bone.name, bone.head)[0])
    return MIDDLE if abs(across) < 1e-4 else LEFT if across > 0 else RIGHT


def _sort_unnamed_lids(found: FaceBones) -> None:
    """Lids that say neither upper nor lower, by height."""
    for side in (LEFT, RIGHT):
        unnamed = found.lids.pop((side, ""), [])
        if len(unnamed) < 2:
            continue
        unnamed.sort(key=lambda name: -found.place[name][1])
        half = len(unnamed) // 2
        found.lids.setdefault((side, "upper"), []).extend(unnamed[:half])
        found.lids.setdefault((side, "lower"), []).extend(unnamed[half:])


def _width(found: FaceBones, bones: Sequence[Bone]) -> float:
    if len(found.corners) == 2:
        return float(abs(found.place[found.corners[LEFT]][0] - found.place[found.corners[RIGHT]][0]))
    lips = [found.place[name][0] for name in (*found.upper, *found.lower)]
    if len(lips) > 2 and np.ptp(lips) > 0:
        return float(np.ptp(lips)) * 1.2
    jaw = next((bone for bone in bones if bone.name == found.jaw), None)
    return 0.6 * float(np.linalg.norm(jaw.tail - jaw.head)) if jaw is not None else 0.0


def side_shares(names: Sequence[str], found: FaceBones) -> Iterator[tuple[str, float, float]]:
    """Each bone of a lip with how much it belongs to the left and to the right: one in the middle to both by half."""
    for name in names:
        across = found.place[name][0] / max(found.width, 1e-9)
        left = float(np.clip(0.5 + across / (2 * _ASIDE), 0.0, 1.0))
        yield name, left, 1.0 - left
