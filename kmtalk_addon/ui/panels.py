"""The panels: Audio, Face, Settings, the big button, the keys under it; in the 3D view and in the sequencer alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import bpy

from .. import options
from ..acting import voices
from ..acting.session import stage
from ..annotations import Region
from ..core import errors, transcript
from ..jobs.runner import desk
from ..preferred import PACKAGE, preferences
from . import face_panel, lines_panel, performance_panel, setting_presets
from .drawing import draw_text

CATEGORY = "KMTalk"
_ICONS = {"sound": "SPEAKER", "face": "USER", "engine": "CHECKMARK"}
"""Of what is ready; the scene is only told of where it is not."""


def draw_jobs(layout: Any, context: Any) -> bool:
    """What runs now, each with its progress and ✕; whether there is any."""
    for index, running in enumerate(desk().running):
        column = layout.column(align=True)
        draw_text(column, context, running.title)
        row = column.row(align=True)
        row.progress(factor=running.step.fraction, text=running.step.stage)
        row.operator("kmtalk.cancel_job", text="", icon="X").index = index
    return bool(desk().running)


def draw_notice(layout: Any, context: Any) -> None:
    """How the last job ended."""
    if desk().notice and not desk().running:
        draw_text(layout, context, desk().notice, "ERROR" if desk().notice_is_error else "INFO")


def _draw_state(layout: Any, context: Any) -> None:
    """What is there and what is missing, before anything else."""
    states = options.states(context)
    column = layout.column(align=True)
    for state in states:
        draw_text(column, context, state.sentence, _ICONS[state.topic] if state.is_ready else "ERROR")
    if not next(state.is_ready for state in states if state.topic == "face"):
        layout.operator("kmtalk.add_demo_head", icon="USER")
    if not next(state.is_ready for state in states if state.topic == "engine"):
        layout.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = PACKAGE


def _draw_audio(layout: Any, context: Any) -> None:
    settings = context.scene.kmtalk
    layout.operator("kmtalk.add_sound", icon="ADD")
    layout.use_property_split = True
    layout.use_property_decorate = False
    layout.row().prop(settings, "source", expand=True)
    column = layout.column()
    if settings.source == "FILE":
        column.prop(settings, "file")
        column.prop(settings, "add_strip")
    else:
        column.prop(settings, "strip", icon="SOUND", placeholder=_strip_taken(context))
        if options.other_scenes_sound(context):
            column.prop(settings, "strip_scene")
    row = layout.row(heading="Range", align=True)
    row.prop(settings, "use_range", text="")
    part = row.row(align=True)
    part.use_property_split = False
    part.active = settings.use_range
    part.prop(settings, "range_start", text="")
    part.prop(settings, "range_end", text="")
    _draw_words(layout, context)


def _draw_words(layout: Any, context: Any) -> None:
    """Where the words come from, and two lines of them."""
    settings = context.scene.kmtalk
    row = layout.row(align=True)
    row.prop(settings, "transcript")
    row.operator("kmtalk.edit_words", text="", icon="TEXT")
    if settings.transcript == "FIELD":
        layout.prop(settings, "text", text="Words")
        said = settings.text
    elif settings.transcript == "BLOCK":
        layout.prop(settings, "text_block")
        said = settings.text_block.as_string() if settings.text_block else ""
    else:
        said = ""
    try:
        beside = transcript.beside(options.sound_path(context)) if settings.transcript == "BESIDE" else None
    except errors.KMTalkError:  # which the first lines of the panel tell
        beside = None
    if beside:
        draw_text(layout, context, f"With the words in {beside.name}", "TEXT")
    if said.strip():
        draw_text(layout, context, said, "BLANK1", lines=2)


def _strip_taken(context: Any) -> str:
    """The strip that is used where none is named."""
    try:
        return str(options.strip_of(context)[1].name)
    except errors.KMTalkError:
        return ""


def _draw_settings(layout: Any, context: Any) -> None:
    settings = context.scene.kmtalk
    setting_presets.draw_button(layout)
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column(align=True)
    column.prop(settings, "strength_upper", slider=True)
    column.prop(settings, "strength_lower", slider=True)
    column = layout.column(align=True)
    column.prop(settings, "smoothing")
    column.prop(settings, "delay")
    column.operator("kmtalk.apply_settings", icon="FILE_REFRESH")
    column = layout.column(align=True)
    column.prop(settings, "minimum_gap")
    column.prop(settings, "key_density", slider=True)
    layout.prop(settings, "bake_mode")
    if settings.bake_mode == "REDUCED":
        layout.prop(settings, "error")
    layout.prop(settings, "foreign")


def _draw_action(layout: Any, context: Any) -> None:
    if draw_jobs(layout.column(), context):
        layout.operator("kmtalk.animate", text="Animate Another", icon="PLAY")
        return
    column = layout.column()
    column.scale_y = 1.6
    column.context_pointer_set("kmtalk_button", context.scene)  # grey, with the reason in its tooltip
    column.operator("kmtalk.animate", icon="PLAY")
    draw_notice(layout, context)


@dataclass(frozen=True)
class _Section:
    name: str
    label: str
    draw: Callable[[Any, Any], None]
    is_closed: bool = False


def _draw_all(layout: Any, context: Any, sections: Sequence[_Section]) -> None:
    """The state of things, then sections, with the big button before the lines."""
    _draw_state(layout, context)
    for section in sections:
        if section.draw is lines_panel.draw_lines:
            _draw_action(layout, context)
        header, body = layout.panel(f"KMTALK_{section.name}", default_closed=section.is_closed)
        header.label(text=section.label)
        if body is not None:
            section.draw(body, context)
    layout.operator("kmtalk.show_guide", icon="HELP")


def _draw_live(layout: Any, context: Any) -> None:
    """The face follows a voice while it is spoken."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    layout.prop(context.scene.kmtalk, "look_ahead", slider=True)
    session = stage().session
    if session is not None:
        text = f"Stop (Esc): {session.seconds:.0f} s"
        layout.operator("kmtalk.live", text=text, icon="SNAP_FACE", depress=True)
        return
    if not voices.can_hear(preferences(context).python):
        draw_text(layout, context, "Blender hears no microphone by itself.", "INFO")
        layout.operator("kmtalk.install_microphone", text=f"{voices.GET} (1 MB)", icon="IMPORT")
    for text, voice, record, icon in (
        ("Live from Microphone", "MICROPHONE", False, "PLAY_SOUND"),
        ("Record and Animate", "MICROPHONE", True, "REC"),
        ("Live from Sound", "SOUND", False, "SOUND"),
    ):
        asked = layout.operator("kmtalk.live", text=text, icon=icon)
        asked.voice, asked.record = voice, record


