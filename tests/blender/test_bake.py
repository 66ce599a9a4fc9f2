"""Baking: the right values at the right times, nothing of anyone else's touched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from kmtalk_addon import compat
from kmtalk_addon.face import find_face
from kmtalk_addon.take import bake as baking
from kmtalk_addon.take import store, writing
from kmtalk_addon.take.bake import BakeOptions, bake, prepare
from kmtalk_core import progress
from kmtalk_core.errors import FaceError
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Take, Track

AddMesh = Callable[..., Any]
Evaluated = Callable[[Any, str], float]
JAW, CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]


def curve_of(item: Any, key: str, action: Any = None) -> Any:
    """The f-curve of one shape key in `action`, or in the one that plays."""
    action = action or item.data.shape_keys.animation_data.action
    slot = compat.slot_of(action, item.data.shape_keys)
    return next(c for c in compat.read_curves(action, slot) if c.data_path == f'key_blocks["{key}"].value')


def own_keys(item: Any, key: str) -> list[Any]:
    """The keys of a curve in the frames of the lines themselves, without the ease beside them."""
    lines = item.data.shape_keys.animation_data.action.kmtalk_lines.lines
    points = curve_of(item, key).keyframe_points
    return [p for p in points if any(line.first <= p.co.x <= line.last for line in lines)]


def give_action(item: Any, key: str, value: float) -> Any:
    """An artist's action on a mesh, with one shape key held at `value`."""
    item.data.shape_keys.key_blocks[key].value = value
    item.data.shape_keys.key_blocks[key].keyframe_insert("value", frame=1)
    return item.data.shape_keys.animation_data.action


@pytest.mark.parametrize(("fps", "base"), [(24, 1.0), (25, 1.0), (30, 1.0), (60, 1.0), (24, 1.001)])
def test_key_motions_keep_their_time_and_their_pose_at_any_rate(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated, fps: int, base: float
) -> None:
    scene.render.fps, scene.render.fps_base = fps, base
    head = add_mesh("Head")
    report = bake(take, find_face([head]), scene, BakeOptions("line", start=11))
    held: dict[int, list[int]] = {}
    for key, frame in zip(take.keys, report.key_frames, strict=True):
        assert abs((frame - 11) / (fps / base) - key.frame / take.fps) <= 0.5 / (fps / base) + 1e-6
        held.setdefault(frame, []).append(key.frame)
    for frame, candidates in held.items():
        scene.frame_set(frame)
        seen = np.array([evaluated(head, name) for name in ARKIT_NAMES])
        assert min(np.abs(seen - take.motion[k]).max() for k in candidates) < 1e-5


@pytest.mark.parametrize("fps", [24, 50])
def test_in_betweens_follow_the_clock_and_not_the_index(scene: Any, add_mesh: AddMesh, take: Take, fps: int) -> None:
    scene.render.fps = fps
    head = add_mesh("Head")
    report = bake(take, find_face([head]), scene, BakeOptions("line", start=1))
    curve = curve_of(head, "jawOpen")
    for frame in set(range(report.first, report.last)) - set(report.key_frames):
        expected = np.interp((frame - 1) / fps * take.fps, range(take.frame_count), take.motion[:, JAW])
        assert curve.evaluate(frame) == pytest.approx(expected, abs=1e-5)


def test_keys_are_extremes_and_in_betweens_are_generated(scene: Any, add_mesh: AddMesh, take: Take) -> None:
    scene.render.fps = 30
    head = add_mesh("Head")
    report = bake(take, find_face([head]), scene, BakeOptions("line"))
    points = own_keys(head, "jawOpen")
    assert len(points) == take.frame_count
    assert {p.co.x for p in points if p.type == "EXTREME"} == set(report.key_frames)
    assert {p.type for p in points} == {"EXTREME", "GENERATED"}
    assert {p.interpolation for p in points[:-1]} == {"LINEAR"}
    still = own_keys(head, "browInnerUp")
    assert {p.type for p in still} == {"EXTREME"}


