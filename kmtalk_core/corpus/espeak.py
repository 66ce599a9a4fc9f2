"""eSpeak NG's voices, through the library that the `espeakng-loader` wheel carries."""

import ctypes
import random
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from ..errors import CorpusError
from ..phones import SILENCE, classes_of
from . import texts
from .utterance import Utterance, to_samples, to_segments

LATENCY = -0.01
"""Seconds to add to the labels: they arrive 10 ms late (measured against loudness)."""

_WEIGHTED_LANGUAGES = {
    "en-us": 22, "en-gb": 12, "en-gb-scotland": 3, "en-029": 2, "en-gb-x-rp": 3, "de": 7, "fr": 6, "es": 7, "it": 4,
    "pt": 3, "ru": 6, "pl": 3, "nl": 3, "sv": 3, "ja": 6, "cmn": 12, "tr": 3, "fi": 2, "cs": 2, "hi": 3,
}  # fmt: skip
_VARIANTS = (
    "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "klatt", "klatt2", "klatt3", "klatt4",
    "klatt6", "Alex", "Alicia", "Andrea", "Annie", "Diogo", "Gene", "Hugo", "Lee", "Marco", "Mario", "Michael", "Mike",
    "Nguyen", "adam", "anika", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "ed", "edward",
    "grandma", "ian", "iven", "john", "linda", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy",
    "rob", "robert", "sandro", "shelby", "steph", "travis", "victor", "zac", "whisper",
)  # fmt: skip
_WORDS_A_MINUTE = (110, 250)
_PITCH = (15, 85)
_SENTENCES_IN_ONE_VOICE = 3
_SHORTEST_PAUSE = 0.09  # a nameless event shorter than this is a joint between phones rather than a silence

_SYNCHRONOUS, _PHONEME_EVENTS, _IPA = 2, 1, 2
_EVENT_END, _EVENT_PHONEME = 0, 7
_RATE, _PITCH_PARAMETER = 1, 3
_UTF8 = 1
_OK = 0


class _Identifier(ctypes.Union):
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
        ("id", _Identifier),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The library, opened once a process.  Raises `CorpusError` where it cannot be."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise CorpusError("eSpeak NG is missing: install the package espeakng-loader.") from error
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS | _IPA)
        if self.rate <= 0:
            raise CorpusError("eSpeak NG does not start: reinstall the package espeakng-loader.")
        if hasattr(self._library, "espeak_ng_SetRandSeed"):
            self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))
        self._sound: list[bytes] = []
        self._phonemes: list[tuple[float, str]] = []
        self._callback: Callable = _Callback(self._collect)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, wave: int | None, count: int, events: Any) -> int:
        if wave and count > 0:
            self._sound.append(ctypes.string_at(wave, count * 2))
        index = 0
        while events[index].type != _EVENT_END:
            event = events[index]
            if event.type == _EVENT_PHONEME:
                address = ctypes.addressof(event) + _Event.id.offset
                name = ctypes.string_at(address, 8).split(b"\0")[0]
                self._phonemes.append((event.sample / self.rate, name.decode("utf-8", "replace")))
            index += 1
        return 0

    def say(self, text: str, voice: str, words_a_minute: int, pitch: int) -> Utterance | None:
        """`text` in `voice` (`en-us`, `de+f3` …), or None where there is no such voice or nothing to say."""
        self._sound.clear()
        self._phonemes.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != _OK:
            return None
        self._library.espeak_SetParameter(_RATE, words_a_minute, 0)
        self._library.espeak_SetParameter(_PITCH_PARAMETER, pitch, 0)
        raw = text.encode() + b"\0"
        self._library.espeak_Synth(raw, ctypes.c_size_t(len(raw)), 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        wave = np.frombuffer(b"".join(self._sound), "<i2").astype(np.float32) / 32768
        duration = len(wave) / self.rate
        labelled = _labelled(self._phonemes, duration)
        if duration < 0.5 or not labelled:
            return None
        return Utterance(to_samples(wave, self.rate), to_segments(labelled, LATENCY, duration), f"espeak:{voice}")


@cache
def library() -> Espeak:
    """The one library of this process."""
    return Espeak()


def _labelled(phonemes: list[tuple[float, str]], duration: float) -> list[tuple[float, float, tuple[str, ...]]]:
    found: list[tuple[float, float, tuple[str, ...]]] = []
    ends = [time for time, _ in phonemes[1:]] + [duration]
    for (start, name), end in zip(phonemes, ends, strict=True):
        if name:
            classes = _classes(name)
        else:
            classes = (SILENCE,) if end - start > _SHORTEST_PAUSE else ()
        if classes:
            found.append((start, end, classes))
        elif found:  # a length mark, a glottal joint: the sound before it goes on
            found[-1] = (found[-1][0], end, found[-1][2])
    if found and found[0][0] > 0:
        found.insert(0, (0.0, found[0][0], (SILENCE,)))
    return found


def _classes(name: str) -> tuple[str, ...]:
    bare = "".join(c for c in name if unicodedata.category(c) != "Sk" and c not in "ˈˌːˑʲᵝʰ")
    return classes_of(bare) if bare else ()


def utterances(seconds: float, rng: random.Random) -> Iterator[Utterance]:
    """Speech of many languages and voices, `seconds` in all."""
    engine, spoken = library(), 0.0
    while spoken < seconds:
        language = rng.choices(list(_WEIGHTED_LANGUAGES), list(_WEIGHTED_LANGUAGES.values()))[0]
        variant = rng.choice(_VARIANTS) if rng.random() < 0.9 else ""
        voice = f"{language}+{variant}" if variant else language
        rate, pitch = rng.randint(*_WORDS_A_MINUTE), rng.randint(*_PITCH)
        for _ in range(rng.randint(1, _SENTENCES_IN_ONE_VOICE)):
            said = texts.text("en" if language.startswith("en") else language, rng)
            utterance = engine.say(said, voice, rate, pitch)
            if utterance is not None:
                spoken += utterance.duration
                yield utterance
