"""PocketSphinx with the English model of its wheel: decoders, the samples they want, and what their scores mean."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import RATE, Sound
from ..errors import AlignmentError
from ..native_path import native_path

FRAME = 0.01
"""Seconds from frame to frame."""

BLOCK = RATE // 2
"""Samples to feed between two steps of progress."""

_LEVEL = 0.5 * 32767


def new_decoder(**options: Any) -> Any:
    """A fresh PocketSphinx decoder with the English model; `options` as PocketSphinx names them.

    One that raised must not be used again.  Raises AlignmentError where PocketSphinx or its model is missing.
    """
    try:
        import pocketsphinx
    except ImportError as error:
        raise AlignmentError("Forced alignment needs PocketSphinx; install the package pocketsphinx.") from error
    folder = native_path(Path(pocketsphinx.get_model_path("en-us")))
    if folder is None:
        raise AlignmentError("PocketSphinx cannot open its model; install it into a folder with a plain English name.")
    try:
        return pocketsphinx.Decoder(
            hmm=f"{folder}/en-us", dict=f"{folder}/cmudict-en-us.dict", lm=None, loglevel="FATAL", **options
        )
    except (RuntimeError, ValueError) as error:
        raise AlignmentError("PocketSphinx does not start; install the package pocketsphinx again.") from error


def phone_language_model() -> str:
    """Path of the language model over phones that comes with the wheel."""
    import pocketsphinx

    return native_path(Path(pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"))) or ""


def dictionary(decoder: Any) -> Callable[[str], Iterator[str]]:
    """Function from a lower-case word to its pronunciations in the decoder's dictionary, most usual first."""

    def pronunciations(word: str) -> Iterator[str]:
        entry, number = word, 1
        while not any(c.isspace() for c in word) and (phones := decoder.lookup_word(entry)):
            yield phones
            number += 1
            entry = f"{word}({number})"

    return pronunciations


def pcm_blocks(sound: Sound, start: int, stop: int) -> Iterator[bytes]:
    """Samples `start` to `stop` as 16-bit PCM at a fixed level, half a second at a time.

    A bit of noise, the same each time, stands in for digital silence, which the model never heard.
    """
    noise = np.random.default_rng(0)
    gain = _LEVEL / sound.peak if sound.peak > 0 else 0.0
    for first in range(start, stop, BLOCK):
        samples = sound.read(first, min(first + BLOCK, stop))
        loud = samples * gain + noise.normal(0.0, 1.0, len(samples))
        yield np.clip(loud, -32768, 32767).astype("<i2").tobytes()


def confidence_of(score: float, frames: int) -> float:
    """Confidence 0..1 of a phone from its acoustic score over `frames`, with all states scored (`compallsen`).

    The score is the logarithm of how much worse the phone fits than the best of all phones in each frame.  Right
    phones of real speech lie at -25 to -60 a frame, wrong ones beyond -80; the logistic curve between is our choice.
    """
    return 1.0 / (1.0 + math.exp((-score / max(frames, 1) - 70.0) / 12.0))
