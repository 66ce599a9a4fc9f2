"""The lines of a face: which actions are ours, which lines they carry, and how each is found again by what it is.

A line is known by its number alone, never by a name: strips, files and actions may be called alike.  Copies carry the
numbers of what they were copied from; `settle` gives them their own before anything is written.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from .. import compat
from ..core import errors
from ..face import Face, channels, drivers, family, targets
from ..face.targets import OURS
from .layers import Reach
from .writing import find_action


@dataclass(frozen=True)
class Ref:
    """A line without a pointer into Blender's data: the `session_uid`s of the actions that carry it, and its number."""

    actions: tuple[int, ...]
    uid: str

    def find(self) -> list[tuple[Any, Any]]:
        """Its actions, each with what it knows of the line.  Raises TakeError."""
        found = [(action, line_in(action, self.uid)) for action in map(find_action, self.actions) if action is not None]
        if len(found) != len(self.actions) or any(line is None for _, line in found):
            raise errors.TakeError("The line was deleted in the meantime: nothing was changed.")
        return found


def new_uid() -> str:
    return uuid.uuid4().hex[:12]


def is_ours(action: Any) -> bool:
    """Whether an action is one that we write to and that carries lines."""
    return action is not None and OURS in action and len(action.kmtalk_lines.lines) > 0


def full_name(handle: int, curve_name: str) -> str:
    """What a curve of an action is called in our records: the handle of its slot (0 without slots) and its name."""
    return f"{handle or ''}|{curve_name}"


def name_of(curve: Any) -> str:
    """`Curve.name` of an f-curve."""
    return targets.curve_name(curve.data_path, curve.array_index)


def place_of(name: str) -> tuple[str, int]:
    """The data path and the index of the curve that `name_of` names so."""
    path, bracket, index = name.rpartition("[")
    return (path, int(index[:-1])) if bracket and index[:-1].isdigit() else (name, 0)


def curves_by_name(action: Any) -> dict[str, Any]:
    """Every curve of an action by its full name."""
    slots = action.slots if compat.HAS_SLOTS else (None,)
    found = ((slot.handle if slot else 0, curve) for slot in slots for curve in compat.read_curves(action, slot))
    return {full_name(handle, name_of(curve)): curve for handle, curve in found}


def line_in(action: Any, uid: str) -> Any:
    """What an action knows of a line, or None."""
    return next((line for line in action.kmtalk_lines.lines if line.uid == uid), None)


def reach_of(line: Any) -> Reach:
    return Reach(line.uid, line.first, line.last, line.lead, line.tail)


def reaches_of(action: Any) -> list[Reach]:
    """Where every line of an action plays, in the order in which they came."""
    return [reach_of(line) for line in action.kmtalk_lines.lines]


def played_by(owner: Any) -> list[Any]:
    """Our actions that a datablock plays, most prominent first."""
    animation = owner.animation_data if owner is not None else None
    if animation is None:
        return []
    strips = (strip.action for track in reversed(animation.nla_tracks) for strip in track.strips)
    return [action for action in dict.fromkeys((animation.action, *strips)) if is_ours(action)]


def owners_of(item: Any) -> list[Any]:
    """The datablocks of an object that may carry animation of a face: shape keys first, what its rows name last."""
    keys = getattr(item.data, "shape_keys", None)
    named = channels.owners_of(item.kmtalk_face)
    armature = [item.data] if item.type == "ARMATURE" else []  # whose properties drivers may read
    return list(dict.fromkeys([*([keys] if keys is not None else []), item, *armature, *named]))


def all_owners() -> Iterator[Any]:
    """Every datablock of this file that may carry animation of a face."""
    for item in bpy.data.objects:
        yield from (owner for owner in owners_of(item) if owner is not None)


def is_open(action: Any) -> bool:
    """Whether an action is open in the NLA's tweak mode."""
    animations = (owner.animation_data for owner in all_owners())
    return any(a is not None and a.use_tweak_mode and a.action == action for a in animations)


def actions_of(objects: Iterable[Any]) -> list[Any]:
    """Our actions that objects play, most prominent first."""
    found: dict[Any, None] = {}
    for item in objects:
        for owner in owners_of(item):
            found |= dict.fromkeys(played_by(owner))
        for source in drivers.read_by(getattr(item.data, "shape_keys", None)):  # a control rig
            found |= dict.fromkeys(played_by(source))
        for rig in (item.kmtalk_face.armature, family.rig_of(item)):
            found |= dict.fromkeys(played_by(rig))
    return list(found)


def chosen_in(actions: Sequence[Any]) -> Any:
    """The line that is chosen in the list, or None."""
    lines = actions[0].kmtalk_lines if actions else None
    if lines is None or not len(lines.lines):
        return None
    return lines.lines[min(max(lines.index, 0), len(lines.lines) - 1)]


def ref_of(action: Any, line: Any) -> Ref:
    """A line with all actions that carry it: one, or where actions have no slots one a datablock of the character."""
    return _Carriers(action).ref_of(line.uid)


def refs_of(action: Any) -> list[Ref]:
    """Every line of an action, as `ref_of` finds it."""
    carriers = _Carriers(action)
    return [carriers.ref_of(line.uid) for line in action.kmtalk_lines.lines]