def test_markers_name_the_phones_in_ipa(scene: Any, add_mesh: AddMesh, take: Take) -> None:
    scene.render.fps = 30
    report = bake(take, find_face([add_mesh("Head")]), scene, BakeOptions("line"))
    for markers in (scene.timeline_markers, report.actions[0].pose_markers):
        assert [(m.frame, m.name) for m in sorted(markers, key=lambda m: m.frame)][:4] == [
            (1, "sil"),
            (4, "ɑ"),
            (7, "m"),
            (10, "tʃ"),
        ]
        assert len(markers) == len(take.keys)


def test_values_past_the_sliders_arrive(scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated) -> None:
    scene.render.fps = 30
    head = add_mesh("Head")
    bake(take, find_face([head]), scene, BakeOptions("line"))
    loudest = int(take.motion[:, JAW].argmax())
    scene.frame_set(1 + loudest)
    assert take.motion[loudest, JAW] > 1
    assert evaluated(head, "jawOpen") == pytest.approx(take.motion[loudest, JAW], abs=1e-5)


def test_a_second_run_replaces_only_its_own(scene: Any, add_mesh: AddMesh, take: Take) -> None:
    head = add_mesh("Head")
    scene.timeline_markers.new("mine", frame=3)
    face = find_face([head])
    first = bake(take, face, scene, BakeOptions("line"))
    first.actions[0].pose_markers.new("mine").frame = 9
    own = compat.curves_of(first.actions[0], compat.slot_of(first.actions[0], head.data.shape_keys))
    own.new('key_blocks["Basis"].value')
    curve_of(head, "jawOpen").modifiers.new("NOISE")
    name = first.actions[0].name
    first.actions[0].use_fake_user = True
    second = bake(take, face, scene, BakeOptions("line", start=21, uid=first.uid))
    assert [action.name for action in second.actions] == [name] and list(bpy.data.actions) == [*second.actions]
    assert second.actions[0].use_fake_user and len(curve_of(head, "jawOpen").modifiers) == 1
    assert sum(m.name == "mine" for m in scene.timeline_markers) == 1
    assert sum(m.name == "mine" for m in second.actions[0].pose_markers) == 1
    assert len(scene.timeline_markers) == len(take.keys) + 1
    assert curve_of(head, "Basis") is not None
    assert [line.name for line in second.actions[0].kmtalk_lines.lines] == ["line"]
    assert min(p.co.x for p in own_keys(head, "jawOpen")) == 21


