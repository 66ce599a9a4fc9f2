"""What was baked leaves by Blender's own exporters: the files are read back, and the curves compared."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

bpy = pytest.importorskip("bpy")
mathutils = pytest.importorskip("mathutils")

from kmtalk_addon.demo.head import add_head, add_rig  # noqa: E402
from kmtalk_addon.face import bones, find_face  # noqa: E402
from kmtalk_addon.take.bake import BakeOptions, bake  # noqa: E402
from kmtalk_core.faces.demo import load_head  # noqa: E402
from kmtalk_core.motion import spaces  # noqa: E402
from kmtalk_core.motion.arkit import ARKIT_INDEX  # noqa: E402
from kmtalk_core.take import Key, Take, Track  # noqa: E402

FRAMES = 24
MORPHS = ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft")
BONES = ("head", "jaw")
Array = npt.NDArray[np.float64]


def _export_gltf(path: Path) -> None:
    """Active actions within the scene's frames: by default it begins where the line's ease does, before frame 1."""
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_animation_mode="ACTIVE_ACTIONS",
        export_frame_range=True,
        export_optimize_animation_size=False,
    )


def _export_fbx(path: Path) -> None:
    """Without modifiers, which would cost the shape keys, and without simplifying; what the scene shows alone."""
    bpy.ops.export_scene.fbx(
        filepath=str(path),
        use_mesh_modifiers=False,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        bake_anim_simplify_factor=0.0,
        add_leaf_bones=False,
    )


def _export_usd(path: Path) -> None:
    """With animation, which is off by default."""
    bpy.ops.wm.usd_export(filepath=str(path), export_animation=True)


FORMATS: tuple[tuple[str, Callable[[Path], None], Callable[[str], Any]], ...] = (
    ("a.glb", _export_gltf, lambda path: bpy.ops.import_scene.gltf(filepath=path)),
    ("a.fbx", _export_fbx, lambda path: bpy.ops.import_scene.fbx(filepath=path, anim_offset=0.0)),
    ("a.usdc", _export_usd, lambda path: bpy.ops.wm.usd_import(filepath=path)),
)


@dataclass(frozen=True)
class Seen:
    """What is seen on every frame: morphs (frames, 3), turns of both bones (frames, 2, 3), rotation vectors."""

    morphs: Array
    turns: Array


def _head() -> Any:
    return next(item for item in bpy.data.objects if item.type == "MESH" and item.name.startswith("Head"))


def _seen() -> Seen:
    keys = _head().data.shape_keys.key_blocks
    rig = next(item for item in bpy.data.objects if item.type == "ARMATURE")
    morphs, turns = [], []
    for frame in range(1, FRAMES + 1):
        bpy.context.scene.frame_set(frame)
        morphs.append([keys[name].value for name in MORPHS])
        shown = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        turns.append([_turn(shown, name) for name in BONES])
    return Seen(np.array(morphs), np.array(turns))


def _turn(rig: Any, name: str) -> Array:
    now = rig.matrix_world @ rig.pose.bones[name].matrix
    rest = rig.matrix_world @ rig.data.bones[name].matrix_local
    axis, angle = (now @ rest.inverted()).to_quaternion().to_axis_angle()
    return np.array(axis) * angle


def _add_jaw(rig: Any) -> None:
    """A jaw bone from before the ears to the chin."""
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone, above = rig.data.edit_bones.new("jaw"), rig.data.edit_bones["head"]
    bone.head, bone.parent = above.head, above
    bone.tail = above.head + mathutils.Vector((0.0, -0.08, -0.03))
    bpy.ops.object.mode_set(mode="OBJECT")


def _vertices() -> Array:
    """(frames, V, 3) of the head in the world, without the subdivision that is laid over it."""
    item = _head()
    for modifier in item.modifiers:
        modifier.show_viewport = modifier.type != "SUBSURF"
    found = []
    for frame in range(1, FRAMES + 1):
        bpy.context.scene.frame_set(frame)
        shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points = np.array([vertex.co[:] for vertex in shown.data.vertices])
        matrix = np.array(shown.matrix_world)
        found.append(points @ matrix[:3, :3].T + matrix[:3, 3])
    return np.array(found)


def _empty_scene() -> Any:
    import addon_utils

    bpy.ops.wm.read_homefile(use_empty=True)
    for name in ("io_scene_gltf2", "io_scene_fbx"):
        addon_utils.enable(name)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0
    scene.frame_start, scene.frame_end = 1, FRAMES
    return scene


@pytest.fixture
def baked() -> Seen:
    """The demo head with bones for head and jaw, playing a line; its keys open the mouth too."""
    scene = _empty_scene()
    objects = add_head(load_head(), scene.collection)
    rig, own = add_rig(objects, scene.collection), objects[0].kmtalk_face
    _add_jaw(rig)
    bones.use_rig(own, rig)
    own.keys_too = True
    times = np.arange(FRAMES) / 24
    motion = np.zeros((FRAMES, len(ARKIT_INDEX)), np.float32)
    motion[:, ARKIT_INDEX["jawOpen"]] = 0.5 + 0.4 * np.sin(9 * times)
    motion[:, ARKIT_INDEX["mouthSmileLeft"]] = 0.3 + 0.2 * np.cos(7 * times)
    motion[:, ARKIT_INDEX["eyeBlinkLeft"]] = 0.8 * (times > 0.5)
    turn = np.stack([0.2 * np.sin(5 * times), 0.1 * np.cos(3 * times), 0.05 * np.sin(8 * times)], 1)
    keys = tuple(Key(frame, frame / 24, "a", 1.0, motion[frame]) for frame in (0, 10, FRAMES - 1))
    tracks = (Track(spaces.ARKIT, motion), Track(spaces.HEAD, turn.astype(np.float32)))
    bake(Take(tracks, keys, fps=24.0), find_face(objects), scene, BakeOptions("line", 1))
    scene.frame_start, scene.frame_end = 1, FRAMES
    return _seen()


@pytest.mark.parametrize(("name", "export", "read"), FORMATS, ids=[name for name, *_ in FORMATS])
def test_morphs_and_head_bone_leave_and_come_back(
    baked: Seen, tmp_path: Path, name: str, export: Callable[[Path], None], read: Callable[[str], Any]
) -> None:
    assert np.ptp(baked.morphs[:, 0]) > 0.7 and np.ptp(baked.turns[:, 0, 2]) > 0.3  # there is something to compare
    assert np.ptp(baked.turns[:, 1] - baked.turns[:, 0], axis=0).max() > 0.1  # the jaw beside the head
    export(tmp_path / name)
    _empty_scene()
    read(str(tmp_path / name))
    back = _seen()
    assert np.abs(back.morphs - baked.morphs).max() < 1e-4
    assert np.abs(back.turns - baked.turns).max() < 1e-4
    assert len(_head().data.shape_keys.key_blocks) == 53


def test_alembic_carries_the_very_vertices(baked: Seen, tmp_path: Path) -> None:
    before = _vertices()
    bpy.ops.wm.alembic_export(filepath=str(tmp_path / "a.abc"), start=1, end=FRAMES, apply_subdiv=False)
    _empty_scene()
    bpy.ops.wm.alembic_import(filepath=str(tmp_path / "a.abc"))
    after = _vertices()
    assert np.linalg.norm(before - before[0], axis=2).max() > 0.01
    assert np.abs(after - before).max() < 1e-4
