"""Custom properties, drawings and layers speak: by their names, or as somebody says in Map by Hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, make_face
from rigs_at_work import armature, show


def numbers(holder: Any, **ends: float) -> None:
    for name, end in ends.items():
        holder[name] = 0.0
        holder.id_properties_ui(name).update(min=0.0, max=end, soft_max=end, default=0.0)


def test_controls_of_a_bone_are_found_by_name(addon: Callable[[str], Any], scene: Any) -> None:
    rig = armature(scene, "Rig", {"props": ((0, 0, 0), (0, 1, 0), "")})
    numbers(rig.pose.bones["props"], jawOpen=1.0, mouthPucker=10.0, mouthFunnel=1.0, eyeBlinkLeft=1.0)
    face = addon("options").face_of([rig])
    assert face.sentence.startswith("Properties: ARKit")
    show(face, jawOpen=0.5, mouthPucker=0.3)
    bone = rig.pose.bones["props"]
    assert (bone["jawOpen"], bone["mouthPucker"]) == pytest.approx((0.5, 3.0), abs=1e-4)


def test_a_property_may_be_a_row_beside_keys(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    head = make_face(scene, "Head", ("Auf", "Schnute"))
    for block in head.data.shape_keys.key_blocks[1:]:
        block.value, block.data[0].co = 0.0, (0.0, 0.0, -1.0)
    numbers(head, smirk=2.0)
    bpy.ops.kmtalk.map_keys()
    path = 'bpy.data.objects["Head"]["smirk"]'
    assert bpy.ops.kmtalk.map_property(path=path, channel="mouthSmileLeft", value=2.0) == {"FINISHED"}
    face = addon("options").face_of([head])
    show(face, jawOpen=0.6, mouthSmileLeft=0.5)
    assert head["smirk"] == pytest.approx(1.0, abs=1e-4)
    assert head.data.shape_keys.key_blocks["Auf"].value == pytest.approx(0.6, abs=1e-4)
    for wrong in ("", "bpy.data.objects", 'bpy.data.objects["Nobody"]["x"]', '__import__("os").getcwd()'):
        with pytest.raises(RuntimeError, match="full data path"):
            bpy.ops.kmtalk.map_property(path=wrong or "nothing")


@pytest.fixture
def card(scene: Any) -> Any:
    """A card of a 2D mouth: an empty with the number of its drawing, a layer that shows closed lips."""
    import bpy

    item = bpy.data.objects.new("Card", None)
    scene.collection.objects.link(item)
    item["drawing"] = 0
    bpy.context.view_layer.objects.active = item
    item.kmtalk_face.scheme = "preston_blair"
    for number, viseme in enumerate(("AI", "O", "E", "MBP", "FV", "etc"), 1):
        path = 'bpy.data.objects["Card"]["drawing"]'
        assert bpy.ops.kmtalk.map_property(path=path, channel=viseme, value=number) == {"FINISHED"}
    return item


@pytest.mark.parametrize("twos", [False, True])
def test_a_drawing_is_stepped_held_and_edited(
    twos: bool, addon: Callable[[str], Any], scene: Any, card: Any, speech: Path
) -> None:
    import bpy

    card.kmtalk_face.least_hold, card.kmtalk_face.on_twos = 2, twos
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    (curve,) = curves_of(addon, card)
    assert {point.interpolation for point in curve.keyframe_points} == {"CONSTANT"}
    first, last = (int(frame) for frame in curve.range())
    shown = np.array([curve.evaluate(frame) for frame in range(first, last + 1)])
    assert np.all(shown == np.round(shown)) and len(set(shown)) >= 3 and 4.0 in shown
    changes = np.flatnonzero(np.diff(shown)) + 1
    assert np.all(np.diff(changes)[:-1] >= 2)  # the last one is the end of the line
    point = curve.keyframe_points[len(curve.keyframe_points) // 2]
    point.co[1], frame = 2.0, int(point.co[0])
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    (after,) = curves_of(addon, card)
    assert after.evaluate(frame) == 2.0


def test_layers_may_be_shown_and_hidden(addon: Callable[[str], Any], scene: Any, card: Any) -> None:
    import bpy

    layer = bpy.data.objects.new("Closed", None)
    scene.collection.objects.link(layer)
    bpy.context.view_layer.objects.active = card
    path = 'bpy.data.objects["Closed"].hide_viewport'
    own = card.kmtalk_face
    own.keys.clear()
    assert bpy.ops.kmtalk.map_property(path=path, name="open", channel="AI", value=1.0) == {"FINISHED"}
    assert bpy.ops.kmtalk.map_property(path='bpy.data.objects["Card"].hide_render', name="o", channel="O") == {
        "FINISHED"
    }
    face = addon("options").face_of([card])
    show(face, jawOpen=0.7)
    assert layer.hide_viewport
    show(face)
    assert not layer.hide_viewport


def test_of_a_mouths_drawings_one_is_seen_at_a_time(
    addon: Callable[[str], Any], scene: Any, card: Any, speech: Path
) -> None:
    import bpy

    card.kmtalk_face.keys.clear()
    drawings = []
    for viseme in ("AI", "E", "O", "MBP"):
        drawings.append(bpy.data.objects.new(f"mouth {viseme}", None))
        scene.collection.objects.link(drawings[-1])
        path = f'bpy.data.objects["mouth {viseme}"].hide_viewport'
        assert bpy.ops.kmtalk.map_property(path=path, name=viseme, channel=viseme) == {"FINISHED"}
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    seen = []
    for frame in range(1, 70):
        scene.frame_set(frame)
        (shown,) = (item.name for item in drawings if not item.hide_viewport)
        seen.append(shown)
    assert len(set(seen)) >= 3 and seen[-1] == "mouth MBP"


def curves_of(addon: Callable[[str], Any], item: Any) -> list[Any]:
    animation, compat = item.animation_data, addon("compat")
    return list(compat.read_curves(animation.action, compat.assigned_slot(animation)))


def test_a_preset_keeps_rows_that_are_properties(addon: Callable[[str], Any], scene: Any, card: Any) -> None:
    import bpy

    own, presets = card.kmtalk_face, addon("face.presets")
    own.least_hold, own.on_twos = 3, True
    rows = [(row.name, row.path, row.value, row.channel) for row in own.keys]
    presets.save(card)
    assert presets.is_applied(card)
    own.keys.clear()
    own.scheme, own.least_hold, own.on_twos = "names", 1, False
    presets.load(card)
    assert [(row.name, row.path, row.value, row.channel) for row in own.keys] == rows
    assert (own.scheme, own.least_hold, own.on_twos) == ("preston_blair", 3, True)
    bpy.context.view_layer.objects.active = card
    assert addon("options").face_of([card]).what_moves == "Card: 1 property"


def test_what_a_character_has_is_offered_and_steps(addon: Callable[[str], Any], scene: Any, speech: Path) -> None:
    """Frames of drawings and images, values of nodes, visibility, custom numbers: each offered by its path, keyed."""
    import bpy

    compat = addon("compat")
    item = make_face(scene, "Head", ("something",))
    rig = armature(scene, "Rig", {"props": ((0, 0, 0), (0, 1, 0), "")})
    rig.pose.bones["props"]["mouth frame"] = 0
    item.parent = rig
    material = bpy.data.materials.new("Mouth")
    material.use_nodes = True
    item.data.materials.append(material)
    nodes = material.node_tree.nodes
    nodes.new("ShaderNodeValue").name = "Switch"
    nodes.new("ShaderNodeTexImage").name = "Drawings"
    drawn = _drawing(scene)
    drawn.parent = item
    bpy.context.view_layer.objects.active = item
    offered = dict(addon("face.channels").offered([item, rig, drawn]))
    paths = [
        'bpy.data.objects["Rig"].pose.bones["props"]["mouth frame"]',
        'bpy.data.materials["Mouth"].node_tree.nodes["Switch"].outputs[0].default_value',
        'bpy.data.materials["Mouth"].node_tree.nodes["Drawings"].image_user.frame_offset',
        next(path for path, said in offered.items() if said == "Drawn, frame of its drawing"),
    ]
    hidden = 'bpy.data.objects["Drawn"].hide_viewport'
    assert {*paths, hidden} <= offered.keys()
    item.kmtalk_face.scheme = "preston_blair"
    item.kmtalk_face.keys.clear()
    for path in paths:
        for number, viseme in enumerate(("AI", "O", "E", "MBP"), 1):
            arguments = {"name": f"{path[-20:]} {viseme}", "channel": viseme, "value": number}
            assert bpy.ops.kmtalk.map_property(path=path, **arguments) == {"FINISHED"}
    assert bpy.ops.kmtalk.map_property(path=hidden, name="open", channel="AI") == {"FINISHED"}
    assert item.kmtalk_face.keys["open"].value == 0.0  # it is seen while a is said, and hidden else
    face = addon("options").face_of([item])
    show(face, jawOpen=0.7)
    assert rig.pose.bones["props"]["mouth frame"] == 1 and nodes["Switch"].outputs[0].default_value == 1.0
    assert nodes["Drawings"].image_user.frame_offset == 1 and not drawn.hide_viewport
    show(face)
    assert drawn.hide_viewport and rig.pose.bones["props"]["mouth frame"] == 0
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    for owner in (rig, material.node_tree, drawn):
        animation = owner.animation_data
        curves = list(compat.read_curves(animation.action, compat.assigned_slot(animation)))
        assert curves, owner
        for curve in curves:
            assert {point.interpolation for point in curve.keyframe_points} == {"CONSTANT"}
            assert len({point.co[1] for point in curve.keyframe_points}) >= 2, curve.data_path


def _drawing(scene: Any) -> Any:
    """A Grease Pencil object whose time is held at one of its drawings."""
    import bpy

    if bpy.app.version >= (4, 3):
        data = bpy.data.grease_pencils_v3 if hasattr(bpy.data, "grease_pencils_v3") else bpy.data.grease_pencils
        item = bpy.data.objects.new("Drawn", data.new("Drawn"))
        modifier = item.modifiers.new("Frame", "GREASE_PENCIL_TIME")
    else:
        item = bpy.data.objects.new("Drawn", bpy.data.grease_pencils.new("Drawn"))
        modifier = item.grease_pencil_modifiers.new("Frame", "GP_TIME")
    modifier.mode = "FIX"
    scene.collection.objects.link(item)
    return item
