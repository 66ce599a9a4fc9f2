"""A voice moves a face while it is spoken."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import SENTENCE

from kmtalk_core import audio, espeak
from kmtalk_core.animate import Animator
from kmtalk_core.calibration import Calibration
from kmtalk_core.errors import KMTalkError
from kmtalk_core.evaluation.real_speech import bilabial_hits
from kmtalk_core.model import log_mel
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.portable.kmtalk import KMTalk
from kmtalk_core.portable.log_mel_encoder import SpeechEvidence
from kmtalk_core.settings import Settings
from kmtalk_core.stream.ear import StreamingEar
from kmtalk_core.stream.features import StreamingFeatures
from kmtalk_core.stream.live import Frame, LiveFace
from kmtalk_core.training.motion import visible_opening

JAW = ARKIT.index_of("jawOpen")
STEP = 0.55  # a closing lid moves as far in a thirtieth of a second


def played(face: LiveFace, samples: np.ndarray, block: int = 320) -> list[Frame]:
    frames = []
    for start in range(0, len(samples), block):
        frames += face.push(samples[start : start + block])
    return frames


def motion(frames: list[Frame]) -> np.ndarray:
    return np.stack([frame.motion for frame in frames])


def test_frames_are_the_same_whatever_the_blocks(network: KMTalk, voice: np.ndarray) -> None:
    found = []
    for block in (37, 160, 16000):
        face = LiveFace(network)
        frames = [*played(face, voice, block), *face.stop()]
        beside = (np.stack([frame.beside[name] for frame in frames]) for name in ("head", "chest"))
        found.append((motion(frames), *beside))
    for other in found[1:]:
        for ours, theirs in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_sample_at_a_time_is_a_block_too(network: KMTalk, voice: np.ndarray) -> None:
    few = voice[4000:9000]
    at_once = LiveFace(network).push(few)
    np.testing.assert_array_equal(motion(played(LiveFace(network), few, 1)), motion(at_once))


@pytest.mark.parametrize(("rate", "look_ahead"), [(30, 0.0), (30, 0.2), (60, 0.2), (24, 0.1), (60, 0.0), (25, 0.4)])
def test_a_frame_comes_when_its_look_ahead_is_heard_and_none_is_left_out(
    network: KMTalk, voice: np.ndarray, rate: float, look_ahead: float
) -> None:
    face = LiveFace(network, rate=rate, look_ahead=look_ahead)
    number = 0
    for end in range(160, len(voice), 160):
        for frame in face.push(voice[end - 160 : end]):
            assert frame.number == number and frame.time == pytest.approx(number / rate)
            assert end >= (frame.time + look_ahead) * 16000 > end - 160 - 400
            number += 1
    assert number == pytest.approx((len(voice) / 16000 - look_ahead) * rate, abs=2)


def test_a_mouth_moves_as_in_a_take(network: KMTalk, voice: np.ndarray) -> None:
    """Both of what is said and how far, on the voice alone."""
    twice = np.concatenate([voice, voice])
    plain = {"mood": "neutral", "liveliness": 0.0, "blinks": False, "breath": False}
    take = Animator.load().animate(audio.from_samples(twice, 16000), settings=plain)
    live = motion(played(LiveFace(network, Settings.of(plain)), twice))[:, JAW]
    assert np.corrcoef(live, take.motion[: len(live), JAW])[0, 1] > 0.9
    assert live.max() == pytest.approx(take.motion[:, JAW].max(), abs=0.1)


def test_the_encoder_in_steps_hears_what_it_hears_at_once(network: KMTalk, voice: np.ndarray) -> None:
    """With more look-ahead than the network's reach nothing is lost at all."""
    encoder = network.audio_encoder.backbone
    features, voice = StreamingFeatures(), np.tile(voice, 3)
    at_once = encoder(features.hear(voice))
    ear, reach, kept = StreamingEar(encoder, 60.0), 1.5, []
    for end in range(1600, len(voice), 1600):
        kept.append(ear.hear(voice[end - 1600 : end], end / 16000 - reach))
    settled = int((kept[-1].end - reach - 0.1) * 50)
    assert settled > 50
    for name in SpeechEvidence._fields:
        ours, theirs = getattr(kept[-1].evidence, name), getattr(at_once, name)
        np.testing.assert_allclose(ours[:settled], theirs[:settled], atol=1e-4)


