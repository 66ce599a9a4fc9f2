"""Every class and property of the add-on, registered once."""

from . import properties


def register() -> None:
    properties.register()


def unregister() -> None:
    properties.unregister()
