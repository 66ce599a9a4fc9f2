"""The core's settings as Blender shows them: limits and words are the core's, times are in frames of the scene."""

import math
from typing import Any

from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty

from .core import schema
from .core import settings as core

SHOWN_AS = {name: {"minimum_key_gap": "minimum_gap"}.get(name, name) for name in core.SETTINGS}
"""How the property of each setting is called."""

_RATE = 24  # frames a second at which the limits of times are shown
_WHOLE_FRAMES = ("minimum_key_gap",)
_SOFT = {"key_density": (0.25, 2.0), "delay": (-10.0, 10.0)}
_REGIONS = {
    "mouth": "Jaw, lips and tongue",
    "upper": "Brows, cheeks and nose",
    "eyes": "Lids and gaze",
    "head": "Turns of head and neck",
    "chest": "Chest and shoulders, which rise with each breath",
}


def properties(changed: Any = None) -> dict[str, Any]:
    """A property of Blender's for every setting, by the property's name; `changed` is their `update`."""
    return {SHOWN_AS[name]: _property(setting, changed) for name, setting in core.SETTINGS.items()}


def core_settings(settings: Any, fps: float) -> dict[str, Any]:
    """The artist's settings, in frames of a scene of `fps`, as the core knows them, in seconds."""
    return {name: _value(core.SETTINGS[name], getattr(settings, shown), fps) for name, shown in SHOWN_AS.items()}


def shown_value(name: str, value: Any, fps: float) -> Any:
    """A value of the core's as the property of its setting has it in a scene of `fps`: what `core_settings` reads."""
    setting = core.SETTINGS[name]
    if isinstance(setting.kind, core.Parts):
        return set(value.split(","))
    if name in _WHOLE_FRAMES:
        return max(round(value * fps), 1)
    if setting.unit == "seconds":
        return value * fps
    return math.radians(value) if setting.unit == "degrees" else value


def _property(setting: core.Setting, changed: Any) -> Any:
    kind = setting.kind
    words: dict[str, Any] = {"name": setting.label, "description": setting.words, "update": changed}
    if isinstance(kind, schema.Flag):
        return BoolProperty(default=setting.default, **words)
    if isinstance(kind, schema.Choice):
        return EnumProperty(default=setting.default, items=[(n, n.capitalize(), "") for n in kind.names], **words)
    if isinstance(kind, core.Parts):
        words["description"] += ", and their curves are left alone"
        items = [(name, name.capitalize(), _REGIONS.get(name, "")) for name in kind.names]
        return EnumProperty(items=items, options={"ENUM_FLAG"}, default=set(setting.default.split(",")), **words)
    if isinstance(kind, schema.Whole):
        return IntProperty(default=setting.default, min=int(kind.low), max=int(kind.high), **words)
    if not isinstance(kind, schema.Number):
        raise TypeError(f"Blender has no property for {setting.name}")
    if isinstance(kind, core.Worded):
        words["description"] += ": " + ", ".join(f"{value:g} is {name}" for name, value in kind.named.items())
    if setting.unit == "seconds":
        words["description"] += ", in frames"
    if setting.name in _WHOLE_FRAMES:
        return IntProperty(default=1, min=1, max=round(kind.high * _RATE), **words)
    soft = _SOFT.get(setting.name)
    if soft is not None:
        words |= {"soft_min": soft[0], "soft_max": soft[1]}
    if (kind.low, kind.high) == (0, 1) and not setting.unit:
        words["subtype"] = "FACTOR"
    if setting.unit == "degrees":
        words["subtype"] = "ANGLE"
    scale = {"seconds": float(_RATE), "degrees": math.radians(1.0)}.get(setting.unit, 1.0)
    return FloatProperty(default=setting.default * scale, min=kind.low * scale, max=kind.high * scale, **words)


def _value(setting: core.Setting, value: Any, fps: float) -> Any:
    kind = setting.kind
    if isinstance(kind, core.Parts):
        return sorted(value)
    if not isinstance(kind, schema.Number):
        return value
    if setting.name in _WHOLE_FRAMES and value <= 1:
        return 0.0
    if setting.unit == "seconds":
        value = value / fps
    elif setting.unit == "degrees":
        value = math.degrees(value)
    return min(max(value, kind.low), kind.high)
