"""Every class and property of the add-on, registered once."""

import bpy

from . import properties

CLASSES = (*properties.CLASSES,)


def register() -> None:
    for item in CLASSES:
        bpy.utils.register_class(item)
    properties.register()


def unregister() -> None:
    properties.unregister()
    for item in reversed(CLASSES):
        bpy.utils.unregister_class(item)
