"""Edits of a take by hand, as EDITS.json or the Blender extension hands them over: of keys, phones and events.

A list of objects, each one of

    {"frame": 42, "pose": {"jawOpen": 0.6}, "state": "edited"}    pose the key there: some channels, or a list of all
    {"frame": 50, "move_to": 53}                                  move it; it keeps the moment of the sound it shows
    {"frame": 61, "delete": true}    {"frame": 70, "add": true}   with a pose or without
    {"frame": 55, "phone": "u"}                                   say it as: the phone heard at that frame is another
    {"phone": 12, "label": "oo", "start": 1.20, "end": 1.31}      the same by its number; its ends may move (seconds)
    {"phone": 12, "split": 1.25, "labels": ["a", "ɪ"]}            two phones of one; without labels both keep its own
    {"phone": 12, "join": true}                                   it and the next become one
    {"phone": "m", "start": 1.20, "end": 1.31}                    that stretch is this phone, whatever was heard there
    {"event": "e12", "delete": true}    {"event": "e12", "time": 1.4, "size": 0.8, "state": "locked"}
    {"event": "mine", "add": true, "kind": "nod", "time": 1.4}    a new one, under a name of its own

A phone is named in IPA, in ARPAbet or by the shape of the mouth ("oo", "m", "f", "wide").  Numbers of phones and names
of events are those of the take before any of its edits.
"""

from .carry import carry_over
from .entries import Edit, Edits, PhoneEdit, read_edits
from .events import edit_events
from .keys import PlannedKey, Span, changed_spans, plan_keys
from .phones import edit_phones
from .plan import Plan, plan
from .splice import spliced

__all__ = [
    "Edit", "Edits", "PhoneEdit", "Plan", "PlannedKey", "Span", "carry_over", "changed_spans",
    "edit_events", "edit_phones", "plan", "plan_keys", "read_edits", "spliced",
]  # fmt: skip
