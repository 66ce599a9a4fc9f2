"""The takes in a folder of somebody's captures, and the sounds and labels beside them."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ... import audio
from ...errors import DataSetError
from ...motion.spaces import ARKIT, REGIONS
from .capture import Capture, capture_of
from .recorded import READERS, read

_VERSIONS = re.compile(r"[_\-. ](cal|calibrated|raw|uncalibrated)$", re.IGNORECASE)
_BEST = ("cal", "calibrated", "", "raw", "uncalibrated")
_KINDS = tuple(READERS)
_DEEPEST, _MOST = 8, 20_000  # folders within folders; files
_BESIDE = ("wav", "audio", "wave", "sound", "sounds", "wave16k", "textgrid", "textgrids")
_TESTED = 5
"""Of so many takes one is kept to test with."""


@dataclass(frozen=True)
class Captures:
    """The takes in a folder, in the order of their names; `notes` say in sentences what was left alone and why."""

    folder: Path
    takes: tuple[Capture, ...]
    notes: tuple[str, ...] = ()

    @property
    def heard(self) -> tuple[Capture, ...]:
        """Those that have a sound."""
        return tuple(take for take in self.takes if take.sound is not None)

    def split(self, which: str) -> tuple[Capture, ...]:
        """The takes to learn from (`train`), or those to test with (`test`: every fifth, whole takes); `all` of them.

        Of takes with a sound, where there are any.  Raises DataSetError where there is none of those.
        """
        takes = self.heard or self.takes
        numbers = range(len(takes))
        tested = {n for n in numbers if n % _TESTED == _TESTED - 1} or set(numbers[-1:] if len(takes) > 1 else ())
        kept = [take for n, take in enumerate(takes) if which == "all" or (n in tested) == (which == "test")]
        if not kept:
            raise DataSetError(f"{self.folder} has one take, which is none to test with; record another, or take all.")
        return tuple(kept)

    def named(self, names: Iterable[str]) -> tuple[Capture, ...]:
        """The takes of some names, all where none is given.  Raises DataSetError for a name that no take has."""
        known = {take.name: take for take in self.takes}
        wanted = list(names)
        if missing := [name for name in wanted if name not in known]:
            raise DataSetError(f"There is no take {missing[0]!r:.80} in {self.folder}: there are {', '.join(known)}.")
        return tuple(known[name] for name in wanted) if wanted else self.takes

    def missing(self) -> str:
        """What is missing, in one line."""
        silent = [take.name for take in self.takes if take.sound is None]
        captured = np.all([take.captured for take in self.takes], axis=0)
        absent = []
        for region in REGIONS[:3]:
            places = ARKIT.in_region(region)
            names = [ARKIT.names[place] for place in places if not captured[place]]
            if names:
                absent.append(f"{len(names)} of {len(places)} channels of region {region} ({_few(names)})")
        if not any(take.head is not None for take in self.takes):
            absent.append("the head")
        parts = [f"no sound beside {len(silent)} of {len(self.takes)} takes ({_few(silent)})"] if silent else []
        parts += [f"not captured in every take: {', '.join(absent)}"] if absent else []
        return "Missing: " + "; ".join(parts) + "." if parts else "Nothing is missing."


def find(folder: Path, sounds: Path | None = None) -> Captures:
    """The takes in `folder` and below, their sounds beside them or in the folder `sounds`.

    A take's calibrated values are preferred to its raw ones.  Raises DataSetError where there is none.
    """
    files = _files(folder)
    groups: dict[Path, list[Path]] = {}
    for path in files:
        if path.suffix.lower() in READERS:
            groups.setdefault(path.with_name(_stem(path)), []).append(path)
    more = _files(sounds) if sounds is not None else []
    media = _by_folder([*files, *more], audio.SUFFIXES | audio.MEDIA_SUFFIXES)
    labels = _by_folder([*files, *more], {".textgrid"})
    takes: list[Capture] = []
    notes: list[str] = []
    strange, stills = 0, []
    for stem, paths in groups.items():
        take = None
        for path in sorted(paths, key=_rank):
            try:
                recorded = read(path)
                name = stem.relative_to(folder).as_posix()
                take = None if recorded is None else capture_of(recorded, name, path)
            except DataSetError as error:
                notes.append(str(error))
                continue
            if take is not None and len(take.motion) > 1:
                break
            if take is None:
                strange += 1
            else:
                stills.append(path.name)
                take = None
        if take is None:
            continue
        alone = sum(other.parent == stem.parent for other in groups) == 1
        takes.append(_with_beside(take, stem, media, labels, sounds, alone))
        if others := [path.name for path in paths if path != take.path]:
            notes.append(f"{take.name}: {take.path.name} is used, {', '.join(sorted(others))} left alone.")
        notes += [f"{take.name}: {note}" for note in take.notes]
    if not takes:
        why = f" ({notes[0]})" if notes else ""
        raise DataSetError(
            f"{folder} holds no captured face{why}: give a folder of Live Link Face takes, of CSV, JSON or .npz files "
            "with ARKit's names."
        )
    if stills:
        notes.append(f"One frame is no take: {_few(stills)} left alone.")
    if strange:
        notes.append(f"{strange} files of {', '.join(_KINDS)} hold no coefficients of a face and were left alone.")
    return Captures(folder, tuple(sorted(takes, key=lambda take: take.name)), tuple(notes))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataSetError(f"{folder} is no folder; give the folder that holds the captures.")
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if len(Path(root).relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        found += [Path(root) / name for name in sorted(names) if not name.startswith(".")]
        if len(found) > _MOST:
            raise DataSetError(f"{folder} holds more than {_MOST:,} files; give the folder of one actor.")
    return found


def _stem(path: Path) -> str:
    return _VERSIONS.sub("", path.stem)


def _rank(path: Path) -> tuple[int, int]:
    version = _VERSIONS.search(path.stem)
    return _BEST.index(version[1].lower() if version else ""), _KINDS.index(path.suffix.lower())


def _by_folder(files: Sequence[Path], suffixes: Iterable[str]) -> dict[Path, list[Path]]:
    found: dict[Path, list[Path]] = {}
    wanted = frozenset(suffixes)
    for path in files:
        if path.suffix.lower() in wanted:
            found.setdefault(path.parent, []).append(path)
    return found


def _with_beside(
    take: Capture,
    stem: Path,
    media: Mapping[Path, Sequence[Path]],
    labels: Mapping[Path, Sequence[Path]],
    sounds: Path | None,
    alone: bool,
) -> Capture:
    places = [stem.parent, *(stem.parent / name for name in _BESIDE)]
    places += [place.with_name(name) for place in places[:1] for name in _BESIDE]
    if sounds is not None:
        places += [place for place in (*media, *labels) if place.is_relative_to(sounds)]
    sound = _of_name(stem.name, [path for place in places for path in _any_case(media, place)])
    own = media.get(stem.parent, ())
    if sound is None and alone and len({path.stem for path in own}) == 1:
        sound = min(own, key=_loudest)
    textgrid = _of_name(stem.name, [path for place in places for path in _any_case(labels, place)])
    return replace(take, sound=sound, textgrid=textgrid)


def _any_case(by_folder: Mapping[Path, Sequence[Path]], place: Path) -> Sequence[Path]:
    if place in by_folder:
        return by_folder[place]
    return next((f for p, f in by_folder.items() if p.parent == place.parent and p.name.lower() == place.name), ())


def _of_name(stem: str, paths: Sequence[Path]) -> Path | None:
    named = [path for path in paths if _stem(path).lower() == stem.lower()]
    return min(named, key=_loudest, default=None)


def _loudest(path: Path) -> int:
    """Sounds before films, for they are read without a player."""
    return int(path.suffix.lower() in audio.MEDIA_SUFFIXES)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
