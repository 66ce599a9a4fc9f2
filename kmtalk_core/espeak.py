"""eSpeak NG as a library: pronunciations by rule for some hundred languages, and speech with exact phone times.

The engine is one global per process, so every call takes one lock.  Its shared library and data come with the
`espeakng-loader` wheel; nothing has to be installed beside it.
"""

import ctypes
import functools
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import KMTalkError
from .native_path import native_path

FloatArray: TypeAlias = npt.NDArray[np.float32]

_LOCK = threading.RLock()
_SYNCHRONOUS, _UTF8 = 2, 1
_PHONEME_EVENTS, _AS_IPA, _DO_NOT_EXIT = 1, 2, 0x8000
_IPA_MODE = 0x02
_SEPARATOR = "_"
_RATE, _PITCH = 1, 3
_EVENT_END, _EVENT_PHONEME = 0, 7
_OTHER_NAMES = {"zh": "cmn", "no": "nb"}
_MISSING = (
    "eSpeak NG is missing; install the package espeakng-loader (in Blender: the engine, in KMTalk's preferences)."
)
_LONGEST_DATA_PATH = 140  # bytes; eSpeak copies the path into a buffer of 160 and adds names to it


class EspeakError(KMTalkError):
    """eSpeak NG is missing, damaged, or does not know a voice."""

    kind = "espeak"


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class PhoneEvent:
    """A phone that begins: `time` in seconds from the start of the samples, `label` in IPA ("" for a pause)."""

    time: float
    label: str


@dataclass(frozen=True)
class Speech:
    """Synthetic speech: `samples` (n,) float32 in -1..1 at `rate` per second, and its phones in time order."""

    samples: FloatArray
    rate: int
    events: tuple[PhoneEvent, ...]


@dataclass(frozen=True)
class _Engine:
    library: ctypes.CDLL
    rate: int
    link: "tempfile.TemporaryDirectory[str] | None"  # kept alive: it holds the short path to the data


def phonemes(text: str, voice: str = "en-us") -> tuple[tuple[str, ...], ...]:
    """Pronunciation of `text`: one tuple of IPA phones a spoken word, stress marks kept; numbers are spelt out.

    Raises EspeakError where the engine or the voice is missing.
    """
    with _LOCK:
        library = _engine().library
        _set_voice(library, voice)
        buffer = ctypes.create_string_buffer(text.replace("\0", " ").encode("utf-8", "replace"))
        rest = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses: list[str] = []
        while rest.value:
            clause = library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA_MODE | ord(_SEPARATOR) << 8)
            clauses.append((clause or b"").decode("utf-8", "replace"))
    spoken = re.sub(r"\([\w-]*\)", "", " ".join(clauses))  # (en): eSpeak says so where it switches the language
    words = (tuple(phone for phone in word.split(_SEPARATOR) if phone) for word in spoken.split())
    return tuple(word for word in words if word)


def synthesize(text: str, voice: str = "en-us", *, words_per_minute: int = 175, pitch: int = 50) -> Speech:
    """Speak `text`; phones carry sample-exact times, which lie some 10 ms after what is heard.

    `voice` may name a variant (`en-us+f3`); `words_per_minute` 80..450, `pitch` 0..99.  The engine's flutter runs on
    from call to call: the same calls in the same order give the same samples, one call repeated does not.
    Raises EspeakError.
    """
    with _LOCK:
        engine = _engine()
        library = engine.library
        _set_voice(library, voice)
        library.espeak_SetParameter(_RATE, words_per_minute, 0)
        library.espeak_SetParameter(_PITCH, pitch, 0)
        blocks: list[bytes] = []
        events: list[PhoneEvent] = []

        def receive(samples: int | None, count: int, found: "ctypes._Pointer[_Event]") -> int:
            if samples and count > 0:
                blocks.append(ctypes.string_at(samples, count * 2))
            index = 0
            while found[index].type != _EVENT_END:
                event = found[index]
                if event.type == _EVENT_PHONEME:
                    raw = ctypes.string_at(ctypes.addressof(event) + _Event.id.offset, 8).split(b"\0")[0]
                    events.append(PhoneEvent(event.sample / engine.rate, raw.decode("utf-8", "ignore")))
                index += 1
            return 0

        callback = _Callback(receive)
        library.espeak_SetSynthCallback(callback)
        spoken = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        code = library.espeak_Synth(spoken, len(spoken), 0, 1, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        library.espeak_SetSynthCallback(_Callback())
    if code != 0:
        raise EspeakError(f"eSpeak NG could not speak the text (code {code}); try a shorter one.")
    samples = np.frombuffer(b"".join(blocks), "<i2").astype(np.float32) / 32768.0
    return Speech(samples, engine.rate, tuple(events))


def _set_voice(library: ctypes.CDLL, voice: str) -> None:
    """Choose the voice of that name, or of its language where the country has none of its own (`de-AT`: `de`)."""
    name, plus, variant = voice.replace("_", "-").partition("+")
    language = name.lower().split("-")[0]
    for candidate in (name, _OTHER_NAMES.get(language, language)):
        if library.espeak_SetVoiceByName(f"{candidate}{plus}{variant}".encode("utf-8", "replace")) == 0:
            return
    raise EspeakError(f"eSpeak NG has no voice “{voice}”; use a language code such as en-us, de or fr.")


@functools.cache
def _engine() -> _Engine:
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = Path(espeakng_loader.get_data_path())
    except (ImportError, OSError, RuntimeError) as error:
        raise EspeakError(_MISSING) from error
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = (ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int)
    path, link = _data_folder(data)
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, path, _PHONEME_EVENTS | _AS_IPA | _DO_NOT_EXIT)
    if rate <= 0:
        raise EspeakError("eSpeak NG does not find its data; install the package espeakng-loader again.")
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # the breath of its voices is noise
    return _Engine(library, rate, link)


def _data_folder(data: Path) -> tuple[bytes, "tempfile.TemporaryDirectory[str] | None"]:
    """Parent folder of the data as eSpeak can open it, and what has to stay alive for that."""
    name = native_path(data.parent)
    if name is None:
        raise EspeakError(f"eSpeak NG cannot open {data.parent}; install it into a folder with a plain English name.")
    path = name.encode("utf-8", "surrogateescape")
    if len(path) <= _LONGEST_DATA_PATH:
        return path, None
    link = tempfile.TemporaryDirectory(prefix="espeak-", ignore_cleanup_errors=True)
    try:
        (Path(link.name) / data.name).symlink_to(data, target_is_directory=True)
    except OSError as error:  # Windows without the right to make links
        raise EspeakError(f"The path {data.parent} is too long for eSpeak NG; install it nearer the root.") from error
    return link.name.encode("utf-8", "surrogateescape"), link
