"""Weights that move vertices drive a head of their topology through shape keys, which can be edited as any others."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, action_of, line_in, make_face, points_of
from keys_at_work import changed_frames
from test_face_build import add_object, coordinates

from kmtalk_core.drives import vertices
from tests.meshes import MESHES, read_ply

ROOT = Path(__file__).resolve().parents[2]
MAKE_WEIGHTS = """
import sys, torch
from dataclasses import replace
from pathlib import Path
from kmtalk_core.model import checkpoint, config
from kmtalk_core.model.kmtalk import KMTalk
torch.manual_seed(0)
small = replace(config.preset("starter"), name="small", space=sys.argv[2], width=64, heads=4, key_layers=1,
                decoder_layers=1, reach=3, flow_reach=6, phone_conditioning=False, motion_scale=float(sys.argv[3]))
model = KMTalk(small)
for parameter in model.parameters():
    if parameter.dim() > 1:
        torch.nn.init.normal_(parameter, std=0.15)
checkpoint.save(model, Path(sys.argv[1]), "random")
"""


HEADS = {"vocaset": "flame_sample.ply", "biwi": "biwi.ply"}
SCALES = {"vocaset": 100, "biwi": 20}  # a BIWI head is some five units large where FLAME's is a quarter of a metre


@pytest.fixture(scope="module")
def use_weights(extension: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], None]]:
    """`use_weights(space)` chooses random weights of a space of vertices in the preferences."""
    import os

    import bpy

    preferences = bpy.context.preferences.addons["bl_ext.kmtalk_tests.kmtalk"].preferences
    before = preferences.weights

    @cache
    def made(space: str) -> Path:
        folder = tmp_path_factory.mktemp("weights") / space
        python = os.environ.get("KMTALK_PYTHON", sys.executable)
        subprocess.run([python, "-c", MAKE_WEIGHTS, str(folder), space, str(SCALES[space])], cwd=ROOT, check=True)
        return folder

    def use(space: str) -> None:
        preferences.weights = str(made(space))

    yield use
    preferences.weights = before


def published_head(scene: Any, space: str) -> Any:
    import bpy

    if not (MESHES / HEADS[space]).is_file():
        pytest.skip(f"{HEADS[space]} is not at hand")
    item = add_object(scene, "Head", *read_ply(MESHES / HEADS[space]))
    bpy.context.view_layer.objects.active = item
    return item


@pytest.fixture
def flame(scene: Any, use_weights: Callable[[str], None]) -> Any:
    use_weights("vocaset")
    scene.render.fps = 30
    return published_head(scene, "vocaset")


@pytest.fixture
def biwi(scene: Any, use_weights: Callable[[str], None]) -> Any:
    use_weights("biwi")
    return published_head(scene, "biwi")


def shown(item: Any, frame: int) -> np.ndarray:
    """(V, 3) what is seen of the head at a frame."""
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
    take = addon("take.store").take_of(line_in(action_of(flame)))
    assert take.space.name == "vocaset" and np.abs(take.motion).max() > 0.002
    assert len(flame.data.shape_keys.key_blocks) - 1 <= take.frame_count
    for frame in range(0, take.frame_count, 7):
        wanted = rest + take.motion[frame].reshape(-1, 3)
        assert np.linalg.norm(shown(flame, 1 + frame) - wanted, axis=1).max() < 0.0003


def test_an_edited_weight_is_kept_and_only_its_neighbourhood_is_made_anew(
    addon: Callable[[str], Any], flame: Any, speech: Path
) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    action = action_of(flame)
    key_frame = line_in(action).key_motions[8].frame  # Blender frees the list when it is made anew
    far = [shown(flame, frame) for frame in (2, line_in(action).key_motions[-1].frame - 1)]
    curve = next(iter(addon("take.lines").curves_by_name(action).values()))
    point = next(point for point in curve.keyframe_points if round(point.co[0]) == key_frame)
    edited = point.co[1] + 0.3
    point.co[1] = edited
    curve.update()
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    action = action_of(flame)
    curve = next(iter(addon("take.lines").curves_by_name(action).values()))
    assert curve.evaluate(key_frame) == pytest.approx(edited, abs=1e-4)
    take = addon("take.store").take_of(line_in(action))
    assert next(k for k in take.keys if k.frame == key_frame - 1).state == "edited"
    last = line_in(action).key_motions[-1].frame - 1
    for before, frame in zip(far, (2, last), strict=True):
        assert np.allclose(shown(flame, frame), before, atol=1e-6)
    line_in(action).key_motions[3].state = "locked"
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert line_in(action_of(flame)).key_motions[3].state == "locked"


def test_a_locked_weight_survives_a_new_animate_and_the_face_is_in_order(
    addon: Callable[[str], Any], flame: Any, speech: Path
) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    options = addon("options")
    face = options.face_of(options.meshes_of(bpy.context), options.space_of(bpy.context))
    assert "FLAME" in face.sentence and not addon("face.hindrances").find(face, "below")
    action = action_of(flame)
    line = line_in(action)
    line.key_index, frame = 8, line.key_motions[8].frame
    curve = next(iter(addon("take.lines").curves_by_name(action).values()))
    point = next(point for point in curve.keyframe_points if round(point.co[0]) == frame)
    weight = flame.data.shape_keys.path_resolve(curve.data_path.removesuffix(".value"))
    point.co[1] = 0.5 * (weight.slider_min + weight.slider_max)
    curve.update()
    bpy.context.scene.frame_set(frame + 1)  # Blender does not look at a curve anew on the frame that it shows
    bpy.context.scene.frame_set(frame)
    assert bpy.ops.kmtalk.lock_key() == {"FINISHED"}
    seen = shown(flame, frame)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    assert {key.frame: key.state for key in line_in(action_of(flame)).key_motions}[frame] == "locked"
    assert np.linalg.norm(shown(flame, frame) - seen, axis=1).max() < 0.0006


def test_a_head_of_another_topology_is_told_what_to_do(
    scene: Any, use_weights: Callable[[str], None], speech: Path
) -> None:
    import bpy

    use_weights("vocaset")
    make_face(scene, "Head")
    with pytest.raises(RuntimeError, match="5,023 vertices"):
        bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)


def test_a_biwi_head_is_animated_edited_saved_loaded_and_edited_again(
    addon: Callable[[str], Any], biwi: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy

    bpy.context.scene.render.fps = 50  # every other frame is one of the take's
    rest = coordinates(biwi)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    before, take = points_of(addon, action_of(biwi)), addon("take.store").take_of(line_in(action_of(biwi)))
    assert take.space.name == "biwi" and np.abs(take.motion).max() > 0.01
    assert distance_to_take(addon, biwi, rest) < 0.3
    edits = [raise_weight(addon, biwi, number=8)]
    assert distance_to_take(addon, biwi, rest) < 0.3  # in-betweens that the fitted keys did not show bring keys along
    frames = range(1, 60, 6)
    seen = [shown(biwi, frame) for frame in frames]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "biwi.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "biwi.blend"))
    biwi = bpy.data.objects["Head"]
    assert all(np.array_equal(shown(biwi, frame), there) for frame, there in zip(frames, seen, strict=True))
    edits.append(raise_weight(addon, biwi, number=14))
    assert distance_to_take(addon, biwi, rest) < 0.3
    after = points_of(addon, action_of(biwi))
    between = {frame for first, _, last in edits for frame in range(first + 1, last)}
    assert {frame for _, frame, _ in edits} < changed_frames(before, after) <= between
    for path in after.keys() - before.keys():
        assert {int(frame) for frame, value in after[path] if value} <= between


def test_a_second_sound_leaves_what_the_head_says_in_the_first(
    addon: Callable[[str], Any], biwi: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy
    import soundfile

    rest = coordinates(biwi)
    samples, rate = soundfile.read(speech)
    soundfile.write(tmp_path / "backwards.wav", samples[::-1], rate)
    bpy.context.scene.render.fps = 50
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    names = biwi.data.shape_keys.key_blocks.keys()
    bpy.context.scene.frame_start = 101
    assert bpy.ops.kmtalk.animate(file=str(tmp_path / "backwards.wav")) == {"FINISHED"}
    assert biwi.data.shape_keys.key_blocks.keys()[: len(names)] == names
    assert len(bpy.data.actions) == 1
    for _ in range(2):
        assert distance_to_take(addon, biwi, rest, 1, start=101) < 0.3
        assert distance_to_take(addon, biwi, rest, 0) < 0.3


def test_a_sound_that_shows_nothing_new_adds_no_keys(
    addon: Callable[[str], Any], flame: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy

    again = tmp_path / "again.wav"
    again.write_bytes(speech.read_bytes())
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    names = flame.data.shape_keys.key_blocks.keys()
    assert bpy.ops.kmtalk.animate(file=str(again), text=SENTENCE) == {"FINISHED"}
    assert flame.data.shape_keys.key_blocks.keys() == names
    (action,) = bpy.data.actions
    assert len(action.kmtalk_lines.lines) == 2 and len(points_of(addon, action)) == len(names) - 1


def test_a_take_of_vertices_is_kept_small_and_comes_in_from_a_file(
    addon: Callable[[str], Any], flame: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    action = action_of(flame)
    made, keys = addon("take.store").take_of(line_in(action)), flame.data.shape_keys
    assert len(line_in(action).file) < 1.2 * 4 * made.motion.shape[1] * (len(keys.key_blocks) - 1) + 50_000
    assert bpy.ops.kmtalk.export_take(filepath=str(tmp_path / "take.npz"), layout_name="NPZ") == {"FINISHED"}
    other = published_head(bpy.context.scene, "vocaset")
    bpy.context.view_layer.objects.active = other
    rest = coordinates(other)
    assert bpy.ops.kmtalk.import_take(filepath=str(tmp_path / "take.npz")) == {"FINISHED"}
    for frame in (0, made.frame_count // 2, made.frame_count - 1):
        left = np.linalg.norm(shown(other, 1 + frame) - rest - made.motion[frame].reshape(-1, 3), axis=1)
        assert left.max() < 0.0003


def distance_to_take(
    addon: Callable[[str], Any], item: Any, rest: np.ndarray, number: int | None = None, start: int = 1
) -> float:
    """Millimetres between what a head shows and its take, at the frames that the two have in common at 50 a second."""
    take = addon("take.store").take_of(line_in(action_of(item), number))
    wanted = rest + take.motion.reshape(take.frame_count, -1, 3)
    left = [np.linalg.norm(shown(item, start + 2 * frame) - there, axis=1).max() for frame, there in enumerate(wanted)]
    return float(max(left)) * vertices.MILLIMETRES["head"]


def raise_weight(addon: Callable[[str], Any], item: Any, number: int) -> tuple[int, int, int]:
    """Edit the first weight of a key of the take and regenerate; the frames of that key and of those beside it."""
    import bpy

    action = action_of(item)
    first, frame, last = (key.frame for key in line_in(action).key_motions[number - 1 : number + 2])
    point = next(point for point in first_curve(addon, item).keyframe_points if round(point.co[0]) == frame)
    point.co[1] = edited = point.co[1] + 0.25
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert first_curve(addon, item).evaluate(frame) == pytest.approx(edited, abs=1e-6)
    return first, frame, last


def first_curve(addon: Callable[[str], Any], item: Any) -> Any:
    return next(iter(addon("take.lines").curves_by_name(action_of(item)).values()))