def test_silence_is_rest(network: KMTalk) -> None:
    quiet = np.random.default_rng(1).normal(0, 1e-4, 16000 * 12).astype(np.float32)
    mouth = ARKIT.in_region("mouth")
    face = LiveFace(network, Settings.of({"mood": "neutral", "liveliness": 0.0, "breath": False}))
    moved = motion(played(face, quiet, 1600))
    assert np.abs(moved[:, mouth]).max() < 0.05
    assert moved[:, ARKIT.index_of("eyeBlinkLeft")].max() > 0.4  # it is alive, though


def test_a_voice_after_a_long_silence_is_heard_as_before(network: KMTalk, voice: np.ndarray) -> None:
    pause = np.random.default_rng(2).normal(0, 3e-4, 16000 * 30).astype(np.float32)
    opened = []
    for samples in (np.concatenate([voice, voice]), np.concatenate([voice, pause, voice])):
        frames = played(LiveFace(network, Settings.of({"liveliness": 0.0})), samples, 800)
        opened.append(motion(frames)[-len(voice) * 30 // 16000 :, JAW].max())
    assert opened[1] == pytest.approx(opened[0], rel=0.25)


@pytest.mark.parametrize("gain", [0.03, 0.3, 3.0])
def test_a_quiet_microphone_serves_like_a_loud_one(network: KMTalk, voice: np.ndarray, gain: float) -> None:
    twice = np.concatenate([voice, voice])
    still = Settings.of({"liveliness": 0.0})
    usual = motion(played(LiveFace(network, still), twice))[-60:, JAW].max()
    assert motion(played(LiveFace(network, still), twice * gain))[-60:, JAW].max() == pytest.approx(usual, rel=0.25)


def test_a_start_and_a_stop_do_not_pop(network: KMTalk, voice: np.ndarray) -> None:
    """Cut into the middle of speech on both sides."""
    face = LiveFace(network)
    frames = motion([*played(face, voice[8000:24000]), *face.stop()])
    whole = np.concatenate([np.zeros((1, ARKIT.width), np.float32), frames])
    assert np.abs(frames[-1]).max() < 1e-6
    assert np.abs(np.diff(whole, axis=0)).max() < STEP


def test_a_face_that_heard_nothing_stops_at_once(network: KMTalk) -> None:
    assert LiveFace(network).stop() == []


def test_the_seed_decides_on_the_gestures(network: KMTalk, voice: np.ndarray) -> None:
    heads = [
        np.stack([frame.head for frame in played(LiveFace(network, Settings(seed=seed)), voice)]) for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(heads[0], heads[1])
    assert np.abs(heads[0] - heads[2]).max() > 0.001


def test_a_chest_rises_before_speech_and_breathes_quietly_after_it(network: KMTalk, voice: np.ndarray) -> None:
    hush = np.random.default_rng(3).normal(0, 1e-4, 16000 * 9).astype(np.float32)
    face = LiveFace(network)
    frames = [*played(face, np.concatenate([hush[:8000], voice, voice, hush])), *face.stop()]
    rise = np.concatenate([[0.0], [frame.beside["chest"][0] for frame in frames]])
    spoken = round(30 * (0.5 + 2 * len(voice) / 16000))
    assert rise[:spoken].max() > 0.5, "a deep breath before speech"
    assert 0.25 < rise[spoken + 60 :].max() < 0.4, "shallow ones at rest"
    assert np.ptp(rise[spoken + 60 : -30]) > 0.2
    assert np.abs(np.diff(rise)).max() < 0.12 and rise[-1] < 1e-6, "it never jumps"


def test_what_the_settings_leave_out_stays(network: KMTalk, voice: np.ndarray) -> None:
    frames = played(LiveFace(network, Settings.of({"regions": "mouth,head"})), voice[:16000])
    assert all(set(frame.beside) == {"head"} for frame in frames)
    still = played(LiveFace(network, Settings.of({"regions": "mouth"})), voice[:16000])
    assert all(not frame.beside and not frame.head.any() for frame in still)


def test_lips_meet_on_p_b_and_m(network: KMTalk, voice: np.ndarray) -> None:
    """*Bob made a map of the moon*: b, b, m, m, p, m."""
    spoken = espeak.synthesize(SENTENCE)
    events = [*spoken.events, spoken.events[-1]]
    phones = [{"label": a.label, "start": a.time, "end": b.time} for a, b in pairwise(events)]
    frames = motion(played(LiveFace(network), np.concatenate([voice, np.zeros(8000, np.float32)])))
    opening = visible_opening(torch.from_numpy(frames)).numpy()
    hits = bilabial_hits(phones, np.arange(len(frames)) / 30, opening)
    assert len(hits) == 6 and sum(hits) >= 5


def test_an_hour_takes_no_more_memory_than_a_minute(network: KMTalk, voice: np.ndarray) -> None:
    """A face that has heard long speech holds as much as one that has heard a little: here of twelve sentences."""
    face = LiveFace(network, look_ahead=0.1)
    tracemalloc.start()
    sizes = []
    for _ in range(12):
        played(face, voice, 800)
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[-1] - sizes[3] < 200_000


def test_late_in_a_day_the_same_sound_is_heard_alike_and_in_time(voice: np.ndarray) -> None:
    """Once as much speech is known as is remembered, what repeats is measured alike, frame for frame."""
    features, measured = StreamingFeatures(), 20 * log_mel.HOP
    spoken = np.concatenate([voice, np.zeros(-len(voice) % measured, np.float32)])
    heard = []
    for number in range(24):
        heard.append(features.hear(spoken))
        features.settle((number + 1) * len(spoken) // log_mel.HOP - 10)
    before, last = heard[-2:]
    assert before.shape == last.shape
    assert np.abs(last - before).mean() < 0.02 < 0.2 < np.abs(last[1:] - before[:-1]).mean()


def test_a_calibrated_actor_speaks_live(network: KMTalk, voice: np.ndarray) -> None:
    actor = Calibration("actor", 1.0, {"jawOpen": 0.5}, {}, {})
    still = Settings.of({"liveliness": 0.0})
    plain, spoken = (
        motion(played(LiveFace(network, still, calibration=c), voice))[:, JAW].max() for c in (None, actor)
    )
    assert spoken == pytest.approx(0.5 * plain, rel=0.2)


@pytest.mark.parametrize(
    "asked", [{"look_ahead": -0.1}, {"look_ahead": 0.5}, {"look_ahead": float("nan")}, {"rate": 0}, {"rate": 1000}]
)
def test_what_cannot_be_is_refused_in_a_sentence(network: KMTalk, asked: dict[str, float]) -> None:
    with pytest.raises(KMTalkError, match="must lie between"):
        LiveFace(network, **asked)


def test_lips_go_as_far_as_those_of_a_take(network: KMTalk, voice: np.ndarray) -> None:
    """The checkpoint says how far each channel is shown (`articulation`), here as there."""
    plain = {"breath": False, "blinks": False}
    take = Animator.load().animate(audio.from_samples(voice, audio.RATE), settings=plain)
    live = motion(played(LiveFace(network, Settings.of(plain), look_ahead=0.4), voice))
    for name in ("mouthFunnel", "mouthPucker"):
        index = ARKIT.index_of(name)
        ours, theirs = (np.percentile(each[:, index], 95) for each in (live, take.motion[: len(live)]))
        assert ours == pytest.approx(theirs, rel=0.2), name
