"""Which TextGrid of a folder belongs to which sequence; the Montreal Forced Aligner writes a folder a speaker."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import DataSetError

_DEEPEST, _MOST = 6, 100_000  # folders within folders; files


def textgrids_in(folder: Path, names: Iterable[str]) -> Mapping[str, Path]:
    """The TextGrid of each of `names` that has one in `folder` or in a folder below it.

    Raises DataSetError where there is no such folder, none of its files bears a sequence's name, or two bear one.
    """
    if not folder.is_dir():
        raise DataSetError(f"There is no folder of TextGrids at {folder}; check --textgrids.")
    wanted = set(names)
    found = named_in(folder, wanted)
    if not found:
        one = min(wanted, default="NAME")
        raise DataSetError(f"{folder} holds no TextGrid of this data set: name them as its sounds, {one}.TextGrid.")
    return found


def named_in(folder: Path, names: Iterable[str]) -> Mapping[str, Path]:
    """The same, and nothing where none is there."""
    wanted = set(names)
    found: dict[str, Path] = {}
    seen = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(folders) if len(Path(root).relative_to(folder).parts) < _DEEPEST else []
        seen += len(files)
        if seen > _MOST:
            raise DataSetError(f"{folder} holds more than {_MOST:,} files; give the folder of the TextGrids alone.")
        for path in (Path(root) / file for file in sorted(files)):
            if path.suffix.lower() != ".textgrid" or path.stem not in wanted:
                continue
            if path.stem in found:
                raise DataSetError(f"{found[path.stem]} and {path} are both of {path.stem}; leave one of them.")
            found[path.stem] = path
    return found
