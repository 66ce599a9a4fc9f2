"""Sound files: which reader takes which, and what to say of those that none takes."""

import stat
from pathlib import Path
from typing import BinaryIO

from ..errors import AudioError
from ..progress import Job, finish
from . import ffmpeg
from .sound import Decoder, Sound, check_layout, collect_job
from .wav import wav_decoder

FORMATS = "WAV, AIFF, FLAC, OGG, Opus and MP3"
SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"}
)
"""Endings of the sounds that are always read."""

MEDIA_SUFFIXES = frozenset(
    {
        ".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".mka", ".webm", ".avi", ".aac", ".wma", ".wmv",
        ".asf", ".ac3", ".eac3", ".amr", ".flv", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".mp2",
    }
)  # fmt: skip
"""Endings of the films and sounds that are read where PyAV is installed."""

HOW_TO_READ = f"run “pip install av”, which reads it, or convert it to one of {FORMATS}"

_PACKETS = ((0, 188), (4, 192))
"""Where the first mark of a transport stream stands and how far the next is; cameras put a time before each."""
_SIGNATURES = (
    (4, b"ftyp", "an MP4, M4A or MOV file", "mov"),
    (4, b"moov", "a MOV file", "mov"),
    (4, b"mdat", "a MOV file", "mov"),
    (4, b"wide", "a MOV file", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file", "matroska"),
    (8, b"AVI ", "an AVI video", "avi"),
    (0, b"\x30\x26\xb2\x75", "a Windows Media file", "asf"),
    (0, b"#!AMR", "an AMR file", "amr"),
    (0, b"\xff\xf1", "an AAC file", "aac"),
    (0, b"\xff\xf9", "an AAC file", "aac"),
    (0, b"\x0b\x77", "an AC-3 file", "ac3"),
    (0, b"FLV\x01", "a Flash video", "flv"),
    (0, b"\x00\x00\x01\xba", "an MPEG video", "mpeg"),
    (0, b"OggS", "an Ogg file of a kind that few programs read", "ogg"),
    (0, b"PK\x03\x04", "a ZIP archive", ""),
    (0, b"%PDF", "a PDF", ""),
    (0, b"\x89PNG", "a picture", ""),
    (0, b"\xff\xd8\xff", "a picture", ""),
)
_ALSO = ((0, b"RIFF", "wav"), (0, b"fLaC", "flac"), (0, b"FORM", "aiff"), (0, b"caff", "caf"), (0, b"ID3", "mp3"))
"""Kinds that libsndfile reads unless they hold what it does not know."""


def can_read(path: Path) -> bool:
    """Whether a file of this ending is a sound, or a film, that can be read here."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or (suffix in MEDIA_SUFFIXES and ffmpeg.is_there())


def is_media(path: Path) -> bool:
    """Whether a file of this ending holds sound that only PyAV reads."""
    return path.suffix.lower() in MEDIA_SUFFIXES


def load(path: str | Path) -> Sound:
    """Read a sound file; see `load_job`."""
    return finish(load_job(path))


def load_job(path: str | Path) -> Job[Sound]:
    """Read a sound file of any rate, depth and channel count, or the sound of a film where PyAV is installed.

    Channels are averaged, but for those that are silent or cancel each other.  All that can be read is, and the notes
    say what was not.  Raises AudioError where there is no such file, it is no sound, or it is empty.
    """
    path = Path(path)
    with _opened_bytes(path) as file:
        try:
            return (yield from collect_job(path.name, _decoder(file, path.name)))
        except OSError as error:
            raise AudioError(
                f"“{path.name}” cannot be read to its end ({error.strerror or error}); copy it to a local folder and "
                "try again."
            ) from error


def _decoder(file: BinaryIO, name: str) -> Decoder:
    head = file.read(16)
    if not head:
        raise AudioError(f"“{name}” is empty; choose a sound file.")
    wave = wav_decoder(file)
    if wave is not None:
        check_layout(name, wave.rate, wave.channels)
        return wave
    what, kind = next(((what, kind) for at, mark, what, kind in _SIGNATURES if _has(head, at, mark)), ("", ""))
    if not what and _is_transport_stream(file):
        what, kind = "an MPEG transport stream", "mpegts"
    if what == "" or kind == "ogg":
        decoder = _by_libsndfile(file, name)
        if decoder is not None:
            return decoder
    if kind and ffmpeg.is_there():
        return ffmpeg.FFmpegDecoder(file, name, kind, what)
    if kind:
        raise AudioError(f"“{name}” is {what}: {HOW_TO_READ}.")
    kind = next((kind for at, mark, kind in _ALSO if _has(head, at, mark)), "")
    if kind and ffmpeg.is_there():
        return ffmpeg.FFmpegDecoder(file, name, kind, "a sound of a kind that few programs read")
    what = f"{what}, which cannot be read" if what else "damaged or no sound that can be read"
    raise AudioError(f"“{name}” is {what}; choose another file or convert it to one of {FORMATS}.")


def _has(head: bytes, at: int, mark: bytes) -> bool:
    return head[at : at + len(mark)] == mark


def _is_transport_stream(file: BinaryIO) -> bool:
    file.seek(0)
    content = file.read(3 * max(step for _, step in _PACKETS))
    return any(content[first::step][:3] == b"GGG" for first, step in _PACKETS)


def _by_libsndfile(file: BinaryIO, name: str) -> Decoder | None:
    """The decoder of a file that libsndfile reads, None for others.  Raises AudioError where it is not installed."""
    try:
        import soundfile

        from .libsndfile import SndfileDecoder
    except (ImportError, OSError) as error:
        raise AudioError(f"“{name}” cannot be read here; install the package soundfile, or give a WAV.") from error
    try:
        return SndfileDecoder(file, name)
    except soundfile.LibsndfileError:
        return None


def _opened_bytes(path: Path) -> BinaryIO:
    """`path` opened for reading: a Python file, so that any name the system allows works on Windows too."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise AudioError(f"“{path}” is a folder; choose a sound file in it.")
        if not stat.S_ISREG(mode):
            raise AudioError(f"“{path}” is no file; choose a sound file.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise AudioError(f"There is no file “{path}”; check the path.") from error
    except PermissionError as error:
        raise AudioError(f"“{path}” may not be read; change its permissions or copy it elsewhere.") from error
    except (OSError, ValueError) as error:
        raise AudioError(
            f"“{path}” cannot be opened ({getattr(error, 'strerror', error)}); copy it to a local folder and try again."
        ) from error
