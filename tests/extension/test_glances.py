"""Panels find the face once, and anew when something of it has changed."""

from collections.abc import Callable
from typing import Any

import pytest
from faces_at_work import make_face
from rigs_at_work import armature, drive

KEYS = ("jawOpen", "mouthPucker", "mouthClose")


@pytest.fixture
def look(addon: Callable[[str], Any], scene: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A glance at objects, as a window that is drawn at once takes it."""
    glances, options = addon("glances"), addon("options")
    monkeypatch.setattr(glances, "_KEPT", 0.0)
    monkeypatch.setattr(glances, "_REDRAWN", 0.0)
    kept = glances.Glances()
    import bpy

    return lambda *objects: kept.look(options.face_of, objects, options.space_of(bpy.context), "below")


def test_a_face_is_found_once_until_it_changes(look: Callable[..., Any], scene: Any) -> None:
    import bpy

    item = make_face(scene, "Head", KEYS)
    bpy.context.view_layer.update()
    first = look(item)
    assert look(item) is first and first.what_moves == "Head: 3 keys"
    block = item.shape_key_add(name="mouthFunnel")
    assert look(item).what_moves == "Head: 4 keys"
    drive(item, "mouthFunnel", "frame", v=(item, "location[0]"))
    bpy.context.view_layer.update()
    (sentence, label) = look(item).hindrances["drivers"]
    assert "frame" in sentence and label == "Mute These Drivers"
    item.shape_key_remove(block)
    assert not look(item).hindrances


def test_a_new_name_is_seen(look: Callable[..., Any], scene: Any, monkeypatch: pytest.MonkeyPatch, addon: Any) -> None:
    monkeypatch.setattr(addon("glances"), "_READ", -1.0)
    item = make_face(scene, "Head", KEYS)
    look(item)
    item.data.shape_keys.key_blocks["mouthClose"].name = "bag"
    assert look(item).what_moves == "Head: 2 keys"
    item.data.shape_keys.key_blocks["jawOpen"].name = "box"
    with pytest.raises(addon("core").errors.FaceError, match="No shape keys"):
        look(item)
    item.data.shape_keys.key_blocks["box"].name = "jawOpen"
    assert look(item).what_moves == "Head: 2 keys"


def test_a_rig_that_goes_is_gone(look: Callable[..., Any], scene: Any) -> None:
    import bpy

    item = make_face(scene, "Head", KEYS)
    rig = armature(scene, "Rig", {"head": ((0, 0, 0), (0, 0, 1), "")})
    item.modifiers.new("Armature", "ARMATURE").object = rig
    assert look(item).what_moves == "Head: 3 keys · Rig: head"
    bpy.data.objects.remove(rig)
    assert look(item).what_moves == "Head: 3 keys"


def test_nothing_is_kept_over_an_undo(
    look: Callable[..., Any], scene: Any, addon: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import bpy

    monkeypatch.setattr(addon("glances"), "_KEPT", 1e9)  # as under a slider that is dragged
    item = make_face(scene, "Head", KEYS)
    first = look(item)
    bpy.context.view_layer.update()
    assert look(item) is first
    for handler in bpy.app.handlers.undo_post:
        handler(scene)
    assert look(item) is not first


def test_what_drivers_read_is_looked_for_once(
    addon: Callable[[str], Any], scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bpy

    changes, drivers = addon("face.changes"), addon("face.drivers")
    monkeypatch.setattr(changes, "are_told", lambda: True)
    item = make_face(scene, "Head", KEYS)
    others = [make_face(scene, name, KEYS) for name in ("Left", "Right")]
    drive(item, "jawOpen", "v", v=(others[0], "location[0]"))
    keys = item.data.shape_keys
    bpy.context.view_layer.update()
    assert drivers.read_by(keys) == [others[0]] and drivers.read_by(keys) is drivers.read_by(keys)
    keys.animation_data.drivers[0].driver.variables[0].targets[0].id = others[1]
    bpy.context.view_layer.update()
    assert drivers.read_by(keys) == [others[1]]
