"""Bones of jaw, eyes, neck and head as targets of a take: which they are, and their axes in the rig."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core import bones, drives, errors
from . import pose_library, settings
from .armatures import can_move, rig_of
from .targets import GROUP, BoneTarget, Curve, Target

_TURNING = (bones.HEAD, bones.NECK)
_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""The character's left, up and forward, one a column, in the space that delta rotations turn in."""


def use_rig(own: Any, rig: Any, keeps_jaw: bool = False) -> dict[str, str]:
    """Set the rig and those of its bones that are known by their names; returns these by part.  Raises FaceError.

    keeps_jaw: keys of the face's own open the mouth and cannot be set aside, so that no bone opens it once more.
    """
    if rig is None:
        raise errors.FaceError("This mesh has no armature: choose the rig by hand.")
    found = named(rig)
    if keeps_jaw:
        found.pop(bones.JAW, None)
    own.armature = rig
    for part, prop in settings.BONES.items():
        setattr(own, prop, found.get(part, ""))
    return found


def named(rig: Any) -> dict[str, str]:
    """The bones of a rig that are known by their names and by what they hang from, by part."""
    parents = {bone.name: bone.parent.name for bone in rig.data.bones if bone.parent is not None}
    return bones.find_bones([bone.name for bone in rig.data.bones], parents)


@dataclass(frozen=True)
class Taken:
    """The bones of a rig that move beside the keys of a face.

    parts: part → pose bone; rig: whose; left: names of bones that an animation of the artist's moves and that are left
    to it.
    """

    parts: Mapping[str, Any]
    rig: Any = None
    left: tuple[str, ...] = ()

    @property
    def channels(self) -> frozenset[str]:
        """The ARKit channels that they take."""
        return frozenset(channel for part in self.parts for channel in bones.channels_of(part))


def has_jaw(item: Any) -> bool:
    """Whether a bone may open the mouth of an object's face: one that was chosen, or one that is known by name."""
    own = item.kmtalk_face
    if own.armature is not None:
        return bones.JAW in settings.chosen_bones(own)
    rig = rig_of(item)
    return can_move(rig) and bones.JAW in named(rig)


def taken(own: Any, item: Any, shown: Collection[str], opens: bool, driven: Collection[str]) -> Taken:
    """The bones that move beside keys: those that were chosen, else what of the object's rig is known by its name.

    Of these the jaw moves where no key opens the mouth, and the eyes where no key looks; shown: the channels that keys
    show; opens: whether one opens the mouth; driven: names of bones that move already.
    """
    if own.armature is not None:
        return Taken(settings.chosen_bones(own), own.armature)
    rig = rig_of(item)
    if not can_move(rig):
        return Taken({})
    free = {part: name for part, name in named(rig).items() if name not in driven}
    if opens:
        free.pop(bones.JAW, None)
    if any(channel.startswith("eyeLook") for channel in shown):
        free.pop(bones.EYE_LEFT, None)
        free.pop(bones.EYE_RIGHT, None)
    theirs = pose_library.artists_bones(rig)
    left = tuple(name for name in free.values() if name in theirs)
    return Taken({part: rig.pose.bones[name] for part, name in free.items() if name not in left}, rig, left)


def target(own: Any, chosen: Taken, *, closes: bool) -> BoneTarget | None:
    """Jaw and eyes as a target; None where no bone of theirs moves.

    closes: whether a shape key closes the lips over an open jaw; else the jaw does.
    """
    motions = {
        bone.name: bones.bone_motion(part, axes_of(chosen.rig, bone), bone.length, own.jaw_angle, bone.rotation_mode)
        for part, bone in chosen.parts.items()
        if part not in _TURNING
    }
    return of_bones(chosen.rig, drives.BoneDrive(motions, closes)) if motions else None


def head_target(own: Any, item: Any, chosen: Taken) -> Target | None:
    """Head and neck of the rig, or where it is wished and there is no such bone the object itself; else None."""
    parts = {part: bone for part, bone in chosen.parts.items() if part in _TURNING}
    if parts:
        shares = {bones.NECK: own.neck_share, bones.HEAD: 1.0 - (own.neck_share if bones.NECK in parts else 0.0)}
        motions = {
            bone.name: bones.bone_motion(
                part, axes_of(chosen.rig, bone), bone.length, 0.0, bone.rotation_mode, shares[part]
            )
            for part, bone in parts.items()
        }
        return of_bones(chosen.rig, drives.BoneDrive(motions))
    if not own.turn_object:
        return None
    top = _topmost(item)
    motion = bones.bone_motion(bones.HEAD, _WORLD, 1.0, 0.0, "XYZ")
    curves = {index: Curve("delta_rotation_euler", index, GROUP, single=False) for index in range(3)}
    return Target(top, drives.BoneDrive({top.name: motion}), curves)


def _topmost(item: Any) -> Any:
    """What carries the whole face: the object, or the mesh that it hangs from."""
    while item.parent is not None and item.parent.type == "MESH" and item.parent_type == "OBJECT":
        item = item.parent
    return item


def of_bones(rig: Any, drive: drives.BoneDrive) -> BoneTarget:
    """The bones of a rig that a drive names, as a target."""
    curves = {
        number: Curve(rig.pose.bones[place.bone].path_from_id(place.attribute), place.index, place.bone, single=False)
        for number, place in enumerate(drive.places)
    }
    return BoneTarget(rig, drive, curves)


def standing(rig: Any) -> tuple[Any, Any]:
    """(3,) up and forward of a rig at rest, in its own space: most stand along Z and look along −Y, and those of files
    that have Y up look along Z."""
    head = named(rig).get(bones.HEAD)
    way = np.array([0.0, 0.0, 1.0])
    if head is not None:
        bone = rig.data.bones[head]
        roots = bone.parent_recursive
        start = roots[-1] if roots else bone
        way = np.array(bone.tail_local) - np.array(start.head_local)
    if way[1] > abs(way[2]) and way[1] > abs(way[0]):
        return np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    return np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0])


def axes_of(rig: Any, bone: Any) -> Any:
    """(3, 3) the character's left, up and forward, one a column, in the bone's own axes at rest.

    Forward is where its jaw points, or its eyes look, else where such a rig does.
    """
    up, forward = standing(rig)
    way = np.array(bone.bone.tail_local) - np.array(bone.bone.head_local)
    flat = way - (way @ up) * up
    if np.linalg.norm(flat) > 0.5 * np.linalg.norm(way):
        axis = int(np.abs(flat).argmax())  # heads look along an axis of their rig
        forward = np.zeros(3)
        forward[axis] = np.sign(flat[axis])
    left = np.cross(up, forward)
    rest = np.array(bone.bone.matrix_local.to_3x3())
    return rest.T @ np.stack([left, up, forward], axis=1)
