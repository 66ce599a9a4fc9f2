"""Faces of bones: the jaw, lips, lids and brows of a rig, moved by rule or by poses of its library."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..core import bones, drives, errors, face_bones, face_rules, pose_drives, retarget
from . import bones as rig_bones
from . import pose_library, settings
from .targets import BoneTarget, Curve, Face


def find_face(rig: Any) -> Face:
    """The face of a rig without shape keys: by its poses where they tell visemes, else by the names of its bones.

    Raises FaceError where it has neither.
    """
    if rig.library is not None:
        raise errors.FaceError(
            f"“{rig.name}” is linked from “{rig.library.name}”: make a library override of the character (Object ▸ "
            "Library Override ▸ Make), or make it local, before animating it."
        )
    return _by_poses(rig) or _by_rule(rig)


def _by_poses(rig: Any) -> Face | None:
    """The face that the poses of a rig make, where they can speak."""
    found = pose_library.recognise(rig)
    if found is None or not found.can_speak:
        return None
    poses = {pose.name: pose for pose in pose_library.poses_of(rig)}
    rules = settings.adjusted(retarget.retarget(found.scheme, found.mapping), rig.kmtalk_face)
    chosen = [poses[key] for key in found.mapping.values()]
    rest, moved = pose_library.sampled(rig, chosen, poses.get(pose_library.rest_name(list(poses))))
    left = pose_library.artists_bones(rig)
    kept = [number for number, name in enumerate(moved) if name not in left]
    names = list(moved)
    modes = {names[number]: _mode_of(rig, names[number]) for number in kept}
    if not modes:
        return None
    offsets = np.stack([np.stack([moved[name][p] for name in modes]) for p in range(len(chosen))])
    still = np.stack([rest[name] for name in modes])
    numbers = tuple(range(len(chosen)))
    drive = pose_drives.PoseDrive(drives.KeyDrive(rules), numbers, modes, still, offsets)
    sentence = f"Poses of “{rig.name}”: {found.sentence}{left_to_artist(left & set(names))}"
    return Face((_target(rig, drive), *_head(rig, modes, left)), rig, sentence, _warnings(found.lacks), (rig,))


def _by_rule(rig: Any) -> Face:
    axes = axes_of(rig)
    every = [_bone(bone, axes) for bone in rig.data.bones]
    face = face_bones.sort_bones(every)
    if not face.jaw and not face.has_lips:
        raise errors.FaceError(
            f"“{rig.name}” has no bones of a jaw or of lips that are known by name: make a pose for each sound (A, E, "
            "O, U, MBP, FV …) as pose assets or actions of one frame, and animate again."
        )
    heads = {bone.name: bone.head for bone in every}
    own = rig.kmtalk_face
    poses = face_rules.face_poses(face, heads.get(face.jaw, np.zeros(3)), own.jaw_angle, _followers(rig, face))
    rules = settings.adjusted(retarget.retarget("arkit", list(poses)), own)
    left = pose_library.artists_bones(rig)
    names = [n for n in dict.fromkeys(n for moves in poses.values() for n in moves) if n not in left]
    offsets = np.tile(pose_drives.AT_REST, (len(poses), len(names), 1))
    for row, moves in zip(offsets, poses.values(), strict=True):
        for number, name in enumerate(names):
            if name in moves:
                to_bone = np.array(rig.data.bones[name].matrix_local.to_3x3()).T @ axes.T
                row[number, :3] = to_bone @ moves[name].shift
                row[number, 3:6] = to_bone @ moves[name].turn
    modes = {name: _mode_of(rig, name) for name in names}
    still = np.tile(pose_drives.AT_REST, (len(names), 1))
    drive = pose_drives.PoseDrive(drives.KeyDrive(rules), tuple(range(len(poses))), modes, still, offsets)
    parts = [*(["jaw"] if face.jaw else []), *(["lips"] if face.has_lips else [])]
    parts += [word for word, there in (("lids", face.lids), ("brows", face.brows)) if there]
    sentence = f"Bones of “{rig.name}”: {', '.join(parts)}, {len(names)} bones.{left_to_artist(left)}"
    lacks = () if face.has_lips else ("round",)
    return Face((_target(rig, drive), *_head(rig, modes, left)), rig, sentence, _warnings(lacks), (rig,))


def _target(rig: Any, drive: Any) -> BoneTarget:
    curves = {
        number: Curve(rig.pose.bones[place.bone].path_from_id(place.attribute), place.index, place.bone, single=False)
        for number, place in enumerate(drive.places)
    }
    return BoneTarget(rig, drive, curves)


def _head(rig: Any, taken: Mapping[str, str], left: set[str]) -> tuple[BoneTarget, ...]:
    """Head and neck, where they are known by name and nothing else moves them."""
    known = rig_bones.named(rig)
    named = {part: known[part] for part in (bones.HEAD, bones.NECK) if part in known}
    free = {part: name for part, name in named.items() if name not in taken and name not in left}
    if bones.HEAD not in free:
        return ()
    neck = rig.kmtalk_face.neck_share if bones.NECK in free else 0.0
    shares = {bones.HEAD: 1.0 - neck, bones.NECK: neck}
    motions = {}
    for part, name in free.items():
        bone = rig.pose.bones[name]
        axes = rig_bones.axes_of(rig, bone)
        motions[name] = bones.bone_motion(part, axes, bone.length, 0.0, bone.rotation_mode, shares[part])
    return (rig_bones.of_bones(rig, drives.BoneDrive(motions)),)


def _mode_of(rig: Any, name: str) -> str:
    return str(rig.pose.bones[name].rotation_mode)


def _warnings(lacks: tuple[str, ...]) -> tuple[str, ...]:
    if "round" not in lacks:
        return ()
    return ("Nothing rounds the lips of this face: bones of the lips, or a pose for o and u, would",)


def left_to_artist(names: Collection[str]) -> str:
    """What is said of bones that are not moved, since an animation of the artist's moves them."""
    if not names:
        return ""
    some = ", ".join(sorted(names)[:4]) + (" …" if len(names) > 4 else "")
    return f" Left to the rig's own animation: {some}."


