"""A phone that is said otherwise looks as if it had been heard so, and nothing else moves."""

import json
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.animate import Animator
from kmtalk_core.audio import Sound
from kmtalk_core.cli import main
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.phones import VOWELS, classes_of
from kmtalk_core.take import Take, load_take, save_take

PUCKER, JAW, CLOSE, TUCK = (ARKIT.index_of(n) for n in ("mouthPucker", "jawOpen", "mouthClose", "mouthRollLower"))


@pytest.fixture(scope="module")
def animator() -> Animator:
    return Animator.load()


@pytest.fixture(scope="module")
def sound(speech: Path) -> Sound:
    return audio.load(speech)


@pytest.fixture(scope="module")
def take(animator: Animator, sound: Sound) -> Take:
    return animator.animate(sound)


@pytest.fixture(scope="module")
def vowel(take: Take) -> int:
    """The number of an unrounded vowel in the middle of the sentence."""
    found = [i for i, phone in enumerate(take.phones) if {"a", "æ", "ɛ", "ə", "ʌ", "ɑ"} & set(classes_of(phone.label))]
    return found[len(found) // 2]


def within(take: Take, number: int) -> slice:
    phone = take.phones[number]
    return slice(round(phone.start * take.fps), round(phone.end * take.fps) + 1)


def key_of(take: Take, number: int) -> int:
    return min(take.keys, key=lambda key: abs(key.time - take.phones[number].start)).frame


def test_oo_rounds_the_lips_m_closes_them_and_f_tucks_the_lower_one(
    animator: Animator, sound: Sound, take: Take, vowel: int
) -> None:
    frames = within(take, vowel)
    frame = key_of(take, vowel)
    said = {name: animator.complete(take, sound, [{"frame": frame, "phone": name}]) for name in ("oo", "m", "f")}
    assert said["oo"].motion[frames, PUCKER].max() > take.motion[frames, PUCKER].max() + 0.2
    inner = slice(frames.start + 1, frames.stop - 1)
    gap = {t: t.motion[inner, JAW] - t.motion[inner, CLOSE] for t in (take, said["m"])}
    assert gap[said["m"]].min() < 0.03 and gap[take].min() > 0.1
    assert said["f"].motion[frames, TUCK].max() > take.motion[frames, TUCK].max() + 0.15
    assert said["oo"].phones[vowel].label == "u" and said["oo"].phones[vowel].edited


def test_only_the_span_around_it_is_made_anew(animator: Animator, sound: Sound, take: Take, vowel: int) -> None:
    said = animator.complete(take, sound, [{"frame": key_of(take, vowel), "phone": "oo"}])
    frames = within(take, vowel)
    before = [key.frame for key in take.keys if key.frame < frames.start]
    after = [key.frame for key in take.keys if key.frame >= frames.stop]
    changed = np.flatnonzero((said.motion != take.motion).any(axis=1))
    assert before[-1] < changed[0] and changed[-1] < after[0]


def test_what_was_said_stays_said_in_later_completions(
    animator: Animator, sound: Sound, take: Take, vowel: int, tmp_path: Path
) -> None:
    frame = key_of(take, vowel)
    save_take(animator.complete(take, sound, [{"frame": frame, "phone": "oo"}]), tmp_path / "said.npz")
    said = load_take(tmp_path / "said.npz")
    again = animator.complete(said, sound, [{"frame": frame, "state": "locked"}])
    assert again.phones == said.phones
    posed = animator.complete(said, sound, [{"frame": said.keys[-2].frame, "pose": {"browInnerUp": 0.5}}])
    assert posed.motion[within(take, vowel), PUCKER].max() > take.motion[within(take, vowel), PUCKER].max() + 0.2


def test_animating_again_keeps_what_a_hand_did(animator: Animator, sound: Sound, take: Take, vowel: int) -> None:
    frame, posed = key_of(take, vowel), take.keys[2].frame
    hand = animator.complete(
        take, sound, [{"frame": frame, "phone": "oo"}, {"frame": posed, "pose": {"browInnerUp": 0.8}}]
    )
    again = animator.animate(sound, settings={"seed": 5}, keep=hand)
    assert again.phones[vowel].label == "u"
    kept = next(key for key in again.keys if key.frame == posed)
    assert kept.state == "edited"
    np.testing.assert_array_equal(kept.pose, hand.motion[posed])
    assert again.motion[within(take, vowel), PUCKER].max() > 0.2
    assert {key.state for key in animator.animate(sound).keys} == {"generated"}


def test_the_command_line_says_it_otherwise_and_keeps_it(
    speech: Path, take: Take, vowel: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_take(take, tmp_path / "take.npz")
    (tmp_path / "edits.json").write_text(json.dumps([{"frame": key_of(take, vowel), "phone": "oo"}]))
    files = [str(tmp_path / name) for name in ("take.npz", "edits.json", "said.npz", "again.npz")]
    assert main(["complete", files[0], "--audio", str(speech), "--edits", files[1], "--out", files[2]]) == 0
    assert load_take(files[2]).phones[vowel].label == "u"
    assert main(["animate", str(speech), "--out", files[3], "--keep", files[2]]) == 0
    assert load_take(files[3]).phones[vowel].label == "u"
    (tmp_path / "edits.json").write_text(json.dumps([{"frame": 5, "phone": "hello"}]))
    assert main(["complete", files[0], "--audio", str(speech), "--edits", files[1], "--out", files[2]]) == 2
    assert "no phone 'hello'" in capsys.readouterr().err


def test_every_vowel_of_the_inventory_can_be_said(animator: Animator, sound: Sound, take: Take, vowel: int) -> None:
    frame = key_of(take, vowel)
    for name in sorted(VOWELS)[::5]:
        assert animator.complete(take, sound, [{"frame": frame, "phone": name}]).phones[vowel].label == name
