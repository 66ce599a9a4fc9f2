import tracemalloc

import numpy as np
import pytest
import torch
from networks import awake, small

from kmtalk_core import audio, engines
from kmtalk_core.localize import neural
from kmtalk_core.localize.neural import Ear, Heard, NeuralLocalizer, boundary_frames, decode_job, listen_job
from kmtalk_core.model import checkpoint, log_mel
from kmtalk_core.model.engine import TorchNetwork
from kmtalk_core.phones import CLASS_INDEX, PHONE_CLASSES
from kmtalk_core.progress import finish


def heard(*phones: tuple[str, float], certainty: float = 0.9, boundary: float = 0.8) -> Heard:
    """What a good encoder would hear of phones that last so many seconds each."""
    labels = np.concatenate([np.full(round(50 * length), CLASS_INDEX[name]) for name, length in phones])
    posteriors = np.full((len(labels), len(PHONE_CLASSES)), (1 - certainty) / (len(PHONE_CLASSES) - 1), np.float32)
    posteriors[np.arange(len(labels)), labels] = certainty
    evidence = np.full(2 * len(labels), 0.02, np.float32)
    starts = 2 * np.flatnonzero(np.diff(labels)) + 2
    evidence[starts] = boundary
    evidence[starts - 1] = evidence[starts + 1] = boundary / 3
    return Heard(posteriors, evidence)


def labels_of(found: Heard) -> list[str]:
    return [phone.label for phone in finish(decode_job(found, len(found.boundaries) / 100)).phones]


def test_phones_and_their_times_are_read_off():
    spoken = (("sil", 0.3), ("b", 0.08), ("a", 0.14), ("m", 0.1), ("i", 0.2), ("sil", 0.5))
    alignment = finish(decode_job(heard(*spoken), 1.32))
    assert [phone.label for phone in alignment.phones] == [name for name, _ in spoken]
    assert alignment.phones[0].start == 0
    assert alignment.phones[-1].end == 1.32
    starts = np.cumsum([0, *(length for _, length in spoken)])[:-1]
    assert np.allclose([phone.start for phone in alignment.phones], starts, atol=0.02)
    assert all(phone.confidence > 0.7 for phone in alignment.phones)
    assert alignment.method == "neural"


def test_a_faint_boundary_between_two_unlike_phones_counts_and_one_inside_a_phone_does_not():
    assert labels_of(heard(("sil", 0.2), ("a", 0.2), ("s", 0.2), ("sil", 0.2), boundary=0.2)) == [
        "sil",
        "a",
        "s",
        "sil",
    ]
    steady = heard(("sil", 0.2), ("a", 0.4), ("sil", 0.2))
    steady.boundaries[40] = 0.3
    assert labels_of(steady) == ["sil", "a", "sil"]


def test_a_pause_is_found_even_where_no_boundary_is_heard():
    found = heard(("a", 0.3), ("sil", 0.6), ("i", 0.3))
    found.boundaries[:] = 0.02
    assert labels_of(found) == ["a", "sil", "i"]


def test_a_bilabial_needs_evidence():
    doubtful = heard(("a", 0.2), ("b", 0.1), ("a", 0.2))
    for bilabial_share, label in ((0.6, "b"), (0.3, "d")):
        doubtful.phones[10:15] = 0
        doubtful.phones[10:15, CLASS_INDEX["b"]] = bilabial_share
        doubtful.phones[10:15, CLASS_INDEX["d"]] = 0.25
        doubtful.phones[10:15, CLASS_INDEX["v"]] = 0.75 - bilabial_share
        doubtful.phones[10:15, CLASS_INDEX["z"]] = 0.0
        if bilabial_share == 0.3:
            doubtful.phones[10:15, CLASS_INDEX["v"]] = 0.22
            doubtful.phones[10:15, CLASS_INDEX["z"]] = 0.23
        assert labels_of(doubtful)[1] == label


