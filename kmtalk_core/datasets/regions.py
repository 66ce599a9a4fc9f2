"""Which vertices are lips and which the upper face: published lists, and those that a data set brings along.

Scores of different lists cannot be compared, so every list has a name and every table says it.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import DataSetError
from ..motion.spaces import SPACES

IndexArray: TypeAlias = npt.NDArray[np.int64]

BESIDE_DATA_SET = "regions.npz"

_NONE = np.zeros(0, np.int64)
_MIDDLE_OF_LIPS = {"vocaset": ((3531, 3533), (3504, 3509)), "biwi": ((50, 12657), (953, 12934))}
"""Vertices of the red of the upper and the lower lip where they meet in the middle, found on the neutral meshes."""


@dataclass(frozen=True)
class Regions:
    """Vertex lists under one name: `lips` for LVE, `upper` face for FDD, and the middle of each lip for closure."""

    name: str
    lips: IndexArray
    upper: IndexArray
    upper_lip: IndexArray = field(default_factory=lambda: _NONE)
    lower_lip: IndexArray = field(default_factory=lambda: _NONE)

    def check(self, vertices: int) -> "Regions":
        """Itself; DataSetError where a list is empty or beyond a mesh of `vertices`."""
        for what in ("lips", "upper"):
            found = getattr(self, what)
            if not len(found):
                raise DataSetError(f"The region list {self.name} has no vertices for {what}; correct the file.")
        for found in (self.lips, self.upper, self.upper_lip, self.lower_lip):
            if len(found) and not 0 <= found.min() <= found.max() < vertices:
                raise DataSetError(f"The region list {self.name} is for a mesh of more than {vertices} vertices.")
        return self

    def save(self, path: Path) -> None:
        """Write the lists beside a data set."""
        lists = {name: getattr(self, name) for name in ("lips", "upper", "upper_lip", "lower_lip")}
        np.savez_compressed(path, name=np.array(self.name), **lists)


DEFAULTS = {"vocaset": "flame-masks", "biwi": "biwi-4996-7784"}
NAMES = ("flame-masks", "vocaset-428-1501", "biwi-4996-7784")


@cache
def published(name: str) -> Regions:
    """A published pair of lists: `flame-masks` (its upper face is forehead and eye regions, our choice), …"""
    if name not in NAMES:
        raise DataSetError(f"There is no region list {name!r:.60}; choose one of {', '.join(NAMES)}, or give a file.")
    with np.load(Path(__file__).with_name("regions.npz"), allow_pickle=False) as stored:
        lips, upper = (np.cumsum(stored[f"{name}/{what}"], dtype=np.int64) for what in ("lips", "upper"))
    space = "biwi" if name.startswith("biwi") else "vocaset"
    middle = (np.array(side, np.int64) for side in _MIDDLE_OF_LIPS[space])
    return Regions(name, lips, upper, *middle)


def regions_for(space: str, root: Path | None = None, choice: str | None = None) -> Regions:
    """The lists to measure with: `choice` (a published name, an .npz, or LIPS.txt,UPPER.txt), else those in the data
    set's folder `root`, else the published ones of `space`."""
    vertices = SPACES[space].vertices
    if choice and choice not in NAMES:
        return _read(choice, space).check(vertices)
    beside = root / BESIDE_DATA_SET if root else None
    if not choice and beside is not None and beside.is_file():
        return _read_npz(beside).check(vertices)
    return published(choice or DEFAULTS[space]).check(vertices)


def parse_list(text: str) -> IndexArray:
    """Vertex numbers separated by commas or white space; each once, in order."""
    try:
        return np.unique(np.array([int(number) for number in re.split(r"[,\s]+", text.strip("[] \t\r\n")) if number]))
    except ValueError as error:
        raise DataSetError(
            f"A region list must be whole numbers with commas or spaces between them ({error})."
        ) from error


def _read(choice: str, space: str) -> Regions:
    if choice.endswith(".npz"):
        return _read_npz(Path(choice))
    paths = [Path(part) for part in choice.split(",")]
    if len(paths) != 2:
        raise DataSetError(f"There is no region list {choice!r:.80}; name one of {', '.join(NAMES)}, an .npz, or "
                           "LIPS.txt,UPPER.txt.")  # fmt: skip
    try:
        lips, upper = (parse_list(path.read_text(encoding="utf-8-sig")) for path in paths)
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetError(f"The region lists {choice:.120} cannot be read; check the paths.") from error
    middle = (np.array(side, np.int64) for side in _MIDDLE_OF_LIPS.get(space, ((), ())))
    return Regions(f"{paths[0].name} ({len(lips)}), {paths[1].name} ({len(upper)})", lips, upper, *middle)


def _read_npz(path: Path) -> Regions:
    try:
        with np.load(path, allow_pickle=False) as stored:
            lists = (np.unique(stored[name].astype(np.int64)) for name in ("lips", "upper", "upper_lip", "lower_lip"))
            return Regions(str(stored["name"]), *lists)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataSetError(f"{path} holds no region lists (name, lips, upper, upper_lip, lower_lip).") from error
