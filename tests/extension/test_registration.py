"""The extension comes and goes without a trace."""

from collections.abc import Callable
from types import ModuleType
from typing import Any


def test_disabling_takes_everything_back_and_enabling_works_again(extension: ModuleType, scene: Any) -> None:
    import addon_utils
    import bpy

    def kmtalk_classes() -> list[str]:
        return [name for name in dir(bpy.types) if name.startswith("KMTALK_")]

    before = kmtalk_classes()
    assert len(before) > 10
    chosen = bpy.context.preferences.addons[extension.__name__].preferences
    kept = (chosen.weights, chosen.device)
    addon_utils.disable(extension.__name__)
    assert not kmtalk_classes() and not hasattr(bpy.types.Scene, "kmtalk")
    addon_utils.enable(extension.__name__, default_set=True)
    assert kmtalk_classes() == before
    chosen = bpy.context.preferences.addons[extension.__name__].preferences
    chosen.weights, chosen.device = kept


def test_every_property_of_the_scene_is_one_of_the_operator(extension: ModuleType) -> None:
    import bpy

    given = set(bpy.ops.kmtalk.animate.get_rna_type().properties.keys())
    assert {"strength_upper", "smoothing", "delay", "minimum_gap", "blinks", "bake_mode", "error", "foreign"} <= given


def test_a_notice_goes_with_what_it_told_of(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    desk = addon("desk").desk()
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post, bpy.app.handlers.load_pre):
        desk.notice = "“line”: 47 key motions on frames 1 to 95"
        for handler in handlers:
            if handler.__module__.endswith("kmtalk_addon.registration"):
                handler(None, None)
        assert desk.notice == ""
