"""Which armature moves an object, and whether it can be moved here."""

from typing import Any


def rig_of(item: Any) -> Any:
    """The armature that moves an object: by a modifier, or as one of its parents; None without one."""
    if item.type == "ARMATURE":
        return item
    modifiers = (modifier.object for modifier in item.modifiers if modifier.type == "ARMATURE")
    found = next((rig for rig in modifiers if rig is not None), None)
    parent = item.parent
    while found is None and parent is not None:
        found = parent if parent.type == "ARMATURE" else None
        parent = parent.parent
    return found


def can_move(rig: Any) -> bool:
    """Whether the bones of an armature take animation in this file: of a linked one they do not, nor of an override
    that is itself linked."""
    return rig is not None and rig.pose is not None and rig.library is None
