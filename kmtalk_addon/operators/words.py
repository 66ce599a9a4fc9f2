"""The words that are said, in a text of the file where they have room; and where help is to be found."""

from pathlib import Path
from typing import Any

import bpy

from .. import options
from ..annotations import Done
from ..core import errors
from .base import Needs
from .windows import open_editor

GUIDE = Path(__file__).resolve().parents[2] / "README.md"
_GUIDE_NAME = "KMTalk Guide"


class KMTALK_OT_edit_words(Needs, bpy.types.Operator):
    """Edit the words in a text of this file, where they have room: one that you have, or a new one with the words of
    now"""

    bl_idname = "kmtalk.edit_words"
    bl_label = "Edit Words"
    bl_options = {"UNDO"}  # noqa: RUF012

    def execute(self, context: Any) -> Done:
        settings = context.scene.kmtalk
        if settings.transcript != "BLOCK" or settings.text_block is None:
            try:
                path = options.sound_path(context)
                words, notes = options.words(settings, path)
            except errors.KMTalkError:  # the words may be written before there is a sound
                path, words, notes = None, settings.text if settings.transcript == "FIELD" else "", ()
            for note in notes:
                self.report({"WARNING"}, note)
            block = bpy.data.texts.new(f"{path.stem} words" if path is not None else "Words")
            block.from_string(words)
            settings.transcript, settings.text_block = "BLOCK", block
        _show(settings.text_block)
        return {"FINISHED"}


class KMTALK_OT_show_guide(bpy.types.Operator):
    """Open the guide that comes with the extension, in a window of its own"""

    bl_idname = "kmtalk.show_guide"
    bl_label = "Guide"

    def execute(self, context: Any) -> Done:
        block = bpy.data.texts.get(_GUIDE_NAME) or bpy.data.texts.new(_GUIDE_NAME)
        block.from_string(GUIDE.read_text(encoding="utf-8"))
        block.cursor_set(0)
        _show(block)
        return {"FINISHED"}


def _show(block: Any) -> None:
    area = open_editor("TEXT_EDITOR")
    if area is not None:
        area.spaces.active.text = block
        area.spaces.active.show_word_wrap = True
        area.spaces.active.top = 0


CLASSES = (KMTALK_OT_edit_words, KMTALK_OT_show_guide)
