"""Speech of any length to measure on."""

from pathlib import Path

SENTENCE = "Bob made a map of the moon, and Paul will show you the way home before five. "


def write_speech(path: Path, seconds: int) -> None:
    """A WAV file of so many seconds of one sentence over and over, written block by block."""
    import wave

    import numpy as np

    from .. import espeak

    spoken = espeak.synthesize(SENTENCE)
    samples = (np.asarray(spoken.samples) * 32767).clip(-32768, 32767).astype("<i2")
    left = seconds * spoken.rate
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(spoken.rate)
        while left > 0:
            file.writeframes(samples[:left].tobytes())
            left -= len(samples)
