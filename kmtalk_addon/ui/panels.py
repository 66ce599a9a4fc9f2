"""The panels: Audio, Face, Settings, the big button, the keys under it; in the 3D view and in the sequencer alike."""

from typing import Any

import bpy

from .. import options
from ..core import errors, transcript
from ..jobs.runner import desk
from . import face_panel, lines_panel, performance_panel
from .drawing import draw_text

CATEGORY = "KMTalk"


def draw_jobs(layout: Any, context: Any) -> bool:
    """What runs now, each with its progress and ✕; whether there is any."""
    for index, running in enumerate(desk().running):
        row = layout.row(align=True)
        row.progress(factor=running.step.fraction, text=f"{running.title}: {running.step.stage}")
        row.operator("kmtalk.cancel_job", text="", icon="X").index = index
    return bool(desk().running)


def draw_notice(layout: Any, context: Any) -> None:
    """How the last job ended."""
    if desk().notice and not desk().running:
        draw_text(layout, context, desk().notice, "ERROR" if desk().notice_is_error else "INFO")


def _draw_audio(layout: Any, context: Any) -> None:
    settings = context.scene.kmtalk
    layout.operator("kmtalk.add_sound", icon="ADD")
    layout.row().prop(settings, "source", expand=True)
    column = layout.column()
    if settings.source == "FILE":
        column.prop(settings, "file", text="")
        column.prop(settings, "add_strip")
    else:
        column.prop(settings, "strip", text="", icon="SOUND", placeholder=_strip_taken(context))
        if options.other_scenes_sound(context):
            column.prop(settings, "strip_scene", text="")
    try:
        path = options.sound_path(context)
        if settings.transcript == "BESIDE" and (beside := transcript.beside(path)):
            draw_text(column, context, f"With the words in {beside.name}", "TEXT")
    except errors.KMTalkError as error:
        draw_text(column, context, str(error), "ERROR")
    row = layout.row(heading="Range", align=True)
    row.prop(settings, "use_range", text="")
    part = row.row(align=True)
    part.active = settings.use_range
    part.prop(settings, "range_start", text="")
    part.prop(settings, "range_end", text="")
    layout.prop(settings, "transcript", text="")
    if settings.transcript == "FIELD":
        layout.prop(settings, "text", text="")
    elif settings.transcript == "BLOCK":
        layout.prop(settings, "text_block", text="")


def _strip_taken(context: Any) -> str:
    """The strip that is used where none is named."""
    try:
        return str(options.strip_of(context)[1].name)
    except errors.KMTalkError:
        return ""


def _draw_settings(layout: Any, context: Any) -> None:
    settings = context.scene.kmtalk
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
    reason = options.disabled_reason(context)
    column = layout.column()
    column.scale_y = 1.6
    column.enabled = reason is None
    column.operator("kmtalk.animate", icon="PLAY")
    draw_notice(layout, context)
    if reason is None:
        return
    draw_text(layout, context, reason, "INFO")
    if "ngine" in reason:
        layout.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = _module()


def _module() -> str:
    from ..preferences import PACKAGE

    return PACKAGE


class _Panel:
    """Everything in one panel, so that the button stays between the settings and the keys."""

    bl_label = CATEGORY
    bl_category = CATEGORY
    bl_region_type = "UI"

    def draw(self, context: Any) -> None:
        layout = self.layout  # type: ignore[attr-defined]
        for name, label, draw, is_closed in _SECTIONS:
            if draw is lines_panel.draw_lines:
                _draw_action(layout, context)
            header, body = layout.panel(f"KMTALK_{name}", default_closed=is_closed)
            header.label(text=label)
            if body is not None:
                draw(body, context)


_SECTIONS = (
    ("audio", "Audio", _draw_audio, False),
    ("face", "Face", face_panel.draw_face, False),
    ("performance", "Performance", performance_panel.draw_performance, True),
    ("settings", "Settings", _draw_settings, True),
    ("keys", "Lines", lines_panel.draw_lines, False),
)


class KMTALK_PT_view(_Panel, bpy.types.Panel):
    bl_space_type = "VIEW_3D"


class KMTALK_PT_sequencer(_Panel, bpy.types.Panel):
    bl_space_type = "SEQUENCE_EDITOR"


CLASSES = (*face_panel.CLASSES, *lines_panel.CLASSES, *performance_panel.CLASSES, KMTALK_PT_view, KMTALK_PT_sequencer)
