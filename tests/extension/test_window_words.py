"""What a first-time user meets in the window: names, tooltips, reasons of grey buttons, presets, menus, a demo head."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest


def _operators() -> Iterator[Any]:
    for name in dir(bpy.ops.kmtalk):
        yield getattr(bpy.ops.kmtalk, name)


def test_every_operator_and_every_property_has_a_name_and_a_tooltip(addon: Callable[[str], Any]) -> None:
    kinds = [operator.get_rna_type() for operator in _operators()]
    kinds.append(addon("properties.scene").KMTALK_PG_settings.bl_rna)
    nameless = []
    for kind in kinds:
        if kind.base.identifier == "Operator" and not (kind.name and kind.description):
            nameless.append(kind.identifier)
        blenders = {"rna_type", "name", "mesh_index"}  # the last is counted, never shown
        own = [prop for prop in kind.properties if not prop.is_hidden and prop.identifier not in blenders]
        nameless += [f"{kind.identifier}.{prop.identifier}" for prop in own if not (prop.name and prop.description)]
    assert nameless == []


def test_no_word_of_research_is_shown(addon: Callable[[str], Any]) -> None:
    kinds = (addon("properties.scene").KMTALK_PG_settings, addon("face.settings").KMTALK_PG_face)
    shown = [prop for kind in kinds for prop in kind.bl_rna.properties]
    words = " ".join(f"{prop.name} {prop.description}" for prop in shown).casefold()
    words += " ".join(operator.get_rna_type().name for operator in _operators()).casefold()
    assert [word for word in ("topology", "matrix", "forced alignment", "own action", "phoneme") if word in words] == []


def test_a_grey_button_says_why_whatever_is_missing(scene: Any) -> None:
    grey = []
    for operator in _operators():
        with bpy.context.temp_override(kmtalk_button=scene):
            if operator.poll():
                continue
            with pytest.raises(RuntimeError) as told:
                operator()
        grey.append(operator.idname_py())
        assert "context is incorrect" not in str(told.value), f"{operator.idname_py()} does not say why it is grey"
    assert {"kmtalk.animate", "kmtalk.regenerate", "kmtalk.animate_all"} <= set(grey)


def test_the_big_button_tells_what_is_missing_first(scene: Any, head: Any, add_strip: Callable[..., Any]) -> None:
    with bpy.context.temp_override(kmtalk_button=scene), pytest.raises(RuntimeError, match="Add a sound"):
        bpy.ops.kmtalk.animate()
    add_strip()
    bpy.context.view_layer.objects.active = None
    head.select_set(False)
    with (
        bpy.context.temp_override(kmtalk_button=scene),
        pytest.raises(RuntimeError, match="Choose the mesh of the face"),
    ):
        bpy.ops.kmtalk.animate()
    bpy.context.view_layer.objects.active = head
    with bpy.context.temp_override(kmtalk_button=scene):
        assert bpy.ops.kmtalk.animate.poll()


def test_the_state_of_things_comes_in_frames_and_seconds(
    scene: Any, head: Any, add_strip: Callable[..., Any], addon: Callable[[str], Any]
) -> None:
    strip = add_strip(frame=25)
    told = {state.topic: state.sentence for state in addon("options").states(bpy.context)}
    first, end = addon("compat").heard_frames(strip)
    assert told["sound"] == f"“line”, frames {first:.0f}–{end:.0f} ({(end - first) / 24:.1f} s)"
    assert told["face"].startswith("Head: ARKit, 52 of 52 keys")
    assert told["engine"] == "Animates inside Blender" and "scene" not in told


def test_a_range_is_told_with_the_sound(
    scene: Any, head: Any, add_strip: Callable[..., Any], addon: Callable[[str], Any], speech: Path
) -> None:
    def about_sound() -> str:
        return next(state.sentence for state in addon("options").states(bpy.context) if state.topic == "sound")

    add_strip()
    whole = about_sound()
    scene.kmtalk.use_range, scene.kmtalk.range_start, scene.kmtalk.range_end = True, 10, 20
    assert about_sound() == f"{whole}, of these 10–20 alone"
    scene.kmtalk.source, scene.kmtalk.file = "FILE", str(speech)
    assert about_sound() == f"{speech.name}, what is heard in frames 10–20"
    scene.kmtalk.use_range = False
    assert about_sound() == f"{speech.name}, all of it"


def test_a_linked_scene_is_no_fault_of_the_engine(scene: Any, addon: Callable[[str], Any], tmp_path: Path) -> None:
    path = str(tmp_path / "set.blend")
    scene.name = "Set"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (_, into):
        into.scenes = ["Set"]
    with bpy.context.temp_override(scene=bpy.data.scenes["Set", path]):
        found = {state.topic: state for state in addon("options").states(bpy.context)}
    assert found["engine"].is_ready
    assert not found["scene"].is_ready and "linked from another file: make it local" in found["scene"].sentence


class _Drawn:
    """Takes what panels draw, where Blender has no window; remembers the properties of the scene's settings."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def prop(self, owner: Any, name: str, **_: Any) -> None:
        assert name in owner.bl_rna.properties, name
        if owner.bl_rna.identifier == "KMTALK_PG_settings":
            self.shown.append(name)

    def prop_enum(self, owner: Any, name: str, value: str) -> None:
        if name not in self.shown[-1:]:  # one of the buttons of a property
            self.prop(owner, name)

    def panel(self, name: str, **_: Any) -> tuple["_Drawn", "_Drawn"]:
        return self, self

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self


