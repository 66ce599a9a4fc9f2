"""Lines as a whole: taken out, or moved to where their strips lie now."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import compat, options
from ..audio import sound, strips
from ..core import errors, progress
from ..face import Curve, Face
from ..face.targets import OURS
from ..take import events, layout, lines, markers, marks, phones, place, store
from ..take.columns import Columns
from ..take.layers import Reach
from ..take.writing import Journal, Pace, has_many_keys, insist
from . import lay


def chosen(context: Any) -> tuple[lines.Ref, Face]:
    """The line that is chosen on the face, which has its actions for itself from now on.  Raises KMTalkError."""
    actions = lines.actions_of(options.meshes_of(context))
    line = lines.chosen_in(actions)
    if line is None:
        raise errors.TakeError("Animate from audio first: the face plays no take of KMTalk's.")
    face = lay.face_of(actions[:1], store.take_of(line), options.meshes_of(context))
    lines.take_over(face)
    actions = lines.actions_of(face.objects)
    return lines.ref_of(actions[0], lines.chosen_in(actions)), face


def remove(context: Any) -> progress.Job[str]:
    """The job that takes the chosen line out; the face rests there, and what it covered comes back."""
    ref, face = chosen(context)
    objects = [item.session_uid for item in face.found_on or face.objects]
    return remove_job(ref, objects, context.scene.session_uid)


def remove_job(ref: lines.Ref, objects: Sequence[int], scene: int) -> progress.Job[str]:
    """The job that takes a line out of the face that `objects` are, by their `session_uid`s."""
    line = ref.find()[0][1]
    name, take = str(line.name), store.take_of(line)
    find_place = lay.finder(objects, scene, take)

    def attempt(journal: Journal, pace: Pace) -> progress.Job[list[layout.Sheet]]:
        face, _ = find_place()
        sheets = [_sheet(action, ref.uid, None) for action, _ in ref.find()]
        yield from _rewrite(_units(sheets, face), journal, pace, "removing")
        journal.check()
        for action, _ in ref.find():
            markers.clear_action(action, ref.uid)
        layout.drop(sheets)
        return sheets

    sheets = yield from insist(attempt)

    told = [f"Removed “{name}”"]

    def leave() -> None:
        face, _ = find_place()
        told.extend(filter(None, [_leave_empty(sheet.find(), face) for sheet in sheets]))

    def show() -> None:
        _, where = find_place()
        where.frame_set(where.frame_current, subframe=where.frame_subframe)

    steps = [leave, lambda: markers.clear_everywhere(ref.uid), show]
    yield from Pace().certainly(steps, lambda step: step(), "removing")
    return ". ".join(told)


def _leave_empty(action: Any, face: Face) -> str:
    """Take an action without any line off the face, which rests; fit the others' NLA strips.  What an artist put on the
    action stays, and plays on: it is theirs from now on, which is told."""
    if len(action.kmtalk_lines.lines):
        for target in face.targets:
            place.fit(target.owner, action)
        return ""
    for target in face.targets:
        if not compat.plays(target.owner, action):
            continue
        left = compat.read_curves(action, compat.slot_of(action, target.owner))
        if left:
            place.fit(target.owner, action)
        else:
            place.remove(target.owner, action)
        theirs = {lines.name_of(curve) for curve in left}
        target.let_rest(curve for curve in target.curves.values() if curve.name not in theirs)
        target.tag()
    if face.owner.kmtalk_face.action == action:
        face.owner.kmtalk_face.action = None
    if len(lines.curves_by_name(action)):
        del action[OURS]
        return f"Keys of yours stay on “{action.name}”, which is an action of your own now"
    lines.discard(action)
    return ""


def follow(context: Any) -> progress.Job[str]:
    """The job that moves the chosen line to where its strip lies now, with all that was changed by hand."""
    ref, face = chosen(context)
    objects = [item.session_uid for item in face.found_on or face.objects]
    shift = shift_of(ref.find()[0][1], context.scene)
    if shift is None:
        raise errors.AudioError("The line has no strip any more: add its sound again, or remove the line.")
    if not round(shift):
        raise errors.TakeError("The line lies where its strip does.")
    return _move(ref, objects, context.scene.session_uid, round(shift))


def shift_of(line: Any, scene: Any) -> float | None:
    """By how many frames a line's strip was moved; None where there is no strip."""
    story = store.story_of(line)
    found = strips.find(story.strip, scene)
    if found is None:
        return None
    return sound.frame_of(scene, *found, story.begin) - story.start


