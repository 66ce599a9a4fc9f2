"""The sound of films, M4A, WMA and the like, through PyAV."""

import subprocess
import sys
from pathlib import Path

import media
import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.errors import AudioError

CLICKS = (0.5, 1.25, 2.9)  # seconds
PRIMING = 0.045
"""Seconds that some encoders put before the sound, or swallow, where their container cannot say so."""


def clicking(rate: int = 48000, seconds: float = 3.2) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    wave = 0.1 * np.sin(2 * np.pi * 220 * time)
    for second in CLICKS:
        wave[round(second * rate) : round((second + 0.002) * rate)] = 0.8
    return wave.astype(np.float32)


def clicks_of(sound: audio.Sound) -> list[float]:
    """Seconds of the loudest sample near each click."""
    wave = np.abs(sound.read(0, sound.length))
    spans = [(int((s - 0.2) * audio.RATE), int((s + 0.2) * audio.RATE)) for s in CLICKS]
    return [(a + int(wave[a:b].argmax())) / audio.RATE for a, b in spans]


@pytest.mark.parametrize(("name", "pictures"), media.SOUNDS_AND_FILMS)
def test_every_kind_is_read_in_time_and_at_its_level(tmp_path: Path, name: str, pictures: bool) -> None:
    sound = audio.load(media.write(tmp_path / name, clicking(), pictures=pictures))
    late = np.array(clicks_of(sound)) - CLICKS
    assert np.abs(late).max() < PRIMING + 0.003 and np.ptp(late) < 0.003
    assert sound.duration == pytest.approx(3.2, abs=0.06)
    assert 0.6 < sound.peak < 1.2
    level = np.sqrt(np.square(sound.read(audio.RATE * 2, audio.RATE * 2 + 8000)).mean())
    assert level == pytest.approx(0.1 / np.sqrt(2), rel=0.1)
    assert sound.notes == ()


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    media.write(tmp_path / "line.m4a", clicking()).rename(tmp_path / "line.wav")
    assert audio.load(tmp_path / "line.wav").duration == pytest.approx(3.2, abs=0.06)


def test_a_title_in_another_encoding_is_no_damage(tmp_path: Path) -> None:
    content = media.write(tmp_path / "line.mkv", clicking()).read_bytes()
    assert content.count(b"Lavf") >= 1
    (tmp_path / "line.mkv").write_bytes(content.replace(b"Lavf", b"L\xe4\xfff"))
    assert audio.load(tmp_path / "line.mkv").duration == pytest.approx(3.2, abs=0.06)


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "mute.mp4"), "w") as file:
        film = file.add_stream("mpeg4", rate=24, width=64, height=64, pix_fmt="yuv420p")
        file.mux(film.encode(av.VideoFrame(64, 64, "yuv420p")))
        file.mux(film.encode(None))
    with pytest.raises(AudioError, match="has no sound track; choose another file"):
        audio.load(tmp_path / "mute.mp4")


@pytest.mark.parametrize("name", ["line.m4a", "line.mp4", "line.mkv", "flac.oga"])
def test_a_damaged_file_is_read_as_far_as_it_goes_and_that_is_told(tmp_path: Path, name: str) -> None:
    content = bytearray(media.write(tmp_path / name, np.tile(clicking(), 4)).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    (tmp_path / name).write_bytes(content)
    sound = audio.load(tmp_path / name)
    assert sound.duration == pytest.approx(12.8, abs=0.3)
    assert clicks_of(sound)[0] == pytest.approx(CLICKS[0], abs=PRIMING)
    assert len(sound.notes) == 1 and "damaged" in sound.notes[0]


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\nsecret.wav\n", "ffconcat version 1.0\nfile secret.wav\n"])
@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.mkv"])
def test_a_playlist_opens_no_other_file(tmp_path: Path, text: str, name: str) -> None:
    media.write(tmp_path / "line.m4a", clicking()).rename(tmp_path / "secret.wav")
    (tmp_path / name).write_text(text)
    with pytest.raises(AudioError):
        audio.load(tmp_path / name)


@pytest.mark.parametrize(("name", "kind"), [("line.m4a", "M4A"), ("line.wma", "Windows Media"), ("line.ac3", "AC-3")])
def test_without_pyav_one_sentence_says_what_to_do(tmp_path: Path, name: str, kind: str) -> None:
    path = media.write(tmp_path / name, clicking())
    code = "import sys; sys.modules['av'] = None; from kmtalk_core.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "localize", str(path), "--json", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 2 and not (tmp_path / "out.json").exists()
    said = done.stderr.strip().splitlines()[-1]
    assert kind in said and "pip install av" in said and "convert it to one of WAV" in said
    assert "Traceback" not in done.stderr


def test_what_can_be_read_follows_from_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert audio.can_read(Path("a.WAV")) and audio.can_read(Path("a.M4A")) and not audio.can_read(Path("a.txt"))
    monkeypatch.setitem(sys.modules, "av", None)
    assert audio.can_read(Path("a.WAV")) and not audio.can_read(Path("a.M4A"))
    assert audio.is_media(Path("a.M4A")) and not audio.is_media(Path("a.wav"))


def test_numpy_alone_makes_a_sound() -> None:
    code = (
        "import sys\n"
        "for name in ('soundfile', 'soxr', 'scipy', 'torch', 'av'): sys.modules[name] = None\n"
        "import numpy as np\n"
        "from kmtalk_core import audio\n"
        "sound = audio.from_samples(np.sin(np.arange(44100) / 20), 44100)\n"
        "print(sound.length, round(sound.peak, 2))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.split() == ["16000", "1.0"], done.stderr
