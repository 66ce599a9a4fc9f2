"""The sounds that lines were completed with last, as files that engines read: the next edit need not decode them."""

import re
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy

from ..audio import sound, strips
from ..core import errors, progress
from ..take import store

_KEPT = 4


@dataclass
class Sounds:
    """The ones of this Blender, from register to unregister."""

    _folder: "tempfile.TemporaryDirectory[str] | None" = None
    _known: "OrderedDict[tuple[Any, ...], sound.Heard]" = field(default_factory=OrderedDict)
    _count: int = 0

    def heard_job(self, story: store.Story) -> "progress.Job[sound.Heard]":
        """What is heard of the line of a story, decoded anew where its file is another or none.  Raises AudioError."""
        stamp = store.stamp_of(story.audio)
        key = (story.audio, story.begin, story.end, stamp) if stamp else (story.strip,)
        known = self._known.pop(key, None)
        if not stamp or known is None or not known.path.is_file():
            self._remove(known)
            known = yield from self._decoded_job(story)
        self._known[key] = known
        while len(self._known) > _KEPT:
            self._remove(self._known.popitem(last=False)[1])
        return known

    def _decoded_job(self, story: store.Story) -> "progress.Job[sound.Heard]":
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True)
        self._count += 1
        folder = Path(self._folder.name) / str(self._count)
        folder.mkdir()
        return (yield from sound.file_job(sound_of(story, folder), folder))

    def _remove(self, heard: sound.Heard | None) -> None:
        """Its file, where it is one of ours."""
        if heard is not None and self._folder is not None and Path(self._folder.name) in heard.path.parents:
            heard.path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what was kept."""
        self._known.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


_sounds: list[Sounds] = []


def sounds() -> Sounds:
    if not _sounds:
        _sounds.append(Sounds())
    return _sounds[0]


def forget() -> None:
    while _sounds:
        _sounds.pop().forget()


def sound_of(story: store.Story, folder: Path) -> sound.Clip:
    """The sound of a take: where it was, beside this file or of its strip.

    Raises AudioError.
    """
    if story.silent:
        return sound.silence(story.name, story.silent, story.start, folder)
    name = re.split(r"[/\\]", story.audio)[-1]  # whatever system it was written on
    for candidate in (Path(story.audio), Path(bpy.path.abspath(f"//{name}"))):
        if story.audio and candidate.is_file():
            return sound.Clip(story.name, candidate, story.begin, story.end, story.start)
    found = strips.find(story.strip)
    if found is not None and found[1].sound is not None:
        clip = sound.strip_clip(*found[:1], *found, folder)
        return replace(clip, begin=story.begin, end=story.end)
    if not story.audio:
        raise errors.AudioError(f"“{story.name}” came without its sound: add it, and choose Sound of this Line.")
    raise errors.AudioError(f"The sound of “{story.name}” is gone: put {name} back beside this file.")
