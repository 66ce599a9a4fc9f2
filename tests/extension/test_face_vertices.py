"""Weights that move vertices drive a head of their topology through shape keys, which can be edited as any others."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, action_of
from test_face_build import add_object, coordinates

from tests.meshes import MESHES, read_ply

ROOT = Path(__file__).resolve().parents[2]
MAKE_WEIGHTS = """
import sys, torch
from dataclasses import replace
from pathlib import Path
from kmtalk_core.model import checkpoint, config
from kmtalk_core.model.kmtalk import KMTalk
torch.manual_seed(0)
small = replace(config.preset("starter"), name="small", space="vocaset", width=16, heads=2, key_layers=1,
                decoder_layers=1, reach=3, flow_reach=6, phone_conditioning=False, motion_scale=100.0)
model = KMTalk(small)
for parameter in model.parameters():
    if parameter.dim() > 1:
        torch.nn.init.normal_(parameter, std=0.15)
checkpoint.save(model, Path(sys.argv[1]), "random")
"""


@pytest.fixture(scope="module")
def vertex_weights(extension: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Random weights of the space of FLAME's vertices, chosen in the preferences."""
    import os

    import bpy

    if not (MESHES / "flame_sample.ply").is_file():
        pytest.skip("flame_sample.ply is not at hand")
    folder = tmp_path_factory.mktemp("weights") / "vocaset"
    python = os.environ.get("KMTALK_PYTHON", sys.executable)
    subprocess.run([python, "-c", MAKE_WEIGHTS, str(folder)], cwd=ROOT, check=True)
    preferences = bpy.context.preferences.addons["bl_ext.kmtalk_tests.kmtalk"].preferences
    before, preferences.weights = preferences.weights, str(folder)
    yield folder
    preferences.weights = before


@pytest.fixture
def flame(scene: Any, vertex_weights: Path) -> Any:
    import bpy

    item = add_object(scene, "FLAME", *read_ply(MESHES / "flame_sample.ply"))
    bpy.context.view_layer.objects.active = item
    scene.render.fps = 30
    return item


def shown(item: Any, frame: int) -> np.ndarray:
    """(5023, 3) what is seen of the head at a frame."""
    import bpy

    bpy.context.scene.frame_set(frame)
    mesh = item.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3)


def test_a_head_shows_the_vertices_of_the_take_to_a_quarter_of_a_millimetre(
    addon: Callable[[str], Any], flame: Any, speech: Path
) -> None:
    import bpy

    rest = coordinates(flame)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    take = addon("store").take_of(action_of(flame))
    assert take.space == "vocaset" and np.abs(take.motion).max() > 0.002
    assert len(flame.data.shape_keys.key_blocks) - 1 < 40
    for frame in range(0, take.frame_count, 7):
        wanted = rest + take.motion[frame].reshape(-1, 3)
        assert np.linalg.norm(shown(flame, 1 + frame) - wanted, axis=1).max() < 0.0003


def test_an_edited_weight_is_kept_and_only_its_neighbourhood_is_made_anew(
    addon: Callable[[str], Any], flame: Any, speech: Path
) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    action = action_of(flame)
    key_frame = action.kmtalk_take.keys[8].frame  # Blender frees the list when it is made anew
    far = [shown(flame, frame) for frame in (2, action.kmtalk_take.keys[-1].frame - 1)]
    curve = next(iter(addon("store").curves_by_name(action).values()))
    point = next(point for point in curve.keyframe_points if round(point.co[0]) == key_frame)
    edited = point.co[1] + 0.3
    point.co[1] = edited
    curve.update()
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    action = action_of(flame)
    curve = next(iter(addon("store").curves_by_name(action).values()))
    assert curve.evaluate(key_frame) == pytest.approx(edited, abs=1e-4)
    take = addon("store").take_of(action)
    assert next(k for k in take.keys if k.frame == key_frame - 1).state == "edited"
    last = action.kmtalk_take.keys[-1].frame - 1
    for before, frame in zip(far, (2, last), strict=True):
        assert np.allclose(shown(flame, frame), before, atol=1e-6)


def test_a_head_of_another_topology_is_told_what_to_do(scene: Any, vertex_weights: Path, speech: Path) -> None:
    import bpy
    from faces_at_work import make_face

    make_face(scene, "Head")
    with pytest.raises(RuntimeError, match="5,023 vertices"):
        bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