def axes_of(rig: Any) -> Any:
    """(3, 3) the character's left, up and forward in the rig's own space, one a row: forward is where its jaw points,
    else where such a rig looks."""
    up, forward = rig_bones.standing(rig)
    jaw = face_bones.sort_bones([_bone(bone, np.eye(3)) for bone in rig.data.bones]).jaw
    if jaw:
        bone = rig.data.bones[jaw]
        way = np.array(bone.tail_local) - np.array(bone.head_local)
        flat = way - (way @ up) * up
        if np.linalg.norm(flat) > 0.5 * np.linalg.norm(way):
            axis = int(np.abs(flat).argmax())
            forward = np.zeros(3)
            forward[axis] = np.sign(flat[axis])
    return np.stack([np.cross(up, forward), up, forward])


def _bone(bone: Any, axes: Any) -> face_bones.Bone:
    parent = bone.parent.name if bone.parent is not None else ""
    return face_bones.Bone(bone.name, axes @ np.array(bone.head_local), axes @ np.array(bone.tail_local), parent)


def _followers(rig: Any, face: face_bones.FaceBones) -> Mapping[str, float | None]:
    """How much of the jaw's way each bone of the lips goes by itself; None where a constraint decides."""
    return {name: _follows(rig, name, face.jaw) for name in (*face.upper, *face.lower, *face.corners.values())}


def _follows(rig: Any, name: str, jaw: str) -> float | None:
    bone = rig.pose.bones[name]
    while bone is not None:
        if any(_leads_to(constraint) for constraint in bone.constraints):
            return None
        if bone.name == jaw:
            return 1.0
        bone = bone.parent
    return 0.0


def _leads_to(constraint: Any) -> bool:
    """Whether a constraint takes its bone along with others."""
    return not constraint.mute and constraint.type in ("ARMATURE", "CHILD_OF", "COPY_TRANSFORMS", "COPY_LOCATION")
