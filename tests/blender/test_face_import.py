"""A head that came through a file format of Blender's is known again, and moves as it did."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from kmtalk_addon.face import geometry
from tests.meshes import MESHES, read_ply

OBJ = [
    {"forward_axis": forward, "up_axis": up, **more}
    for forward, up in (("Y", "Z"), ("NEGATIVE_Z", "Y"), ("X", "Y"))
    for more in ({}, {"global_scale": 100.0, "use_split_objects": False, "use_split_groups": True})
]
PLY = [{}, {"merge_verts": True}, {"forward_axis": "NEGATIVE_Z", "up_axis": "Y", "global_scale": 10.0}]
FBX = [
    {},
    {"use_manual_orientation": True, "axis_forward": "X", "axis_up": "Y"},
    {"bake_space_transform": True},
    {"global_scale": 5.0, "use_custom_normals": False},
]
GLTF = [{}, {"merge_vertices": True}]
FORMATS: dict[str, tuple[Callable[[str], Any], Callable[..., Any], list[dict[str, Any]]]] = {
    "obj": (
        lambda path: bpy.ops.wm.obj_export(filepath=path, export_materials=False),
        lambda path, **options: bpy.ops.wm.obj_import(filepath=path, **options),
        OBJ,
    ),
    "ply": (
        lambda path: bpy.ops.wm.ply_export(filepath=path),
        lambda path, **options: bpy.ops.wm.ply_import(filepath=path, **options),
        PLY,
    ),
    "fbx": (
        lambda path: bpy.ops.export_scene.fbx(filepath=path),
        lambda path, **options: bpy.ops.import_scene.fbx(filepath=path, **options),
        FBX,
    ),
    "glb": (
        lambda path: bpy.ops.export_scene.gltf(filepath=path),
        lambda path, **options: bpy.ops.import_scene.gltf(filepath=path, **options),
        GLTF,
    ),
}


@pytest.fixture(scope="module")
def flame() -> tuple[np.ndarray, np.ndarray]:
    path = MESHES / "flame_sample.ply"
    if not path.is_file():
        pytest.skip("flame_sample.ply is not at hand")
    return read_ply(path)


@pytest.fixture(scope="module")
def exported(flame: tuple[np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The head in every format, in a folder."""
    folder = tmp_path_factory.mktemp("heads")
    bpy.ops.wm.read_homefile(use_empty=True)
    vertices, faces = flame
    mesh = bpy.data.meshes.new("FLAME")
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    item = bpy.data.objects.new("FLAME", mesh)
    bpy.context.scene.collection.objects.link(item)
    item.select_set(True)
    for ending, (export, _, _) in FORMATS.items():
        export(str(folder / f"head.{ending}"))
    return folder


@pytest.mark.parametrize(
    ("ending", "options"), [(ending, options) for ending, (_, _, each) in FORMATS.items() for options in each]
)
def test_every_import_gives_the_same_motion(
    scene: Any, exported: Path, flame: tuple[np.ndarray, np.ndarray], ending: str, options: dict[str, Any]
) -> None:
    FORMATS[ending][1](str(exported / f"head.{ending}"), **options)
    item = next(found for found in bpy.data.objects if found.type == "MESH")
    bpy.context.view_layer.update()
    found = geometry.find_topology(item)
    assert found is not None and found.topology == "flame"
    assert found.residual < 0.02
    vertices, _ = flame
    opened = np.zeros((5023, 3))
    opened[3500:] = [0.001, -0.02, 0.004]
    here = geometry.vertices_of(item)
    moved = here + found.offsets(opened)
    span = np.linalg.norm(np.ptp(vertices, axis=0)) / np.linalg.norm(np.ptp(here, axis=0))
    for index in (30, 2000, 3499, 3500, 4800):
        row = found.vertices[index]
        before, after = here[row] - here[found.vertices[3]], moved[row] - moved[found.vertices[3]]
        expected = vertices[index] - vertices[3], (vertices + opened)[index] - (vertices + opened)[3]
        for got, wanted in zip((before, after), expected, strict=True):
            assert np.linalg.norm(got) * span == pytest.approx(np.linalg.norm(wanted), abs=2e-4)


def test_quads_made_of_its_triangles_do_not_hide_a_head(scene: Any, flame: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, faces = flame
    mesh = bpy.data.meshes.new("FLAME")
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    item = bpy.data.objects.new("FLAME", mesh)
    scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.tris_convert_to_quads()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert len(mesh.polygons) < 0.8 * len(faces)
    found = geometry.find_topology(item)
    assert found is not None and "by the places of its vertices" in found.sentence
