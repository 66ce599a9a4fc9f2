"""Every class, property and handler of the add-on, registered once and taken back in reverse."""

from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import command_line, glances, operators, properties
from .acting.session import stage
from .face import settings as face_settings
from .jobs import sounds
from .jobs.runner import close_desk, desk
from .live import switch as live
from .take import writing
from .ui import keymap, landmark_names, lane, menus, panels, preferences, setting_presets, watch

CLASSES = (
    *face_settings.CLASSES,
    *properties.CLASSES,
    *preferences.CLASSES,
    *operators.CLASSES,
    *setting_presets.CLASSES,
    *panels.CLASSES,
    *lane.CLASSES,
)
_IDLE_CHECK_SECONDS = 60.0


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.register()
    face_settings.register()
    bpy.app.handlers.load_pre.append(_before_another_file)
    for handlers in _before_snapshots():
        handlers.append(_before_snapshot)
    for handlers in _handlers_before():
        handlers.append(_leave_the_stage)
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(_after_undo)
    bpy.app.timers.register(_close_idle_workers, first_interval=_IDLE_CHECK_SECONDS, persistent=True)
    watch.register()
    glances.register()
    live.register()
    lane.register()
    landmark_names.register()
    keymap.register()
    menus.register()
    setting_presets.register()
    command_line.register()


def unregister() -> None:
    setting_presets.unregister()
    menus.unregister()
    keymap.unregister()
    landmark_names.unregister()
    lane.unregister()
    live.unregister()
    glances.unregister()
    watch.unregister()
    close_desk()
    sounds.forget()
    command_line.unregister()
    if bpy.app.timers.is_registered(_close_idle_workers):
        bpy.app.timers.unregister(_close_idle_workers)
    stage().clear()
    for handlers in _handlers_before():
        handlers.remove(_leave_the_stage)
    bpy.app.handlers.load_pre.remove(_before_another_file)
    for handlers in _before_snapshots():
        handlers.remove(_before_snapshot)
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.remove(_after_undo)
    face_settings.unregister()
    properties.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)


@persistent
def _before_another_file(*_: Any) -> None:
    desk().notice = ""  # it told of the file that goes
    desk().cancel_all("Cancelled: another file was opened.")


def _before_snapshots() -> tuple[Any, ...]:
    return (bpy.app.handlers.save_pre, bpy.app.handlers.undo_pre, bpy.app.handlers.redo_pre)


@persistent
def _before_snapshot(*_: Any) -> None:
    writing.settle()


def _handlers_before() -> tuple[Any, ...]:
    """Of all that must find a face as its animator left it, not as a live voice has it."""
    handlers = bpy.app.handlers
    return handlers.load_pre, handlers.save_pre, handlers.undo_pre, handlers.redo_pre, handlers.render_pre


@persistent
def _leave_the_stage(*_: Any) -> None:
    stage().clear()


@persistent
def _after_undo(*_: Any) -> None:
    writing.note_undo()
    if not desk().running:
        desk().notice = ""  # it told of what may be no more


def _close_idle_workers() -> float:
    desk().workers.close_idle()
    return _IDLE_CHECK_SECONDS
