"""What people write down of what is said: files in any encoding, subtitles, scripts; its words, times and marks.

Nothing here knows how words sound; `localize` does.
"""

from .files import SUFFIXES, beside, decode, read_file
from .script import Cue, Part, Script, read_script

__all__ = ["SUFFIXES", "Cue", "Part", "Script", "beside", "decode", "read_file", "read_script"]
