"""The extension's preferences: the engine, its device, the weights."""

import sys
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, StringProperty

from .. import engine
from ..core import errors
from ..preferred import PACKAGE, runs_inside
from . import keymap
from .drawing import draw_text
from .panels import draw_jobs, draw_notice

DEVICES = (
    ("AUTO", "Automatic", "The fastest this computer has"),
    ("CPU", "CPU", "The processor: works everywhere"),
    ("CUDA", "CUDA", "An NVIDIA graphics card"),
    ("MPS", "Metal", "The graphics of an Apple computer"),
)
WHAT_FOR = "PyTorch is for other weights, graphics cards, and for building the shapes of a face."
INSTALL_DEVICES = (
    ("CPU", "CPU", "About 0.3 GB to fetch, 1.4 GB on disk"),
    ("MPS", "Apple GPU", "About 0.3 GB to fetch, 2 GB on disk")
    if sys.platform == "darwin"
    else ("CUDA", "NVIDIA GPU", "About 3 GB to fetch, 10 GB on disk"),
)


ENGINES = (
    ("AUTO", "Automatic", "Inside Blender where it can: nothing to install, no process; PyTorch for all else"),
    ("PYTORCH", "PyTorch", "In a process beside Blender, by the engine that is installed"),
)


class KMTALK_AP_preferences(bpy.types.AddonPreferences):
    """What holds for every file."""

    bl_idname = PACKAGE

    if TYPE_CHECKING:
        engine: str
        device: str
        install_device: str
        python: str
        base_python: str
        weights: str
    else:
        engine: EnumProperty(name="Engine", description="What runs the network", items=ENGINES)
        device: EnumProperty(name="Device", description="What computes the motion", items=DEVICES)
        install_device: EnumProperty(name="For", description="What the engine is to compute on", items=INSTALL_DEVICES)
        python: StringProperty(
            name="Use This Python",
            description="Python, or folder of an environment, with PyTorch; empty for the installed engine",
            subtype="FILE_PATH",
        )
        base_python: StringProperty(
            name="Make It from",
            description="A Python 3.11, 3.12 or 3.13 to make the engine from, for Blender's own is not one; empty to "
            "look for one here, or to fetch one",
            subtype="FILE_PATH",
        )
        weights: StringProperty(
            name="Weights", description="Folder of a checkpoint; empty for the starter weights", subtype="DIR_PATH"
        )

    def draw(self, context: Any) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        inside = runs_inside(self)
        how = "inside Blender: nothing has to be installed for it" if inside else "by PyTorch"
        draw_text(layout, context, f"Animating runs {how}.", "CHECKMARK")
        draw_text(layout, context, WHAT_FOR, "BLANK1")
        box = layout.box()
        has_begun = engine.has_begun()
        try:
            found = engine.find(self.python)
            places = {
                "installed": f"installed {engine.installed_for()}".strip(),
                "bundled": "in this extension, unpacked when first used",
            }
            box.label(text=f"PyTorch: {places.get(found.origin, found.origin)}", icon="CHECKMARK")
            box.label(text=str(found.python), icon="BLANK1")
        except errors.KMTalkError as error:
            said = str(error).replace("in KMTalk's preferences", "below")  # which is where this is read
            draw_text(box, context, said, "INFO" if inside else "ERROR")
        column = box.column()
        column.prop(self, "install_device")
        if not engine.has_own_python():
            column.prop(self, "base_python")
        sizes = next(about for name, _, about in INSTALL_DEVICES if name == self.install_device)
        draw_text(box, context, f"{sizes}, in {engine.data_folder()}. Remove frees it.", "DISK_DRIVE")
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
        layout.prop(self, "engine")
        layout.prop(self, "device")
        layout.prop(self, "python")
        layout.prop(self, "weights")
        layout.operator("kmtalk.show_guide", icon="HELP")
        shortcuts = layout.box()
        shortcuts.label(text="Shortcuts")
        keymap.draw(shortcuts, context)


CLASSES = (KMTALK_AP_preferences,)
