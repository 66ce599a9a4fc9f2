"""TextGrid files, the way in from and out to Praat and the Montreal Forced Aligner."""

from .beside import beside
from .files import TextGrid, Tier, digest, parse_textgrid, read_textgrid
from .tiers import alignment_of
from .writing import textgrid_of, write_textgrid

__all__ = [
    "TextGrid", "Tier", "alignment_of", "beside", "digest", "parse_textgrid", "read_textgrid", "textgrid_of",
    "write_textgrid",
]  # fmt: skip
