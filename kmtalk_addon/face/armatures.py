"""Which armature moves an object."""

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
