"""Takes of earlier versions, which kept each in an action and an NLA strip of its own: they become lines."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import compat
from ..core import errors
from ..face import Curve, Face
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
    return done


def _actions(owner: Any) -> list[Any]:
    users = compat.users_in(owner) if owner is not None else []
    played = dict.fromkeys(user.action for user in users if user.action is not None)
    return [action for action in played if action.kmtalk_take.story and not lines.is_ours(action)]


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
    states = {item.frame: item.state for item in kept.keys}
    for key in take.keys:
        item = line.key_motions.add()
        show(item, row_of(key, story.timeline, take.fps))
        item.state = states.get(item.frame, key.state)
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


def names_of(objects: Iterable[Any]) -> list[str]:
    """The names of the actions of an earlier version that objects play."""
    found: dict[str, None] = {}
    for item in objects:
        for owner in lines.owners_of(item):
            found |= dict.fromkeys(action.name for action in _actions(owner))
    return list(found)
