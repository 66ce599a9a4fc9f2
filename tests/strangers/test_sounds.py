"""Whatever bytes come in, a sound comes out or one sentence does; `--examples 5000` looks longer."""

import struct
import tempfile
from pathlib import Path

import media
import numpy as np
import pytest
import soundfile

pytest.importorskip("hypothesis")
from hypothesis import given
from hypothesis import strategies as st

from kmtalk_core import audio
from kmtalk_core.errors import AudioError

KINDS = {
    "pcm.wav": ("WAV", "PCM_16"), "wide.wav": ("WAVEX", "PCM_24"), "float.wav": ("WAV", "FLOAT"),
    "long.wav": ("RF64", "PCM_16"), "packed.wav": ("WAV", "MS_ADPCM"), "a.flac": ("FLAC", "PCM_16"),
    "a.ogg": ("OGG", "VORBIS"), "a.opus": ("OGG", "OPUS"), "a.mp3": ("MP3", "MPEG_LAYER_III"),
    "a.aiff": ("AIFF", "PCM_16"), "a.caf": ("CAF", "PCM_16"), "a.w64": ("W64", "PCM_16"),
}  # fmt: skip
BEGINNINGS = [
    b"RIFF\0\0\0\0WAVE", b"RF64\xff\xff\xff\xffWAVE", b"fLaC", b"OggS", b"ID3\4\0\0", b"\0\0\0\x18ftyp", b"caff", b"",
    b"\x1a\x45\xdf\xa3", b"FORM\0\0\0\0AIFF", b"\xff\xfb\x90\0", b"\xff\xf1", b"\x0b\x77",
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A short file of every kind, by its name."""
    folder = tmp_path_factory.mktemp("whole")
    wave = (0.2 * np.random.default_rng(0).standard_normal(6000)).astype(np.float32)
    found = {}
    for name, (container, subtype) in KINDS.items():
        soundfile.write(folder / name, wave, 48000, format=container, subtype=subtype)
        found[name] = (folder / name).read_bytes()
    for name in media.KINDS:
        found[name] = media.write(folder / name, wave).read_bytes()
    return found


def try_to_read(content: bytes) -> None:
    """A sound of numbers, or a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.wav"
        path.write_bytes(content)
        try:
            sound = audio.load(path)
        except AudioError as error:
            said = str(error)
            assert "\n" not in said and said.endswith(".") and "fuzzed.wav" in said
            return
    samples = sound.read(0, min(sound.length, 1 << 20))
    assert np.isfinite(samples).all() and 0 < sound.length <= 24 * 3600 * audio.RATE
    assert all(note.endswith(".") and "\n" not in note for note in sound.notes)


@pytest.mark.parametrize("name", [*KINDS, *media.KINDS])
def test_a_file_of_every_kind_with_other_bytes_in_it(whole: dict[str, bytes], name: str) -> None:
    content = whole[name]

    @given(
        at=st.lists(st.integers(0, 300) | st.integers(0, len(content) - 1), min_size=1, max_size=6),
        new=st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"]),
        stop=st.none() | st.integers(1, len(content)),
    )
    def tried(at: list[int], new: bytes, stop: int | None) -> None:
        changed = bytearray(content)
        for place in at:
            changed[place : place + len(new)] = new
        try_to_read(bytes(changed[:stop]))

    tried()


@given(
    st.sampled_from(BEGINNINGS),
    st.binary(min_size=1, max_size=400),
)  # fmt: skip
def test_a_known_beginning_and_anything_behind_it(head: bytes, rest: bytes) -> None:
    try_to_read(head + rest)


@given(
    st.lists(
        st.tuples(st.sampled_from([b"fmt ", b"data", b"ds64", b"PEAK", b"LIST", b"\0\1\2\3"]),
                  st.integers(0, 0xFFFFFFFF) | st.integers(0, 64), st.binary(max_size=64)),
        min_size=1, max_size=6),
    st.integers(0, 0xFFFF), st.integers(0, 80), st.integers(0, 0xFFFFFFFF), st.integers(0, 200), st.integers(0, 64),
)  # fmt: skip
def test_chunks_of_any_length_in_any_order(
    chunks: list[tuple[bytes, int, bytes]], tag: int, channels: int, rate: int, align: int, bits: int
) -> None:
    layout = struct.pack("<HHIIHH", tag % 8, channels, rate, 0, align, bits)
    content = b"".join(
        kind + struct.pack("<I", length) + (layout if kind == b"fmt " else b"") + rest for kind, length, rest in chunks
    )
    try_to_read(b"RIFF\0\0\0\0WAVE" + content)


@given(
    st.sampled_from([8000, 11025, 22050, 44100, 48000]),
    st.integers(1, 5),
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=200),
)
def test_any_numbers_become_a_sound(rate: int, channels: int, values: list[float]) -> None:
    array = np.resize(np.array(values, np.float32), (max(len(values) // channels, 1), channels))
    sound = audio.from_samples(array, rate)
    samples = sound.read(0, sound.length)
    assert np.isfinite(samples).all() and sound.peak == np.abs(samples).max()
    assert sound.length == max(round(len(array) * audio.RATE / rate), 1)
