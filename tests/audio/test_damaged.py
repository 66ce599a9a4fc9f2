"""What recorders, streams and accidents leave is read as far as it can be, in time, and the rest is told."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core import audio
from kmtalk_core.errors import AudioError

RATE = 16000
WAVES = {"PCM_U8": "B", "PCM_16": "h", "FLOAT": "f"}


def speechlike(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise that never repeats, (n,) float32: whatever is put at a wrong time differs from it."""
    return (0.2 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).clip(-1, 1).astype(np.float32)


def samples_of(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    sound = audio.load(path)
    return sound.read(0, sound.length), sound.notes


def wav_bytes(tmp_path: Path, wave: np.ndarray, subtype: str = "PCM_16") -> bytearray:
    soundfile.write(tmp_path / "whole.wav", wave, RATE, subtype=subtype)
    return bytearray((tmp_path / "whole.wav").read_bytes())


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("riff", [0, 0xFFFFFFFF, 0x7FFFFFFF])
@pytest.mark.parametrize("claim", [0, 0xFFFFFFFF, 0x7FFFFFF0, 0x80000000])
def test_a_wav_that_does_not_know_its_length_is_read_to_its_end(tmp_path: Path, riff: int, claim: int) -> None:
    wave = speechlike(2.0)
    content = wav_bytes(tmp_path, wave)
    at = content.index(b"data")
    content[4:8], content[at + 4 : at + 8] = struct.pack("<I", riff), struct.pack("<I", claim)
    found, notes = samples_of(put(tmp_path / "streamed.wav", content))
    assert len(found) == len(wave) and np.abs(found - wave).max() < 1e-4
    assert notes == ()


def test_a_wav_that_claims_too_much_is_read_to_its_end_and_that_is_told(tmp_path: Path) -> None:
    wave = speechlike(2.0)
    content = wav_bytes(tmp_path, wave)
    at = content.index(b"data")
    content[at + 4 : at + 8] = struct.pack("<I", 6 * len(wave))
    found, notes = samples_of(put(tmp_path / "cut.wav", content))
    assert len(found) == len(wave)
    assert len(notes) == 1 and "ends after 2.0 s, earlier than it claims" in notes[0]


def test_an_empty_wav_with_more_chunks_is_no_sound(tmp_path: Path) -> None:
    content = wav_bytes(tmp_path, np.zeros(0, np.float32))
    with pytest.raises(AudioError, match="holds no sound"):
        audio.load(put(tmp_path / "none.wav", content + b"LIST" + struct.pack("<I", 4) + b"INFO"))


@pytest.mark.parametrize("name", [b"PEAK", b"cue ", b"bext", b"fact", b"xyz "])
@pytest.mark.parametrize("length", [0, 1, 3, 8])
@pytest.mark.parametrize("padded", [True, False])
def test_a_chunk_too_short_for_its_kind_or_without_padding_is_passed(
    tmp_path: Path, name: bytes, length: int, padded: bool
) -> None:
    wave = speechlike(0.5)
    content = wav_bytes(tmp_path, wave, "FLOAT")
    at = content.index(b"data")
    chunk = name + struct.pack("<I", length) + b"\x81" * (length + (length % 2 if padded else 0))
    found, notes = samples_of(put(tmp_path / "odd.wav", content[:at] + chunk + content[at:]))
    assert np.array_equal(found, wave) and notes == ()


def test_a_wav_whose_numbers_lie_before_its_format_is_read(tmp_path: Path) -> None:
    content = wav_bytes(tmp_path, speechlike(0.5))
    at = content.index(b"data")
    found, _ = samples_of(put(tmp_path / "turned.wav", content[:12] + content[at:] + content[12:at]))
    assert len(found) == RATE // 2


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
def test_numpy_reads_the_samples_that_libsndfile_reads(tmp_path: Path, subtype: str, container: str) -> None:
    path = tmp_path / "one.wav"
    soundfile.write(path, speechlike(0.3), RATE, subtype=subtype, format=container)
    with path.open("rb") as file:
        decoder = audio.wav_decoder(file)
        assert decoder is not None
        blocks = list(decoder.blocks())
    expected = soundfile.read(path, dtype="float32", always_2d=True)[0]
    assert np.array_equal(np.concatenate([block for _, block in blocks]), expected)


def test_a_long_wav_is_read_by_numpy_alone_in_blocks(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 48000, 2) as file:
        for _ in range(30):
            file.write(np.tile(speechlike(0.5)[:, None], (1, 2)))
    with (tmp_path / "long.wav").open("rb") as file:
        decoder = audio.wav_decoder(file)
        assert decoder is not None
        lengths = [len(block) for _, block in decoder.blocks()]
    assert sum(lengths) == 30 * RATE // 2 and max(lengths) <= 1 << 17


def flac_of_unknown_length(wave: np.ndarray, path: Path) -> bytes:
    """As a program writes it that cannot go back in its stream to tell the length."""
    soundfile.write(path, wave, RATE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:42] = bytes(20)
    return bytes(content)


def test_a_streamed_flac_is_read_to_its_end(tmp_path: Path) -> None:
    wave = speechlike(11.0)
    found, notes = samples_of(put(tmp_path / "piped.flac", flac_of_unknown_length(wave, tmp_path / "whole.flac")))
    assert len(found) == len(wave) and np.abs(found - wave).max() < 1e-4
    assert notes == ()


def spoilt(content: bytes, kind: str) -> bytes:
    middle, noise = len(content) // 2, np.random.default_rng(1).integers(0, 256, 30000, dtype=np.uint8).tobytes()
    return {
        "zeros": content[:middle] + bytes(500) + content[middle + 500 :],
        "many zeros": content[:middle] + bytes(50000) + content[middle + 50000 :],
        "cut": content[:middle] + content[middle + 40000 :],
        "one byte": content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :],
        "more": content[:middle] + noise + content[middle:],
        "twice": content[: middle // 2] + bytes(500) + content[middle // 2 + 500 : middle] + noise + content[middle:],
    }[kind]


@pytest.mark.parametrize("kind", ["zeros", "many zeros", "cut", "one byte", "more", "twice"])
@pytest.mark.parametrize("known", [True, False])
def test_behind_damage_a_flac_goes_on_in_time(tmp_path: Path, kind: str, known: bool) -> None:
    wave = speechlike(20.0)
    content = flac_of_unknown_length(wave, tmp_path / "whole.flac")
    content = (tmp_path / "whole.flac").read_bytes() if known else content
    found, notes = samples_of(put(tmp_path / "spoilt.flac", spoilt(content, kind)))
    assert len(found) == len(wave)
    wrong = np.abs(found - wave) > 1e-4
    assert not found[wrong].any()  # silence where it is lost, nothing at a wrong time
    assert 0 < wrong.sum() < 2.5 * RATE
    assert not wrong[-4 * RATE :].any() and not wrong[: 4 * RATE].any()
    assert len(notes) == 1 and "damaged: taken as silence" in notes[0]
    assert float(notes[0].split(" s ")[0]) == pytest.approx(wrong.sum() / RATE, abs=0.02)


@pytest.mark.parametrize(("container", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")])
@pytest.mark.parametrize("rates", [(48000, 48000, 48000), (48000, 24000)])
def test_joined_files_are_read_one_after_the_other(
    tmp_path: Path, container: str, subtype: str, rates: tuple[int, ...]
) -> None:
    joined = b""
    for number, rate in enumerate(rates):
        wave = np.zeros(rate, np.float32)
        wave[round(rate * 0.3) : round(rate * (0.4 + 0.1 * number))] = 0.5 * np.sin(
            np.arange(rate * (1 + number) // 10)
        )
        soundfile.write(tmp_path / "part", wave, rate, format=container, subtype=subtype)
        joined += (tmp_path / "part").read_bytes()
    found, notes = samples_of(put(tmp_path / "joined", joined))
    assert notes == ()
    assert len(found) == pytest.approx(len(rates) * RATE, abs=0.05 * RATE)
    for number in range(len(rates)):
        part = np.abs(found[number * RATE : (number + 1) * RATE])
        loud = np.flatnonzero(part > 0.2) / RATE
        assert loud[0] == pytest.approx(0.3, abs=0.06) and loud[-1] == pytest.approx(0.4 + 0.1 * number, abs=0.06)


def test_a_tag_behind_an_mp3_is_no_sound(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.mp3", speechlike(1.0), RATE)
    tag = b"TAG" + b"title".ljust(125, b"\0")
    found, notes = samples_of(put(tmp_path / "tagged.mp3", (tmp_path / "one.mp3").read_bytes() + tag))
    assert len(found) == len(samples_of(tmp_path / "one.mp3")[0]) and notes == ()
