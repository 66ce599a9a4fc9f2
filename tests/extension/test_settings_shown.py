"""The panel's settings are the core's: the same limits, words and defaults, in frames of the scene."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kmtalk_core.schema import Number
from kmtalk_core.settings import REGIONS, SETTINGS, Settings


def shown_as(addon: Callable[[str], Any], name: str) -> str:
    return str(addon("settings").SHOWN_AS[name])


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_setting_is_a_choice_of_the_scene_and_of_the_operator(
    addon: Callable[[str], Any], scene: Any, name: str
) -> None:
    import bpy

    setting, shown = SETTINGS[name], shown_as(addon, name)
    for owner in (scene.kmtalk, bpy.ops.kmtalk.animate.get_rna_type()):
        kind = getattr(owner, "bl_rna", owner).properties[shown]
        assert kind.name == setting.label and setting.words in kind.description
    if isinstance(setting.kind, Number) and name != "minimum_key_gap":
        scale = {"seconds": 24.0, "degrees": math.radians(1.0)}.get(setting.unit, 1.0)
        found = scene.kmtalk.bl_rna.properties[shown]
        limits = (found.hard_min, found.hard_max, found.default)
        assert limits == pytest.approx([scale * v for v in (setting.kind.low, setting.kind.high, setting.default)])


@pytest.mark.parametrize("fps", [12.0, 24.0, 60.0])
def test_what_the_scene_has_untouched_is_what_the_core_does_by_itself(
    addon: Callable[[str], Any], scene: Any, fps: float
) -> None:
    values = addon("settings").core_settings(scene.kmtalk, fps)
    assert Settings.of(values) == Settings()
    scene.kmtalk.delay, scene.kmtalk.minimum_gap, scene.kmtalk.look_left = 6.0, 12, math.radians(-30)
    values = addon("settings").core_settings(scene.kmtalk, fps)
    assert values["delay"] == pytest.approx(6 / fps) and values["minimum_key_gap"] == min(12 / fps, 1.0)
    assert values["look_left"] == pytest.approx(-30)
    for name, value in values.items():  # there and back
        written = ",".join(value) if isinstance(value, list) else value
        setattr(scene.kmtalk, shown_as(addon, name), addon("settings").shown_value(name, written, fps))
    again = Settings.of(addon("settings").core_settings(scene.kmtalk, fps)).to_json()
    assert again == pytest.approx(Settings.of(values).to_json(), abs=1e-5)
    scene.kmtalk.property_unset("minimum_gap")
    for name in ("smoothing", "delay"):  # whatever a slider allows the core takes
        setattr(scene.kmtalk, name, 1e9)
    Settings.of(addon("settings").core_settings(scene.kmtalk, fps))


@pytest.mark.parametrize("name", ["Calm", "Lively"])
def test_a_preset_of_how_lively_a_face_is_moves_all_of_it(addon: Callable[[str], Any], scene: Any, name: str) -> None:
    import bpy

    scene.kmtalk.regions = {"mouth"}
    folder = Path(addon("ui").__file__).parent / "presets/kmtalk/settings"
    bpy.utils.execfile(str(folder / f"{name}.py"))
    assert set(Settings.of(addon("settings").core_settings(scene.kmtalk, 24.0)).regions.split(",")) == set(REGIONS)
