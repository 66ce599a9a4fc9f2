"""Every kind of face follows a voice live, not keys alone, and all of it is put back; others stay as they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rigs_at_work import armature
from test_face_properties import card, numbers
from test_rigs_speak import bone_face, control_rig, pose_face

from kmtalk_core import audio

__all__ = ["card"]


def bone_with_sliders(scene: Any) -> tuple[Any, Any, str]:
    rig = armature(scene, "Rig", {"props": ((0, 0, 0), (0, 1, 0), "")})
    numbers(rig.pose.bones["props"], jawOpen=1.0, mouthPucker=10.0, mouthFunnel=1.0, eyeBlinkLeft=1.0)
    return rig, rig, 'pose.bones["props"]'


def values_of(face: Any) -> np.ndarray:
    return np.array([curve.get(target.owner) for target in face.targets for curve in target.curves.values()])


def played(addon: Callable[[str], Any], face: Any, speech: Path, watch: Callable[[], Any]) -> list[Any]:
    """What `watch` sees while each frame is shown; the face is as it was before when this is done."""
    acting, voices = addon("acting.session"), addon("acting.voices")
    was, seen = values_of(face), []
    session = acting.Session(face, voices.played(audio.load(speech), speed=0), {}, 0.2)
    while not session.is_ended:
        if session.show(every=True):
            seen.append(watch())
    session.end()
    assert session.failure is None
    np.testing.assert_allclose(values_of(face), was, atol=1e-6)
    return seen


@pytest.mark.parametrize("made", [control_rig, bone_face, pose_face, bone_with_sliders])
def test_rigs_bones_poses_and_properties_follow(
    made: Callable[[Any], tuple[Any, Any, str]], addon: Callable[[str], Any], scene: Any, speech: Path
) -> None:
    import bpy

    item, rig, _ = made(scene)
    bpy.context.view_layer.objects.active = item
    face = addon("options").face_of([item])
    seen = np.stack(played(addon, face, speech, lambda: values_of(face)))
    assert np.isfinite(seen).all() and np.ptp(seen, axis=0).max() > 0.02
    assert rig.animation_data is None or rig.animation_data.action is None, "nothing is keyed"


@pytest.mark.parametrize("twos", [False, True])
def test_drawings_are_held_and_lips_close(
    twos: bool, addon: Callable[[str], Any], scene: Any, card: Any, speech: Path
) -> None:
    card.kmtalk_face.least_hold, card.kmtalk_face.on_twos = 3, twos
    face = addon("options").face_of([card])
    shown = np.array(played(addon, face, speech, lambda: card["drawing"]))
    changes = np.flatnonzero(np.diff(shown)) + 1
    assert len(set(shown)) >= 3 and 4 in shown, "4 is M, B and P"
    assert np.diff(changes).min() >= 3


def test_of_two_characters_with_the_same_poses_one_speaks(
    addon: Callable[[str], Any], scene: Any, speech: Path
) -> None:
    import bpy

    rig = pose_face(scene)[0]
    other = rig.copy()
    other.data, other.name = rig.data.copy(), "Twin"
    scene.collection.objects.link(other)
    bpy.context.view_layer.objects.active = rig
    face, second = addon("options").face_of([rig]), addon("options").face_of([other])
    still = values_of(second)
    seen = played(addon, face, speech, lambda: (values_of(face), values_of(second)))
    assert np.ptp(np.stack([mine for mine, _ in seen]), axis=0).max() > 0.02
    assert all(np.array_equal(its, still) for _, its in seen)