def test_silence_alone_is_one_silence():
    alignment = finish(decode_job(heard(("sil", 5.0)), 5.0))
    assert [phone.label for phone in alignment.phones] == ["sil"]
    assert alignment.phones[0].end == 5.0


def test_phones_are_the_same_in_blocks_of_any_size(monkeypatch):
    rng = np.random.default_rng(0)
    posteriors = rng.dirichlet(np.full(len(PHONE_CLASSES), 0.1), 1500).astype(np.float16)
    posteriors[400:900] = np.eye(len(PHONE_CLASSES))[CLASS_INDEX["sil"]]
    found = Heard(posteriors, rng.random(2999).astype(np.float32) ** 4)
    whole = finish(decode_job(found, 29.99)).phones
    assert len(whole) > 100
    for block in (1, 7, 64, 2998):
        monkeypatch.setattr(neural, "_BLOCK", block)
        for one, other in zip(finish(decode_job(found, 29.99)).phones, whole, strict=True):
            assert (one.start, one.end, one.label) == (other.start, other.end, other.label)
            assert one.confidence == pytest.approx(other.confidence, abs=1e-5)


def test_a_long_sound_is_decoded_in_little_memory(monkeypatch):
    """Beside what was heard: less than as much again, whatever is said or not; made 32 bits wide it were 12 times."""
    monkeypatch.setattr(neural, "_BLOCK", 1 << 10)
    spoken, pause = heard(("a", 0.1), ("s", 0.1)), heard(("sil", 300.0))
    phones = np.concatenate([*[spoken.phones] * 300, pause.phones, *[spoken.phones] * 300]).astype(np.float16)
    found = Heard(phones, np.concatenate([*[spoken.boundaries] * 300, pause.boundaries, *[spoken.boundaries] * 300]))
    tracemalloc.start()
    try:
        told = finish(decode_job(found, 420.0)).phones
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert max(phone.end - phone.start for phone in told) > 299
    assert peak < phones.nbytes


def test_peaks_are_refined_between_frames():
    evidence = np.zeros(100, np.float32)
    evidence[49:52] = 0.6, 0.8, 0.7
    assert boundary_frames(evidence) == pytest.approx([50.167], abs=0.01)


@pytest.fixture(scope="module")
def network() -> TorchNetwork:
    return TorchNetwork(awake(small()))


@pytest.fixture(params=["torch", "numpy"])
def ear(request, network, tmp_path) -> Ear:
    if request.param == "torch":
        return network
    checkpoint.save(network.model, tmp_path / "weights", "random")
    return engines.load(tmp_path / "weights")


def noise(seconds: float) -> audio.Sound:
    rng = np.random.default_rng(0)
    return audio.from_samples((0.1 * rng.standard_normal(int(16000 * seconds))).astype(np.float32), 16000)


def test_long_sound_is_heard_in_windows_as_in_one_pass(ear, network):
    sound = noise(45)
    statistics = finish(log_mel.statistics_job(sound))
    in_windows = finish(listen_job(ear, sound, statistics))
    with torch.no_grad():
        whole = network.model.audio_encoder.backbone(
            torch.from_numpy(log_mel.features(sound, statistics, 0, statistics.frames))[None]
        )
    assert in_windows.phones.shape == whole.phones[0].shape
    assert np.allclose(in_windows.phones, whole.phones[0].softmax(-1).numpy(), atol=1e-3)
    evidence = whole.boundaries[0].sigmoid().reshape(-1).numpy()[: statistics.frames]
    assert np.allclose(in_windows.boundaries, evidence, atol=1e-5)


@pytest.mark.parametrize("seconds", [0.01, 0.3, 25])
def test_every_length_gets_phones_that_cover_it_with_progress(ear, seconds):
    sound = noise(seconds)
    steps = []
    alignment = finish(NeuralLocalizer(ear).job(sound), steps.append)
    assert alignment.phones[0].start == 0
    assert alignment.phones[-1].end == pytest.approx(sound.duration)
    assert all(0 <= step.fraction <= 1 for step in steps)
    assert len(steps) >= 3