def test_every_setting_is_drawn_once(scene: Any, head: Any, addon: Callable[[str], Any]) -> None:
    drawn, panel = _Drawn(), addon("ui.panels").KMTALK_PT_view
    panel.draw(SimpleNamespace(layout=drawn, sections=panel.sections), bpy.context)
    shown = [name for name in drawn.shown if name in addon("settings").SHOWN_AS.values()]
    assert sorted(shown) == sorted(addon("settings").SHOWN_AS.values())


def test_the_demo_head_speaks_at_once(scene: Any, speech: Path) -> None:
    assert bpy.ops.kmtalk.add_demo_head(size=2.0) == {"FINISHED"}
    head = bpy.context.view_layer.objects.active
    assert head.name == "Head" and len(head.data.shape_keys.key_blocks) == 53
    graph = bpy.context.evaluated_depsgraph_get()
    parts = [item.evaluated_get(graph) for item in (head, bpy.data.objects["Hair"])]
    heights = [(item.matrix_world @ vertex.co).z for item in parts for vertex in item.data.vertices]
    assert max(heights) - min(heights) == pytest.approx(2.0, rel=0.05)
    assert bpy.ops.kmtalk.animate(file=str(speech), faces="Head", add_strip=False) == {"FINISHED"}
    scene.frame_set(20)
    openings = []
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        openings.append(head.data.shape_keys.key_blocks["jawOpen"].value)
    assert max(openings) > 0.1
    action = bpy.data.objects["Head Rig"].animation_data
    assert action is not None, "the head bone turns"


def test_the_demo_head_stands_beside_what_is_there(scene: Any) -> None:
    """A new file has a cube of two metres where the 3D cursor is."""
    bpy.ops.mesh.primitive_cube_add(size=2.0)
    cube = bpy.context.object
    assert bpy.ops.kmtalk.add_demo_head() == {"FINISHED"}
    bpy.context.view_layer.update()
    head = bpy.context.view_layer.objects.active
    lowest = min((head.matrix_world @ vertex.co).x for vertex in head.data.vertices)
    assert lowest > max((cube.matrix_world @ vertex.co).x for vertex in cube.data.vertices)
    assert bpy.ops.kmtalk.add_demo_head() == {"FINISHED"}
    bpy.context.view_layer.update()
    assert bpy.context.view_layer.objects.active.matrix_world.translation.x > head.matrix_world.translation.x + 1


def test_settings_are_kept_under_a_name_and_come_back(scene: Any) -> None:
    settings = scene.kmtalk
    settings.strength_lower, settings.mood, settings.regions = 1.3, "happy", {"mouth", "eyes"}
    assert bpy.ops.kmtalk.add_preset(name="tests own") == {"FINISHED"}
    folder = next(Path(p) for p in bpy.utils.preset_paths("kmtalk/settings") if (Path(p) / "tests_own.py").exists())
    settings.strength_lower, settings.mood, settings.regions = 0.5, "sad", {"head"}
    settings.text = "of this line"
    bpy.ops.script.execute_preset(filepath=str(folder / "tests_own.py"), menu_idname="KMTALK_MT_presets")
    assert settings.strength_lower == pytest.approx(1.3)
    assert (settings.mood, settings.regions, settings.text) == ("happy", {"mouth", "eyes"}, "of this line")


def test_presets_come_along_and_can_be_applied(scene: Any) -> None:
    shipped = [path for p in bpy.utils.preset_paths("kmtalk/settings") for path in Path(p).glob("L*.py")]
    assert {path.stem for path in shipped} == {"Lively", "Lips_Only"}
    bpy.ops.script.execute_preset(
        filepath=str(next(path for path in shipped if path.stem == "Lips_Only")), menu_idname="KMTALK_MT_presets"
    )
    assert scene.kmtalk.regions == {"mouth"}


def test_blenders_menus_lead_here(extension: ModuleType, addon: Callable[[str], Any]) -> None:
    for name, draw in addon("ui.menus").MENUS:
        assert draw in getattr(bpy.types, name).draw._draw_funcs, name


def test_words_are_edited_in_a_text_of_the_file(scene: Any, add_strip: Callable[..., Any]) -> None:
    add_strip()
    scene.kmtalk.transcript, scene.kmtalk.text = "FIELD", "what was typed"
    assert bpy.ops.kmtalk.edit_words() == {"FINISHED"}
    assert scene.kmtalk.transcript == "BLOCK"
    assert scene.kmtalk.text_block.as_string().strip() == "what was typed"
    block = scene.kmtalk.text_block
    bpy.ops.kmtalk.edit_words()
    assert scene.kmtalk.text_block == block, "one that is there is opened again"


def test_the_guide_is_there_without_a_network(scene: Any) -> None:
    assert bpy.ops.kmtalk.show_guide() == {"FINISHED"}
    assert "For animators" in bpy.data.texts["KMTalk Guide"].as_string()


def test_a_notice_goes_with_its_file(scene: Any, addon: Callable[[str], Any]) -> None:
    desk = addon("desk").desk()
    desk.notice = "“line” was animated."
    bpy.ops.wm.read_homefile(use_empty=True)
    assert desk.notice == ""


def test_a_job_is_titled_by_line_and_character(
    scene: Any, head: Any, add_strip: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    add_strip(name="hello")
    bpy.ops.kmtalk.animate(strip="hello", faces="Head")
    assert "Animating “hello” on Head" in capfd.readouterr().err
