"""Takes of earlier versions, which kept each in an action and an NLA strip of its own: they become lines."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat
from ..core import errors
from ..face import Curve, Face, Target
from ..face.targets import OURS
from . import columns as keys
from . import fcurves, layout, lines, place, store
from .layers import Reach
from .markers import row_of, show
from .writing import Journal

if TYPE_CHECKING:
    from kmtalk_core.take import Take

MARK = "earlier "
"""How the numbers of such lines begin until they are animated again: they know their strip by its name alone."""

_MARKERS = "kmtalk_markers"
_BONES = " (bones of "
_EVERYWHERE = (-(1 << 20), 1 << 20)


def bring(face: Face) -> int:
    """Make lines of the takes that a face plays in actions of an earlier version; how many they are.

    Raises TakeError for a take that cannot be read, with those before it done.
    """
    done = 0
    for target in face.targets:
        owner = target.owner
        for action in _actions(owner):
            main = next(iter(lines.played_by(owner)), None)
            if main is None:
                _make_line(action, action, action.kmtalk_take, {})
                compat.assign(owner.animation_data, action, compat.slot_of(action, owner))
                place.remove_strips(owner, action)
            elif lines.line_in(main, _uid(action)) is None or main != action:
                _merge(main, action, owner)
            done += 1
    main = next((action for target in face.targets for action in lines.played_by(target.owner)), None)
    for target in face.targets if main is not None else ():
        for action in _bone_actions(target.owner):
            _merge_bones(main, action, target)
    return done


def _actions(owner: Any) -> list[Any]:
    users = compat.users_in(owner) if owner is not None else []
    played = dict.fromkeys(user.action for user in users if user.action is not None)
    return [action for action in played if action.kmtalk_take.story and not lines.is_ours(action)]


def _bone_actions(owner: Any) -> list[Any]:
    """The actions beside such takes that a rig plays: bones were written apart, an action a take, known by its name."""
    users = compat.users_in(owner) if owner is not None else []
    played = dict.fromkeys(user.action for user in users if user.action is not None)
    return [action for action in played if _BONES in str(action.get(OURS, "")) and not lines.is_ours(action)]


def _uid(action: Any) -> str:
    return f"{MARK}{action.name}"[:60]


def _make_line(main: Any, action: Any, kept: Any, names: dict[str, str]) -> Any:
    """A line on `main` of what an earlier action kept; names: of its curves there, by those that they had."""
    line = main.kmtalk_lines.lines.add()
    line.uid, line.name, line.file, line.story = _uid(action), action.name, kept.file, kept.story
    story, take = store.story_of(line), store.take_of(line)
    line.name, line.story = story.name, story.to_json()
    noted = store.noted_curves(kept)
    store.keep_record(line, {names.get(name, name): curve for name, curve in noted.items()})
    reach = _reach(line.uid, story, take)
    line.first, line.last, line.lead, line.tail = reach.first, reach.last, reach.lead, reach.tail
    line.marks = action.get(_MARKERS, "[]") if main == action else "[]"
    _list(line, take, story, {item.frame: item.state for item in kept.keys})
    main.kmtalk_lines.uid = main.kmtalk_lines.uid or lines.new_uid()
    lines.sort(main)
    return line


def _reach(uid: str, story: store.Story, take: "Take") -> Reach:
    last = story.timeline.nearest_frame((take.frame_count - 1) / take.fps)
    return Reach.of(uid, story.timeline.nearest_frame(0.0), last, story.fps)


def _merge(main: Any, action: Any, owner: Any) -> None:
    """Lay the curves of an earlier action into ours, and let it go."""
    slot, own_slot = compat.slot_of(action, owner), compat.slot_of(main, owner)
    handle = compat.handle_of_slot(own_slot)
    kept = action.kmtalk_take
    try:
        told = store.Story.from_json(kept.story, action.name)
        take = store.take_of(kept)
    except errors.TakeError:
        return
    reach = _reach(_uid(action), told, take)
    before = lines.reaches_of(main)
    sheet = layout.Sheet(main.session_uid, reach.uid, before, [*before, reach])
    journal, names = Journal(), dict[str, str]()
    for curve in compat.read_curves(action, slot):
        group = curve.group.name if curve.group else "KMTalk"
        spot = Curve(curve.data_path, curve.array_index, group)
        names[lines.full_name(compat.handle_of_slot(slot), spot.name)] = lines.full_name(handle, spot.name)
        whole = fcurves.read(curve, *_EVERYWHERE)
        if keys.count_of(whole):
            sheet.rewrite(handle, spot, whole, 0.0, journal=journal)
    _make_line(main, action, kept, names)
    layout.settle_line(sheet, lines.line_in(main, reach.uid))
    place.remove_strips(owner, action)
    place.fit(owner, main)


def _merge_bones(main: Any, action: Any, target: Target) -> None:
    """Lay what an earlier action keeps of a rig's bones into the line of its take, and let it go."""
    owner = target.owner
    name = str(action[OURS]).rpartition(_BONES)[0]
    whole = next((line for line in main.kmtalk_lines.lines if line.uid.startswith(MARK) and line.name == name), None)
    if whole is None:
        return
    ours, line = _beside(main, whole, target)
    slot, handle = compat.slot_of(action, owner), compat.handle_of_slot(compat.ensure_slot(ours, owner))
    values = target.rest()
    rests = {curve.name: float(values[number]) for number, curve in target.curves.items()}
    noted, mine = dict(store.noted_curves(line)), lines.reach_of(line)
    known = {other.uid: store.noted_curves(other).keys() for other in ours.kmtalk_lines.lines if other.uid != line.uid}
    told = store.noted_curves(action.kmtalk_take) if action.kmtalk_take.record else {}
    journal = Journal()
    for curve in compat.read_curves(action, slot):
        spot = Curve(curve.data_path, curve.array_index, curve.group.name if curve.group else "KMTalk")
        full, was = lines.full_name(handle, spot.name), lines.full_name(compat.handle_of_slot(slot), spot.name)
        found = fcurves.read(curve, *_EVERYWHERE)
        if not keys.count_of(found):
            continue
        before = [reach for reach in lines.reaches_of(ours) if full in known.get(reach.uid, ())]
        sheet = layout.Sheet(ours.session_uid, line.uid, before, [*before, mine])
        sheet.rewrite(handle, spot, found, rests.get(spot.name, 0.0), journal=journal)
        noted[full] = told.get(was, (keys.frames_of(found), keys.values_of(found)))
        layout.settle_line(sheet, line := lines.line_in(ours, line.uid))
    store.keep_record(line, noted)
    place.remove_strips(owner, action)
    if owner.animation_data.action == action:
        owner.animation_data.action = None
    place.put(target, ours, compat.slot_of(ours, owner) or compat.ensure_slot(ours, owner), "below")
    place.fit(owner, ours)