_LINES = _Section("keys", "Lines", lines_panel.draw_lines)
_SECTIONS = (
    _Section("audio", "Audio", _draw_audio),
    _Section("face", "Face", face_panel.draw_face),
    _Section("performance", "Performance", performance_panel.draw_performance, True),
    _Section("settings", "Settings", _draw_settings, True),
    _Section("live", "In Real Time", _draw_live, True),
    _LINES,
)


class _Panel:
    """Everything in one panel, so that the button stays between the settings and the keys."""

    bl_label = CATEGORY
    bl_category = CATEGORY
    bl_region_type: Region = "UI"
    sections: ClassVar[tuple[_Section, ...]] = _SECTIONS

    def draw(self, context: Any) -> None:
        _draw_all(self.layout, context, self.sections)


class KMTALK_PT_view(_Panel, bpy.types.Panel):
    bl_space_type = "VIEW_3D"


class KMTALK_PT_sequencer(_Panel, bpy.types.Panel):
    bl_space_type = "SEQUENCE_EDITOR"


class KMTALK_PT_dopesheet(_Panel, bpy.types.Panel):
    bl_space_type = "DOPESHEET_EDITOR"
    sections = (_LINES,)


class KMTALK_PT_nla(_Panel, bpy.types.Panel):
    bl_space_type = "NLA_EDITOR"
    sections = (_LINES,)


CLASSES = (
    *face_panel.CLASSES,
    *lines_panel.CLASSES,
    *performance_panel.CLASSES,
    KMTALK_PT_view,
    KMTALK_PT_sequencer,
    KMTALK_PT_dopesheet,
    KMTALK_PT_nla,
)
