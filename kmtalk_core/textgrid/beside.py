"""The TextGrid beside a sound."""

from pathlib import Path

from ..errors import AlignmentError
from ..files import spelt
from .files import read_textgrid
from .tiers import alignment_of

_SUFFIXES = (".TextGrid", ".textgrid")


def beside(sound: str | Path) -> tuple[Path | None, tuple[str, ...]]:
    """The TextGrid of the sound's name beside it, and that it is used; where it holds no phones None, and why not."""
    path = Path(sound)
    for suffix in _SUFFIXES:
        try:
            found = spelt(path.with_suffix(suffix))
            if not found.is_file():
                continue
        except (OSError, ValueError):
            return None, ()
        try:
            grid = read_textgrid(found)
            alignment_of(grid, grid.end, found.name)
        except AlignmentError as error:
            return None, (f"{error} It was not used.",)
        return found, (f"The phones of {path.name} come from {found.name} beside it; move it away to go by ear.",)
    return None, ()
