"""eSpeak NG's voices: many languages and many vocal tracts, none of which sounds like a person."""

import random
import unicodedata
from collections.abc import Iterator, Sequence

from .. import espeak
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
_SHORTEST_UTTERANCE = 0.5
_MOST_FAILURES = 20


def utterances(seconds: float, rng: random.Random) -> Iterator[Utterance]:
    """Speech of many languages and voices, `seconds` in all.  Raises `CorpusError` where eSpeak NG does not work."""
    spoken, failures = 0.0, 0
    while spoken < seconds:
        language = rng.choices(list(_WEIGHTED_LANGUAGES), list(_WEIGHTED_LANGUAGES.values()))[0]
        variant = rng.choice(_VARIANTS) if rng.random() < 0.9 else ""
        voice = f"{language}+{variant}" if variant else language
        rate, pitch = rng.randint(*_WORDS_A_MINUTE), rng.randint(*_PITCH)
        for _ in range(rng.randint(1, _SENTENCES_IN_ONE_VOICE)):
            said = texts.text("en" if language.startswith("en") else language, rng)
            try:
                utterance = say(said, voice, rate, pitch)
            except espeak.EspeakError as error:
                failures += 1
                if failures > _MOST_FAILURES:
                    raise CorpusError(str(error)) from error
                continue
            if utterance is not None:
                spoken += utterance.duration
                yield utterance


def say(text: str, voice: str, words_per_minute: int = 175, pitch: int = 50) -> Utterance | None:
    """`text` in `voice` (`en-us`, `de+f3` …), or None where there is next to nothing to hear.  Raises `EspeakError`."""
    speech = espeak.synthesize(text, voice, words_per_minute=words_per_minute, pitch=pitch)
    duration = len(speech.samples) / speech.rate
    labelled = _labelled(speech.events, duration)
    if duration < _SHORTEST_UTTERANCE or not labelled:
        return None
    segments = to_segments(labelled, LATENCY, duration)
    return Utterance(to_samples(speech.samples, speech.rate), segments, f"espeak:{voice}")


def _labelled(events: Sequence[espeak.PhoneEvent], duration: float) -> list[tuple[float, float, tuple[str, ...]]]:
    found: list[tuple[float, float, tuple[str, ...]]] = []
    ends = [event.time for event in events[1:]] + [duration]
    for event, end in zip(events, ends, strict=True):
        if event.label:
            classes = _classes(event.label)
        else:
            classes = (SILENCE,) if end - event.time > _SHORTEST_PAUSE else ()
        if classes:
            found.append((event.time, end, classes))
        elif found:  # a length mark, a glottal joint: the sound before it goes on
            found[-1] = (found[-1][0], end, found[-1][2])
    if found and found[0][0] > 0:
        found.insert(0, (0.0, found[0][0], (SILENCE,)))
    return found


def _classes(name: str) -> tuple[str, ...]:
    bare = "".join(c for c in name if unicodedata.category(c) != "Sk" and c not in "ˈˌːˑʲᵝʰ")
    return classes_of(bare) if bare else ()
