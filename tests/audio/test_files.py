"""Any sound comes in as mono 16 kHz at the right time and level, and what is no sound says what to do."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core import audio
from kmtalk_core.errors import AudioError
from kmtalk_core.progress import finish

CLICK = 0.5  # seconds


def tone(rate: int = 48000, seconds: float = 1.0) -> np.ndarray:
    """A quiet tone with a loud click in it, (n,) float32."""
    time = np.arange(round(rate * seconds)) / rate
    wave = 0.1 * np.sin(2 * np.pi * 200 * time)
    at = round(CLICK * rate)
    wave[at : at + max(rate // 4000, 1)] = 0.9
    return wave.astype(np.float32)


def click_time(sound: audio.Sound) -> float:
    return float(np.abs(sound.read(0, sound.length)).argmax()) / audio.RATE


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        *(("WAV", kind) for kind in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("AIFF", "PCM_16"),
        ("W64", "PCM_16"),
    ],
)
def test_every_format_and_depth_keeps_time_and_level(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / f"tone.{container.lower()}"
    soundfile.write(path, tone(), 48000, format=container, subtype=subtype)
    sound = audio.load(path)
    assert sound.duration == pytest.approx(1.0, abs=0.002)
    assert click_time(sound) == pytest.approx(CLICK, abs=0.002)
    assert 0.7 < sound.peak < 1.1
    assert np.abs(sound.read(2000, 6000)).max() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("rate", [2000, 8000, 11025, 16000, 22050, 44100, 96000, 192000, 768000])
def test_every_rate_keeps_time(rate: int) -> None:
    sound = audio.from_samples(tone(rate), rate)
    assert sound.length == pytest.approx(audio.RATE, abs=2)
    assert click_time(sound) == pytest.approx(CLICK, abs=0.001)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left = tone(16000)
    soundfile.write(tmp_path / "five.wav", np.stack([left, left, left, left, -left], axis=1), 16000, subtype="FLOAT")
    sound = audio.load(tmp_path / "five.wav")
    assert np.allclose(sound.read(0, sound.length), 0.6 * left, atol=1e-6)


@pytest.mark.parametrize(
    "samples",
    [
        np.array([0, 127, -128], np.int8),
        np.array([128, 255, 0], np.uint8),
        np.array([0, 32767, -32768], np.int16),
        np.array([0, 2**31 - 1, -(2**31)], np.int32),
        np.array([0.0, 1.0, -1.0], np.float64),
        np.array([0.0, 1.0, -1.0], np.dtype(">f4")),
    ],
)
def test_buffers_of_any_type_span_the_same_range(samples: np.ndarray) -> None:
    sound = audio.from_samples(samples, audio.RATE)
    assert np.allclose(sound.read(0, 3), [0, 1, -1], atol=0.01)


def test_reading_beyond_the_ends_gives_zeros() -> None:
    sound = audio.from_samples(np.full(10, 0.5, np.float32), audio.RATE)
    assert np.array_equal(sound.read(-2, 12), [0, 0, *[0.5] * 10, 0, 0])
    assert sound.read(20, 30).shape == (10,)
    assert sound.read(5, 5).shape == (0,)


def test_the_digest_is_of_the_samples_whatever_file_they_came_from(tmp_path: Path) -> None:
    wave = tone(16000)
    soundfile.write(tmp_path / "a.wav", wave, 16000, subtype="FLOAT")
    soundfile.write(tmp_path / "b.aiff", wave, 16000, subtype="FLOAT")
    first, second = audio.load(tmp_path / "a.wav"), audio.load(tmp_path / "b.aiff")
    assert first.digest == second.digest == hashlib.sha256(wave.tobytes()).hexdigest()


@pytest.mark.parametrize("level", [0.0, 0.25])
def test_silence_is_a_sound_and_is_told(level: float) -> None:
    sound = audio.from_samples(np.full(16000, level), 16000)
    assert (sound.peak, sound.duration) == (level, 1.0)
    assert "silent from beginning to end" in sound.notes[0]


def test_a_very_soft_sound_is_not_called_silent() -> None:
    assert audio.from_samples((tone(16000) * 1e-3), 16000).notes == ()


def test_a_twentieth_of_a_second_is_a_sound(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", tone(44100, 0.6)[:2205], 44100)
    assert audio.load(tmp_path / "short.wav").duration == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_samples_are_a_sound(count: int) -> None:
    assert audio.from_samples(np.ones(count), 48000).length >= 1


def test_clipped_sound_stays_as_it_is() -> None:
    assert audio.from_samples(np.sign(tone(16000)), 16000).peak == 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_values_that_are_no_sound_become_silence_and_are_told(tmp_path: Path, bad: float) -> None:
    wave = tone(48000)
    wave[[5, 7]] = bad
    soundfile.write(tmp_path / "nan.wav", wave, 48000, subtype="FLOAT")
    sound = audio.load(tmp_path / "nan.wav")
    assert np.isfinite(sound.read(0, sound.length)).all()
    assert sound.peak < 1.2
    assert "2 samples" in sound.notes[0]


def test_a_name_outside_ascii_and_a_deep_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / ("Ünïcödé 音声 " + "x" * 80) / ("y" * 100)
    folder.mkdir(parents=True)
    path = folder / "голос 🎤.wav"
    soundfile.write(str(path), tone(16000), 16000)
    assert len(str(path)) > 200
    assert audio.load(path).name == "голос 🎤.wav"


def test_a_name_of_250_letters_is_read(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 246 + ".wav")
    soundfile.write(str(path), tone(16000), 16000)
    assert audio.load(path).length == 16000


@pytest.mark.parametrize("container", ["WAV", "FLAC", "MP3", "OGG"])
def test_the_content_decides_and_not_the_name(tmp_path: Path, container: str) -> None:
    soundfile.write(tmp_path / "sound", tone(), 48000, format=container)
    for name in ("misnamed.wav", "misnamed.raw", "misnamed.txt", "misnamed"):
        (tmp_path / "sound").rename(tmp_path / name)
        assert click_time(audio.load(tmp_path / name)) == pytest.approx(CLICK, abs=0.002)
        (tmp_path / name).rename(tmp_path / "sound")


@pytest.mark.parametrize("container", ["WAV", "AIFF", "FLAC", "MP3"])
def test_a_truncated_file_is_read_as_far_as_it_goes(tmp_path: Path, container: str) -> None:
    path = tmp_path / "cut"
    soundfile.write(path, tone(), 48000, format=container)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    sound = audio.load(path)
    assert 0.3 < sound.duration < 0.6
    if container != "AIFF":  # whose claim is mended by the reader
        assert "earlier than it claims" in sound.notes[0]


def complaint(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        audio.load(path)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "is empty" in complaint(written(tmp_path / "empty.wav", b""))


def test_a_sound_without_samples_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    assert "holds no sound" in complaint(tmp_path / "none.wav")


def test_text_named_wav_is_refused_with_the_formats_that_work(tmp_path: Path) -> None:
    message = complaint(written(tmp_path / "text.wav", b"hello, this is no sound at all"))
    assert "no sound" in message and "WAV" in message and "MP3" in message


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypisom", "MP4"),
        (b"\x1a\x45\xdf\xa3\x01", "Matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"\x30\x26\xb2\x75\x8e\x66", "Windows Media"),
    ],
)
def test_a_film_is_called_by_its_name(tmp_path: Path, head: bytes, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    film = written(tmp_path / "clip.wav", head + bytes(200))
    message = complaint(film)
    assert kind in message and "damaged or without sound" in message and "convert it to WAV" in message
    monkeypatch.setitem(sys.modules, "av", None)  # as where it is not installed
    message = complaint(film)
    assert kind in message and "pip install av" in message and "FLAC" in message


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_a_bare_header_is_refused(tmp_path: Path, container: str) -> None:
    path = tmp_path / "head"
    soundfile.write(path, tone(), 48000, format=container)
    complaint(written(path, path.read_bytes()[:40]))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "check the path" in complaint(tmp_path / "nowhere.wav")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder" in complaint(tmp_path)


def test_a_name_that_no_system_allows_is_refused(tmp_path: Path) -> None:
    complaint(tmp_path / "nul\0byte.wav")
    complaint(tmp_path / ("x" * 400))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "secret.wav", b"RIFF")
    path.chmod(0)
    assert "permissions" in complaint(path)


@pytest.mark.skipif(os.name == "nt", reason="no named pipes in the file system")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "is no file" in complaint(tmp_path / "pipe.wav")


@pytest.mark.parametrize("rate", [1, 1999, 800_000])
def test_an_absurd_rate_is_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "odd.wav", np.zeros(100), rate)
    assert "samples a second" in complaint(tmp_path / "odd.wav")


def test_an_absurd_channel_count_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "many.wav", np.zeros((10, 200)), 48000)
    assert "200 channels" in complaint(tmp_path / "many.wav")


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0), np.zeros((2, 2, 2)), np.zeros(4, complex), np.zeros(4, bool), np.array(["a"]), np.zeros((3, 0))],
)
def test_arrays_that_are_no_sound_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(AudioError):
        audio.from_samples(samples, 16000)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, of this test alone."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """Eight minutes, which live in a temporary file rather than in memory."""
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 16000, 1) as file:
        for minute in range(8):
            file.write(np.full(60 * 16000, 0.1 * minute, np.float32))
    return path


def test_a_long_sound_reads_the_same_from_its_temporary_file(long_file: Path, scratch: Path) -> None:
    steps = []
    sound = finish(audio.load_job(long_file), steps.append)
    assert sound.duration == 480
    assert sound.read(-1, 1)[0] == 0
    for minute in range(8):
        middle = (minute * 60 + 30) * audio.RATE
        assert np.allclose(sound.read(middle, middle + 5), 0.1 * minute, atol=1e-3)
    assert list(scratch.iterdir()) == []
    fractions = [step.fraction for step in steps]
    assert len(steps) > 20 and fractions == sorted(fractions) and fractions[-1] == 1.0


def test_cancelling_leaves_nothing_behind(long_file: Path, scratch: Path) -> None:
    job = audio.load_job(long_file)
    for _ in range(5):
        next(job)
    job.close()
    assert list(scratch.iterdir()) == []
    long_file.unlink()  # nobody holds it open


def test_a_full_disk_is_told(long_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(long_file))  # no folder: nothing can be created there
    assert "temporary folder" in complaint(long_file)


@pytest.mark.parametrize("step", [188, 192])
def test_a_transport_stream_is_told_by_its_packets_and_not_by_a_letter(tmp_path: Path, step: int) -> None:
    packet = (b"\0" * (step - 188) + b"G").ljust(step, b"\0")
    assert "MPEG transport stream" in complaint(written(tmp_path / "clip.mts", 4 * packet))
    for text in (b"GIF89a" + bytes(500), b"Good morning, this is no sound. " * 20, b"G"):
        assert "transport" not in complaint(written(tmp_path / "text.wav", text))


@pytest.mark.skipif(sys.platform != "linux", reason="has no file of which every read fails")
def test_a_disk_that_fails_in_the_middle_is_told() -> None:
    assert "cannot be read to its end" in complaint(Path("/proc/self/mem"))


def test_a_rate_below_a_telephones_is_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "low.wav", np.sin(np.arange(4000)), 4000)
    assert any("consonants cannot be told apart" in note for note in audio.load(tmp_path / "low.wav").notes)
    soundfile.write(tmp_path / "telephone.wav", np.sin(np.arange(8000)), 8000)
    assert audio.load(tmp_path / "telephone.wav").notes == ()
