"""Which meshes make up a face, whatever naming scheme their shape keys follow, and what of a take moves which key."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ..core import bones as bone_rules
from ..core import drives, errors, naming, retarget
from . import bones, channels, chest, drivers, mapping, moving, rigs, settings
from .armatures import rig_of
from .targets import Face, KeyTarget


def find_face(objects: Iterable[Any]) -> Face:
    """The face that `objects` make up; objects with no shape key of its naming scheme are passed over.

    Raises FaceError when a mesh may not be changed, or when no naming scheme is recognised.
    """
    objects = list(objects)
    meshes = _with_own_keys(objects)
    told = mapping.told(objects)
    if told is not None and told.id_data.type == "ARMATURE" and not any(row.path for row in told.keys):
        return rigs.find_face(told.id_data)  # its poses, by hand
    found = recognise(meshes, told) if meshes or told is not None else None
    if found is not None and told is not None and not any(item.name in found.meshes for item in meshes):
        return _by_properties(found, channels.rows_of(told), told.id_data)
    if found is None or not found.can_speak:
        named = channels.found_by_name([*objects, *filter(None, map(rig_of, objects))])
        if named is not None:
            return _by_properties(*named, named[1][0].owner)
        rig = next((rig for item in objects if (rig := rig_of(item)) is not None), None)
        try:
            if rig is not None:
                return _with_chest(rigs.find_face(rig), rig)
        except errors.FaceError:
            if rig in objects:
                raise
        raise errors.FaceError(_nothing_known(found))
    speaking = [item for item in meshes if item.name in found.meshes]
    for item in speaking:
        require_editable(item)
    owner = settings.owner_of(speaking, lambda item: len(found.meshes[item.name]))
    rules = settings.adjusted(retarget.retarget(found.scheme, found.mapping), owner.kmtalk_face)
    opens = "open" not in naming.lacks_of(found.scheme, found.mapping)
    chosen = bones.taken(owner.kmtalk_face, owner, rules.shows, opens, _driven_bones(speaking))
    by_bones = frozenset[str]() if owner.kmtalk_face.keys_too else chosen.channels
    index = {channel: number for number, channel in enumerate(rules.channels) if channel not in by_bones}
    by_keys = drives.KeyDrive(rules)
    targets = [
        KeyTarget.of(item, by_keys, {index[c]: key for c, key in found.meshes[item.name].items() if c in index})
        for item in speaking
    ]
    moved, followed = drivers.follow(targets)
    rig = bones.target(owner.kmtalk_face, chosen, closes=rules.closes)
    sentence = found.sentence + drivers.sentence(followed, moved) + _linked(owner) + rigs.left_to_artist(chosen.left)
    turning = bones.head_target(owner.kmtalk_face, owner, chosen)
    own = (*moved, *(target for target in (rig, turning) if target is not None))
    own += chest.targets(speaking, chosen.rig, {bone.name for bone in chosen.parts.values()})
    if told is not None and (rows := channels.rows_of(told)):
        shown = {key: index[c] for keys in found.meshes.values() for c, key in keys.items() if c in index}
        own += tuple(channels.targets(rows, shown, by_keys, told.least_hold, told.on_twos, owner))
    return Face(own, owner, sentence, _warnings(found), tuple(speaking), tuple(targets))


def _with_chest(face: Face, rig: Any) -> Face:
    """A face of bones, and the chest that breathes below it."""
    taken = {curve.group for target in face.targets for curve in target.curves.values()}
    return replace(face, targets=(*face.targets, *chest.targets((), rig, taken)))


def _driven_bones(meshes: Iterable[Any]) -> set[str]:
    """The bones that drivers of the meshes' keys read: what moves these already turns no head."""
    found = set()
    for item in meshes:
        for driver in drivers.drivers_of(item.data.shape_keys):
            for variable in driver.driver.variables:
                found |= {target.bone_target for target in variable.targets if target.bone_target}
    return found


