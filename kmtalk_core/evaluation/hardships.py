"""What a sound goes through before anybody hears it: a telephone, the noise of a room, other people who talk."""

import zlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .. import audio
from ..audio import RATE, Sound

Doubles: TypeAlias = npt.NDArray[np.float64]

_BAND = (300.0, 3400.0)  # hertz, of a telephone
_MU = 255.0  # of its companding, in steps of 8 bits
_VOICES = 6
_VOICE = (4.0, 700.0)  # syllables a second, and hertz up to which a voice is loudest
_WINDOW = 0.02  # seconds over which it is told whether somebody speaks
_SPEAKS = 0.1  # of the loudest window's power


def telephone(sound: Sound) -> Sound:
    """The band of a telephone, and its 8 bits."""
    narrow = _banded(_samples(sound))
    peak = max(float(np.abs(narrow).max(initial=0.0)), 1e-9)
    coded = np.sign(narrow) * np.log1p(_MU * np.abs(narrow) / peak) / np.log1p(_MU)
    coded = np.round(coded * 127) / 127
    return _like(sound, _banded(np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(_MU)) / _MU * peak))


def noise(sound: Sound, level: float) -> Sound:
    """Pink noise, `level` dB below the speech (its power where somebody speaks)."""
    samples = _samples(sound)
    return _like(sound, samples + _at_level(_pink(len(samples), _chance(sound)), samples, level))


def babble(sound: Sound, level: float) -> Sound:
    """Six voices without words, `level` dB below the speech: noise that swells by syllables, lower than 700 Hz most."""
    samples = _samples(sound)
    chance, count = _chance(sound), len(samples)
    voices = np.zeros(count)
    for _ in range(_VOICES):
        beats = int(count / RATE * _VOICE[0]) + 2
        swell = np.interp(np.arange(count) / RATE * _VOICE[0], np.arange(beats), chance.random(beats) ** 2)
        spectrum, hertz = np.fft.rfft(chance.standard_normal(count)), np.fft.rfftfreq(count, 1 / RATE)
        voices += swell * np.fft.irfft(spectrum / (1 + (hertz / _VOICE[1]) ** 2), count)
    return _like(sound, samples + _at_level(voices, samples, level))


HARDSHIPS: Mapping[str, Callable[[float], Callable[[Sound], Sound]]] = {
    "clean": lambda level: lambda sound: sound,
    "telephone": lambda level: telephone,
    "noise": lambda level: lambda sound: noise(sound, level),
    "babble": lambda level: lambda sound: babble(sound, level),
}
"""By name, given how many dB noise lies below speech: what it makes of a sound."""


def _samples(sound: Sound) -> Doubles:
    return sound.read(0, sound.length).astype(np.float64)


def _banded(samples: Doubles) -> Doubles:
    spectrum, hertz = np.fft.rfft(samples), np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(hertz < _BAND[0]) | (hertz > _BAND[1])] = 0
    return np.fft.irfft(spectrum, len(samples))


def _like(sound: Sound, samples: Doubles) -> Sound:
    return audio.from_samples(samples.astype(np.float32), RATE, sound.name)


def _chance(sound: Sound) -> np.random.Generator:
    """The same noise for the same clip, whatever else is heard."""
    return np.random.default_rng(zlib.crc32(sound.name.encode()))


def _pink(count: int, chance: np.random.Generator) -> Doubles:
    spectrum = np.fft.rfft(chance.standard_normal(count))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), count)


def _at_level(other: Doubles, speech: Doubles, level: float) -> Doubles:
    window = round(_WINDOW * RATE)
    whole = len(speech) // window * window
    powers = (speech[:whole].reshape(-1, window) ** 2).mean(axis=1) if whole else np.array([np.mean(speech**2)])
    wanted = powers[powers >= _SPEAKS * powers.max()].mean() * 10 ** (-level / 10)
    return other * np.sqrt(wanted / max(float(np.mean(other**2)), 1e-20))
