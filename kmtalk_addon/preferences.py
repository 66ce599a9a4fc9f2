"""The extension's preferences: the engine, its device, the weights."""

import sys
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, StringProperty

from . import engine
from .core import errors

PACKAGE = (__package__ or "kmtalk_addon").removesuffix(".kmtalk_addon")
"""The extension's id: the package that Blender enabled."""

DEVICES = (
    ("AUTO", "Automatic", "The fastest this computer has"),
    ("CPU", "CPU", "The processor: works everywhere"),
    ("CUDA", "CUDA", "An NVIDIA graphics card"),
    ("MPS", "Metal", "The graphics of an Apple computer"),
)
INSTALL_DEVICES = (
    ("CPU", "CPU", "About 0.3 GB to fetch, 1.4 GB on disk"),
    ("MPS", "Apple GPU", "About 0.3 GB to fetch, 2 GB on disk")
    if sys.platform == "darwin"
    else ("CUDA", "NVIDIA GPU", "About 3 GB to fetch, 10 GB on disk"),
)


class KMTALK_AP_preferences(bpy.types.AddonPreferences):
    """What holds for every file."""

    bl_idname = PACKAGE

    if TYPE_CHECKING:
        device: str
        install_device: str
        python: str
        weights: str
    else:
        device: EnumProperty(name="Device", description="What computes the motion", items=DEVICES)
        install_device: EnumProperty(name="For", description="What the engine is to compute on", items=INSTALL_DEVICES)
        python: StringProperty(
            name="Use This Python",
            description="Python, or folder of an environment, with PyTorch; empty for the installed engine",
            subtype="FILE_PATH",
        )
        weights: StringProperty(
            name="Weights", description="Folder of a checkpoint; empty for the starter weights", subtype="DIR_PATH"
        )

    def draw(self, context: Any) -> None:
        from .ui.panels import draw_jobs, draw_notice, draw_text

        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        box = layout.box()
        has_begun = engine.has_begun()
        try:
            found = engine.find(self.python)
            places = {"installed": "installed", "bundled": "in this extension, unpacked when first used"}
            box.label(text=f"Engine: {places.get(found.origin, found.origin)}", icon="CHECKMARK")
            box.label(text=str(found.python), icon="BLANK1")
        except errors.KMTalkError as error:
            draw_text(box, context, str(error), "ERROR")
        column = box.column()
        column.prop(self, "install_device")
        row = box.row()
        verb = "Reinstall Engine" if engine.is_installed() else "Resume Installation" if has_begun else "Install Engine"
        row.operator("kmtalk.install_engine", text=verb, icon="IMPORT").from_folder = False
        row.operator("kmtalk.install_engine", text="From Folder…", icon="FILE_FOLDER").from_folder = True
        row = box.row()
        row.operator("kmtalk.test_engine", icon="PLAY")
        if (engine.data_folder() / "install.log").exists():
            row.operator("wm.path_open", text="Log", icon="TEXT").filepath = str(engine.data_folder() / "install.log")
        if has_begun:
            row.operator("kmtalk.remove_engine", icon="TRASH")
        if not draw_jobs(box, context):
            draw_notice(box, context)
        layout.prop(self, "device")
        layout.prop(self, "python")
        layout.prop(self, "weights")


def preferences(context: Any) -> KMTALK_AP_preferences:
    """The preferences as they are; Blender's defaults where the extension runs without being enabled."""
    return context.preferences.addons[PACKAGE].preferences  # type: ignore[no-any-return]


CLASSES = (KMTALK_AP_preferences,)