def _beside(main: Any, line: Any, target: Target) -> tuple[Any, Any]:
    """The action in which the bones of a line play, and the line there: the same, or where actions have no slots one of
    the rig's own."""
    if compat.HAS_SLOTS:
        return main, line
    ours = next(iter(lines.played_by(target.owner)), None)
    if ours is None:
        ours = bpy.data.actions.new(f"KMTalk: {target.name}")
        ours[OURS] = target.name
        ours.kmtalk_lines.uid = lines.new_uid()
    found = lines.line_in(ours, line.uid)
    if found is None:
        found = ours.kmtalk_lines.lines.add()
        for name in ("uid", "name", "file", "story", "first", "last", "lead", "tail"):
            setattr(found, name, getattr(line, name))
        store.keep_record(found, {})
        _list(found, store.take_of(line), store.story_of(line), {item.frame: item.state for item in line.key_motions})
    return ours, lines.line_in(ours, line.uid)


def _list(line: Any, take: "Take", story: store.Story, states: Mapping[int, str]) -> None:
    for key in take.keys:
        item = line.key_motions.add()
        show(item, row_of(key, story.timeline, take.fps))
        item.state = states.get(item.frame, key.state)


def names_of(objects: Iterable[Any]) -> list[str]:
    """The names of the actions of an earlier version that objects play."""
    found: dict[str, None] = {}
    for item in objects:
        for owner in lines.owners_of(item):
            found |= dict.fromkeys(action.name for action in _actions(owner))
    return list(found)
