"""Sound in: any file or buffer becomes mono float32 at 16 kHz, block by block, so that an hour never sits in memory.

NumPy alone reads WAV and makes a `Sound` of any decoder's blocks; the other kinds are read by libraries that are
imported where such a file comes.
"""

from .files import HOW_TO_READ, MEDIA_SUFFIXES, SUFFIXES, can_read, is_media, load, load_job
from .sound import RATE, Blocks, Decoder, Sound, collect_job, from_samples, part_job
from .store import FloatArray
from .wav import wav_decoder, write_wav_job

__all__ = [
    "HOW_TO_READ", "MEDIA_SUFFIXES", "RATE", "SUFFIXES", "Blocks", "Decoder", "FloatArray", "Sound", "can_read",
    "collect_job", "from_samples", "is_media", "load", "load_job", "part_job", "wav_decoder",
    "write_wav_job",
]  # fmt: skip