def test_an_artists_action_stays_and_stays_in_charge(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head")
    theirs = give_action(head, "jawOpen", 0.123)
    report = bake(take, find_face([head]), scene, BakeOptions("line"))
    animation = head.data.shape_keys.animation_data
    assert animation.action == theirs
    assert len(curve_of(head, "jawOpen", theirs).keyframe_points) == 1
    assert any("jawOpen" not in note and theirs.name in note for note in report.notes)
    scene.frame_set(10)
    assert evaluated(head, "jawOpen") == pytest.approx(0.123)
    assert evaluated(head, "mouthPucker") == pytest.approx(take.motion[9, ARKIT_INDEX["mouthPucker"]], abs=1e-5)


def test_above_an_artists_action_ours_wins_and_theirs_lives_on(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head", [*ARKIT_NAMES, "Scar"])
    theirs = give_action(head, "jawOpen", 0.123)
    give_action(head, "Scar", 0.7)
    bake(take, find_face([head]), scene, BakeOptions("line", foreign="above"))
    animation = head.data.shape_keys.animation_data
    assert [strip.action for track in animation.nla_tracks for strip in track.strips] == [theirs]
    scene.frame_set(10)
    assert evaluated(head, "jawOpen") == pytest.approx(take.motion[9, JAW], abs=1e-5)
    assert evaluated(head, "Scar") == pytest.approx(0.7)


def test_a_run_after_the_artist_took_over_finds_its_own_place_again(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head")
    face = find_face([head])
    uid = bake(take, face, scene, BakeOptions("line")).uid
    head.data.shape_keys.animation_data.action = None
    theirs = give_action(head, "jawOpen", 0.123)
    bake(take, face, scene, BakeOptions("line", uid=uid))
    bake(take, face, scene, BakeOptions("line", uid=uid))
    assert head.data.shape_keys.animation_data.action == theirs
    (ours,) = (action for action in bpy.data.actions if action != theirs)
    assert not compat.HAS_SLOTS or len(ours.slots) == 1
    assert len(tracks_of(head)) == 1
    scene.frame_set(10)
    assert evaluated(head, "mouthPucker") == pytest.approx(take.motion[9, ARKIT_INDEX["mouthPucker"]], abs=1e-5)
    scene.frame_set(100)
    assert evaluated(head, "mouthPucker") == 0.0


def tracks_of(head: Any) -> list[Any]:
    return list(head.data.shape_keys.animation_data.nla_tracks)


def test_two_lines_on_one_face_lie_in_one_action_and_the_face_rests_beside_them(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head")
    face = find_face([head])
    bake(take, face, scene, BakeOptions("first"))
    uid = bake(take, face, scene, BakeOptions("second", start=101)).uid
    (action,) = bake(take, face, scene, BakeOptions("second", start=201, uid=uid)).actions
    assert list(bpy.data.actions) == [action] and not tracks_of(head)
    for start in (1, 201):
        scene.frame_set(start + 9)
        assert evaluated(head, "jawOpen") == pytest.approx(take.motion[9, JAW], abs=1e-5)
    for between in (-5, 110, 150, 300):
        scene.frame_set(between)
        assert [evaluated(head, name) for name in ("jawOpen", "mouthPucker", "eyeBlinkLeft")] == [0.0, 0.0, 0.0]


def test_every_mesh_of_a_face_moves_with_its_own_names(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head")
    teeth = add_mesh("Teeth", ["Teeth_JAWOPEN", "Teeth_jawLeft", "Teeth_jawRight"])
    other = add_mesh("Hat", ["Wide"])
    face = find_face([head, teeth, other])
    assert [mesh.item for mesh in face.meshes] == [head, teeth]
    bake(take, face, scene, BakeOptions("line"))
    scene.frame_set(10)
    assert evaluated(head, "jawOpen") == pytest.approx(take.motion[9, JAW], abs=1e-5)
    assert evaluated(teeth, "Teeth_JAWOPEN") == pytest.approx(take.motion[9, JAW], abs=1e-5)
    assert other.data.shape_keys.animation_data is None


def test_what_is_seen_follows(scene: Any, add_mesh: AddMesh, take: Take) -> None:
    """The slot is assigned and the mesh is evaluated: its corner stands where the weights say."""
    scene.render.fps = 30
    head = add_mesh("Head", ["jawOpen"])
    bake(take, find_face([head]), scene, BakeOptions("line"))
    assert take.motion[9, CLOSE] > 0.01
    if compat.HAS_SLOTS:
        assert head.data.shape_keys.animation_data.action_slot is not None
    scene.frame_set(10)
    mesh = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    shut = max(take.motion[9, JAW] - take.motion[9, CLOSE], 0.0)  # there is no key that would close the lips
    assert mesh.vertices[0].co.x == pytest.approx(shut, abs=1e-4)


def test_the_scene_grows_but_never_shrinks_and_the_playhead_stays(scene: Any, add_mesh: AddMesh, take: Take) -> None:
    scene.render.fps, scene.frame_end = 30, 20
    face = find_face([add_mesh("Head")])
    scene.frame_set(7)
    bake(take, face, scene, BakeOptions("line"))
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (1, 45, 7)
    scene.frame_end = 900
    bake(take, face, scene, BakeOptions("line"))
    assert scene.frame_end == 900


@pytest.mark.parametrize("comes", ["a cancel", "an undo"])
def test_what_comes_while_a_line_is_written_leaves_nothing_half_done(
    scene: Any, add_mesh: AddMesh, take: Take, monkeypatch: pytest.MonkeyPatch, comes: str
) -> None:
    monkeypatch.setattr(writing, "SLICE_SECONDS", 0.0)
    scene.render.fps = 30
    head = add_mesh("Head")
    face = find_face([head])
    first = bake(take, face, scene, BakeOptions("line"))
    before = {c.data_path: [tuple(p.co) for p in c.keyframe_points] for c in curves_of(head)}
    options = BakeOptions("line", start=6, uid=first.uid)
    story = store.Story("line", start=6, fps=30.0)
    prepared = prepare(take, face.drives, story.timeline)
    job = baking.lay(prepared, take, store.take_bytes(take), lambda: (face, scene), story, options)
    for _ in range(5):
        next(job)
    assert before != {c.data_path: [tuple(p.co) for p in c.keyframe_points] for c in curves_of(head)}
    if comes == "a cancel":
        job.close()
        assert before == {c.data_path: [tuple(p.co) for p in c.keyframe_points] for c in curves_of(head)}
        return
    for curve in curves_of(head):  # what Blender's undo would do, and tell
        curve.keyframe_points.clear()
        curve.keyframe_points.add(len(before[curve.data_path]))
        curve.keyframe_points.foreach_set("co", [number for point in before[curve.data_path] for number in point])
    writing.note_undo()
    assert progress.finish(job).first == 6
    assert len(bpy.data.actions) == 1 and len(own_keys(head, "jawOpen")) == take.frame_count


def curves_of(item: Any) -> list[Any]:
    action = item.data.shape_keys.animation_data.action
    return compat.read_curves(action, compat.slot_of(action, item.data.shape_keys))


def test_a_linked_mesh_is_refused_in_one_sentence(scene: Any, add_mesh: AddMesh, tmp_path: Path) -> None:
    library = tmp_path / "Kopf ä.blend"
    bpy.data.libraries.write(str(library), {add_mesh("Head")})
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (source, target):
        target.objects = source.objects
    linked = target.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    with pytest.raises(FaceError, match="“Head” is linked from") as refused:
        find_face([linked])
    assert "\n" not in str(refused.value) and "Library Override" in str(refused.value)


def test_overridden_characters_speak_each_for_itself_and_still_after_reopening(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated, tmp_path: Path
) -> None:
    library = tmp_path / "Kopf ä.blend"
    collection = bpy.data.collections.new("Character")
    collection.objects.link(add_mesh("Head"))
    bpy.data.libraries.write(str(library), {collection})
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = 30
    with bpy.data.libraries.load(str(library), link=True) as (_, target):
        target.collections = ["Character"]
    for _ in range(2):
        target.collections[0].override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    one, other = [item for item in bpy.data.objects if item.library is None]
    report = bake(take, find_face([one]), scene, BakeOptions("line"))
    report = bake(take, find_face([one]), scene, BakeOptions("line", uid=report.uid))  # as a second Animate does
    assert len(bpy.data.actions) == 1
    assert not report.notes
    names = one.name, other.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    one, other = (bpy.data.objects[name] for name in names)
    bpy.context.scene.frame_set(10)
    assert evaluated(one, "jawOpen") == pytest.approx(take.motion[9, JAW], abs=1e-5)
    assert other.data.shape_keys.animation_data is None and other.data.library is not None


def test_a_face_without_known_shape_keys_says_what_is_missing(scene: Any, add_mesh: AddMesh) -> None:
    with pytest.raises(FaceError, match="jawOpen"):
        find_face([add_mesh("Cube", ["Smile", "Frown"])])


def test_ten_minutes_bake_in_seconds(scene: Any, add_mesh: AddMesh) -> None:
    """Bulk calls: about a million keys a second; one by one they would take minutes."""
    from time import perf_counter

    frames = 18_000
    motion = np.random.default_rng(1).random((frames, len(ARKIT_NAMES))).astype(np.float32)
    face = find_face([add_mesh("Head")])
    began = perf_counter()
    bake(Take((Track(ARKIT, motion),), (), fps=30.0), face, scene, BakeOptions("long"))
    assert perf_counter() - began < 20