class _Carriers:
    """The actions that may carry lines of an action too, each with the numbers of its own."""

    def __init__(self, action: Any) -> None:
        self._action = action
        self._relatives = [(other, _uids_of(other)) for other in _relatives(action)]
        self._strangers: list[tuple[Any, set[str]]] = []
        if not compat.HAS_SLOTS:
            others = [other for other in bpy.data.actions if is_ours(other) and other.library is None]
            self._strangers = [(other, _uids_of(other)) for other in others]

    def ref_of(self, uid: str) -> Ref:
        found = [other for other, uids in self._relatives if uid in uids]
        found += [other for other in self._strangers_with(uid) if other not in found]
        return Ref((self._action.session_uid, *(other.session_uid for other in found)), uid)

    def _strangers_with(self, uid: str) -> list[Any]:
        """Actions that carry a line too though no family joins their objects: meshes that were named together.

        Of copies, which carry one number until they are settled, nobody knows whose they are: they are left out.
        """
        found = [other for other, uids in self._strangers if uid in uids]
        numbers = [other.kmtalk_lines.uid for other in found]
        return [o for o in found if o != self._action and numbers.count(o.kmtalk_lines.uid) == 1]


def _uids_of(action: Any) -> set[str]:
    return {line.uid for line in action.kmtalk_lines.lines}


def _relatives(action: Any) -> Iterator[Any]:
    """The other actions of ours that the same character plays."""
    found: dict[Any, None] = {}
    for item in objects_of([action]):
        family = family_of(item)
        found |= dict.fromkeys(actions_of([*family, *filter(None, [item.kmtalk_face.armature])]))
    return (other for other in found if other != action and other.library is None)


def family_of(item: Any) -> list[Any]:
    """An object with all others under its topmost parent."""
    top = item
    while top.parent is not None:
        top = top.parent
    return [top, *top.children_recursive]


def objects_of(actions: Sequence[Any]) -> list[Any]:
    """The objects that play one of several actions, by their shape keys or themselves."""
    wanted = set(actions)
    return [
        item for item in bpy.data.objects if any(wanted & set(played_by(owner)) for owner in owners_of(item) if owner)
    ]


def take_over(face: Face) -> None:
    """Give a face actions that are its own: one that another character plays too is copied, and copies get numbers of
    their own."""
    owners = {target.owner for target in face.targets if target.owner is not None}
    found: dict[Any, None] = {}
    for target in face.targets:
        found |= dict.fromkeys(action for action in played_by(target.owner) if action.library is None)
    for action in found:
        if not _is_shared(action, owners):
            continue
        copy = action.copy()
        for owner in owners:
            for user in compat.users_in(owner):
                if user.action == action:
                    compat.assign(user, copy, compat.same_slot(copy, compat.assigned_slot(user)))
    settle(dict.fromkeys(action for target in face.targets for action in played_by(target.owner)))


def _is_shared(action: Any, owners: set[Any]) -> bool:
    """Whether a datablock of nobody among `owners` plays the same curves."""
    mine = {compat.handle_of_slot(compat.slot_of(action, owner)) for owner in owners if compat.plays(owner, action)}
    for item in bpy.data.objects:
        for other in owners_of(item):
            plays = other is not None and other not in owners and compat.plays(other, action)
            if plays and compat.handle_of_slot(compat.slot_of(action, other)) in mine:
                return True
    return False


def settle(actions: Iterable[Any]) -> None:
    """Give the lines of copied actions numbers of their own, so that no two faces share one.

    Of two actions with one number the one that nobody plays is the copy, else the younger one.
    """
    salt = new_uid()
    for action in actions:
        mine = action.kmtalk_lines
        twins = [a for a in bpy.data.actions if a != action and a.kmtalk_lines.uid == mine.uid and OURS in a]  # type: ignore[operator]  # stubs: IDs have keys
        for twin in twins if mine.uid else ():
            is_idle = twin.users - twin.use_fake_user < 1
            if twin.library is None and (is_idle or twin.session_uid > action.session_uid):
                _renumber(twin, salt)
            else:
                _renumber(action, salt)
        mine.uid = mine.uid or new_uid()


def _renumber(action: Any, salt: str) -> None:
    def other(uid: str) -> str:
        return hashlib.sha1((uid + salt).encode()).hexdigest()[:12]

    action.kmtalk_lines.uid = other(action.kmtalk_lines.uid)
    for line in action.kmtalk_lines.lines:
        line.uid = other(line.uid)


def discard(action: Any) -> None:
    """Remove an action of ours that carries no line and that nobody plays."""
    if action.users - action.use_fake_user < 1:
        bpy.data.actions.remove(action)


def sort(action: Any) -> None:
    """List lines in the order of their first frames; the chosen one stays chosen."""
    listed = action.kmtalk_lines
    chosen = listed.lines[listed.index].uid if 0 <= listed.index < len(listed.lines) else ""
    firsts = [line.first for line in listed.lines]
    for place in range(1, len(firsts)):  # nearly in order always: one line came or moved
        target = place
        while target and firsts[target - 1] > firsts[place]:
            target -= 1
        if target != place:
            listed.lines.move(place, target)
            firsts.insert(target, firsts.pop(place))
    choose(action, chosen)


_is_quiet = [False]


def choose(action: Any, uid: str) -> None:
    """Choose a line in the list without a jump of the playhead."""
    listed = action.kmtalk_lines
    index = next((n for n, line in enumerate(listed.lines) if line.uid == uid), 0)
    _is_quiet[0] = True
    try:
        listed.index = index
    finally:
        _is_quiet[0] = False


def jump(self: Any, context: Any) -> None:
    """A click into the list of lines moves the playhead to the line."""
    if not _is_quiet[0] and 0 <= self.index < len(self.lines):
        context.scene.frame_set(self.lines[self.index].first)