def _move(ref: lines.Ref, objects: Sequence[int], scene: int, shift: int) -> progress.Job[str]:
    line = ref.find()[0][1]
    name, take = str(line.name), store.take_of(line)
    find_place = lay.finder(objects, scene, take)

    def attempt(journal: Journal, pace: Pace) -> progress.Job[list[layout.Sheet]]:
        face, where = find_place()
        sheets = []
        for action, own in ref.find():
            was = lines.reach_of(own)
            sheets.append(_sheet(action, ref.uid, replace(was, first=was.first + shift, last=was.last + shift)))
        units = _units(sheets, face, lambda old, within=None: _shifted(old, shift))
        yield from _rewrite(units, journal, pace, "moving")
        journal.check()
        for sheet, (_, own) in zip(sheets, ref.find(), strict=True):
            for target in face.targets:
                place.fit(target.owner, sheet.find())  # while the line is known where it was
            _note_move(own, shift)
            layout.settle_line(sheet, own)
        markers.shift(ref, shift)
        where.frame_end = max(where.frame_end, ref.find()[0][1].last)
        where.frame_set(where.frame_current, subframe=where.frame_subframe)
        return sheets

    sheets = yield from insist(attempt)
    notes = [f"“{name}” follows its strip, {abs(shift)} frames {'later' if shift > 0 else 'earlier'}"]
    return ". ".join([*notes, *sheets[0].overlaps()])


def _rewrite(units: Sequence[Any], journal: Journal, pace: Pace, stage: str) -> progress.Job[None]:
    actions = {unit[0].action: unit[0].find() for unit in units}
    for action in actions.values():
        yield from pace.each([line.marks for line in action.kmtalk_lines.lines], marks.learn, stage)
    write = lambda unit: unit[0].rewrite(*unit[1:], journal=journal)  # noqa: E731
    yield from pace.each(units, write, stage, many_keys=has_many_keys(actions.values()))


def _note_move(line: Any, shift: int) -> None:
    story = store.story_of(line)
    line.story = replace(story, start=story.start + shift).to_json()
    noted = store.noted_curves(line)
    store.keep_record(line, {n: (frames + shift, values) for n, (frames, values) in noted.items()})
    for item in line.key_motions:
        item.frame += shift
    phones.shift(line, shift)
    events.shift(line, shift)


def _shifted(columns: Columns, shift: int) -> Columns:
    found = {name: column.copy() for name, column in columns.items()}
    for name in ("co", "handle_left", "handle_right"):
        found[name][:, 0] += np.float32(shift)
    return found


def _sheet(action: Any, uid: str, reach: Reach | None) -> layout.Sheet:
    before = lines.reaches_of(action)
    after = [other for other in before if other.uid != uid] + ([reach] if reach is not None else [])
    return layout.Sheet(action.session_uid, uid, before, after)


def _units(sheets: Sequence[layout.Sheet], face: Face, own: layout.Own | None = None) -> list[Any]:
    """Every curve that the line has, with the value it rests at."""
    rests: dict[str, float] = {}
    for target in face.targets:
        values = target.rest()
        rests |= {curve.name: float(values[number]) for number, curve in target.curves.items()}
    units = []
    for sheet in sheets:
        action = sheet.find()
        noted = store.noted_curves(lines.line_in(action, sheet.uid))
        for name, curve in lines.curves_by_name(action).items():
            if name in noted:
                handle, _, plain = name.partition("|")
                group = curve.group.name if curve.group else ""
                spot = Curve(curve.data_path, curve.array_index, group)
                units.append((sheet, int(handle or 0), spot, own, rests.get(plain, 0.0)))
    return units
