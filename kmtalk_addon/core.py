"""The one door to `kmtalk_core`, which lies beside this package: in the checkout, or inside the same extension."""

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ == "kmtalk_addon":
    from kmtalk_core import __version__ as version
    from kmtalk_core import (
        animate,
        audio,
        client,
        drives,
        edits,
        errors,
        files,
        jobs,
        progress,
        reshaping,
        schema,
        settings,
        take,
        textgrid,
        transcript,
        verbs,
    )
    from kmtalk_core.alignment import Phone
    from kmtalk_core.drives import bones, chest, expressions, face_rules, solved, turns, vertices
    from kmtalk_core.drives import poses as pose_drives
    from kmtalk_core.drives import properties as property_drives
    from kmtalk_core.edits import events as event_edits
    from kmtalk_core.events import Event
    from kmtalk_core.faces import drawing, poses
    from kmtalk_core.faces import files as face_files
    from kmtalk_core.faces.demo import load_head
    from kmtalk_core.motion import arkit, curves, mesh, spaces, topology
    from kmtalk_core.naming import bones as head_bones
    from kmtalk_core.naming import effects, face_bones, guesses, retarget
    from kmtalk_core.naming import recognize as naming
else:
    from ..kmtalk_core import __version__ as version
    from ..kmtalk_core import (
        animate,
        audio,
        client,
        drives,
        edits,
        errors,
        files,
        jobs,
        progress,
        reshaping,
        schema,
        settings,
        take,
        textgrid,
        transcript,
        verbs,
    )
    from ..kmtalk_core.alignment import Phone
    from ..kmtalk_core.drives import bones, chest, expressions, face_rules, solved, turns, vertices
    from ..kmtalk_core.drives import poses as pose_drives
    from ..kmtalk_core.drives import properties as property_drives
    from ..kmtalk_core.edits import events as event_edits
    from ..kmtalk_core.events import Event
    from ..kmtalk_core.faces import drawing, poses
    from ..kmtalk_core.faces import files as face_files
    from ..kmtalk_core.faces.demo import load_head
    from ..kmtalk_core.motion import arkit, curves, mesh, spaces, topology
    from ..kmtalk_core.naming import bones as head_bones
    from ..kmtalk_core.naming import effects, face_bones, guesses, retarget
    from ..kmtalk_core.naming import recognize as naming

__all__ = [
    "Event", "Phone", "animate", "arkit", "audio", "bones", "chest", "client", "curves", "drawing", "drives", "edits",
    "effects", "errors", "event_edits", "expressions", "face_bones", "face_files", "face_rules", "files", "guesses",
    "head_bones", "jobs", "load_head", "mesh", "naming", "pose_drives", "poses", "progress", "property_drives",
    "reshaping", "retarget", "schema", "settings", "solved", "spaces", "take", "textgrid", "topology", "transcript",
    "turns", "verbs", "version", "vertices",
]  # fmt: skip