def _by_properties(found: naming.Naming, rows: Sequence[channels.Row], owner: Any) -> Face:
    """A face without shape keys, whose properties, drawings or layers show what is said."""
    own = owner.kmtalk_face
    base = drives.KeyDrive(settings.adjusted(retarget.retarget(found.scheme, found.mapping), own))
    numbers = {name: number for number, name in enumerate(base.curves)}
    shown = {key: numbers[channel] for keys in found.meshes.values() for channel, key in keys.items()}
    targets = channels.targets(rows, shown, base, own.least_hold, own.on_twos, owner)
    sentence = f"Properties: {found.sentence}"
    return Face(tuple(targets), owner, sentence, _warnings(found), (owner,))


def _linked(owner: Any) -> str:
    """What the user should know of a rig that cannot move here."""
    rig = owner.kmtalk_face.armature
    if rig is None or rig.library is None:
        return ""
    return f" “{rig.name}” is linked: make it local to let its bones move."


def _nothing_known(found: naming.Naming | None) -> str:
    if found is None:
        return "No face keys yet: build face shapes, or choose the mesh that has them."
    if found.scheme or found.lacks:
        return found.sentence
    return (
        "No shape keys that KMTalk knows (ARKit's jawOpen, mouthClose, … or visemes): say what yours show (Map Keys by "
        "Hand), or build face shapes."
    )


def _warnings(found: naming.Naming) -> tuple[str, ...]:
    if not found.lacks:
        return ()
    said = naming.say_lacks(found.lacks)
    return (f"{said[0].upper()}{said[1:]} of this face: say with “Map Keys by Hand” which does, or build face shapes",)


def recognise(meshes: Iterable[Any], told: Any = None) -> naming.Naming:
    """The naming scheme of the shape keys of several mesh objects: by their names, or what somebody said.

    Raises FaceError where that cannot be.
    """
    meshes = list(meshes)
    names = tuple((i.name, tuple(b.name for b in i.data.shape_keys.key_blocks[1:])) for i in meshes)
    told = told or mapping.told(meshes)
    if told is not None:
        properties: dict[str, tuple[str, ...]] = {}
        for row in told.keys:
            if row.path:
                properties[row.path] = (*properties.get(row.path, ()), row.name)
        return naming.recognize_by_hand(told.scheme, dict(names), settings.mapped_by_hand(told) or {}, properties)
    still = tuple((item.name, moving.still_keys(item)) for item in meshes)
    by_keys = _recognised(names, still, any(bone_rules.JAW in settings.chosen_bones(i.kmtalk_face) for i in meshes))
    if by_keys.can_speak or not any(bones.has_jaw(item) for item in meshes):
        return by_keys
    return _recognised(names, still, True)


@lru_cache(maxsize=32)
def _recognised(
    meshes: tuple[tuple[str, tuple[str, ...]], ...], still: tuple[tuple[str, frozenset[str]], ...], has_jaw: bool
) -> naming.Naming:
    """Panels ask at every redraw, and names seldom change."""
    return naming.recognize_face(dict(meshes), dict(still), has_jaw)


def has_keys(item: Any) -> bool:
    """Whether an object, a mesh, a curve, a surface or a lattice, has shape keys."""
    return getattr(item.data, "shape_keys", None) is not None


def _with_own_keys(objects: Iterable[Any]) -> list[Any]:
    """The objects with shape keys; of instances that share one mesh, the first."""
    found: dict[Any, Any] = {}
    for item in objects:
        if has_keys(item):
            found.setdefault(item.data.shape_keys.session_uid, item)
    return list(found.values())


def require_editable(item: Any) -> None:
    """Raises FaceError, which says what to do, where the shape keys of `item` take no animation."""
    key = item.data.shape_keys
    linked = item if item.override_library else next((d for d in (item, item.data) if d.library is not None), item)
    if linked.library is not None:
        raise errors.FaceError(
            f"“{item.name}” is linked from “{linked.library.name}”: make a library override of the character (Object ▸ "
            "Library Override ▸ Make), or make it local, before animating it."
        )
    if not key.use_relative:
        raise errors.FaceError(f"“{item.name}” has absolute shape keys: switch them to Relative before animating it.")
