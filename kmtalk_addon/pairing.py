"""Which strip is said by which character: by names, by channels, or as a list says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from . import compat
from .core import errors, naming
from .face import changes, family
from .face.recognise import has_keys

WAYS = (
    (
        "CHANNEL",
        "By Channel",
        "Channels from the lowest up, with the heads by their names; a head that is alone says all",
    ),
    ("NAME", "By Name", "Strips go to the character whose name their own begins with"),
)


@dataclass(frozen=True)
class Pair:
    """A sound strip of a scene, and the objects of the character that says it; none where nobody does.

    is_muted: nobody hears the strip, so that nobody says it either.
    """

    strip: Any
    objects: tuple[Any, ...]
    is_muted: bool = False


def pairs(scene: Any, home: Any, way: str) -> list[Pair]:
    """Every sound strip of the scene `home` with a character of `scene`, in the order of their starts."""
    sounds = sorted((s for s in compat.strips(home) if s.type == "SOUND"), key=lambda s: compat.heard_frames(s)[0])
    heads = heads_in(scene)
    if way == "CHANNEL" and len(heads) == 1:
        found = heads * len(sounds)
    elif way == "CHANNEL":
        channels = sorted({strip.channel for strip in sounds})
        speakers = dict(zip(channels, heads, strict=False))
        found = [speakers.get(strip.channel) for strip in sounds]
    else:
        found = [_named(strip.name, heads) for strip in sounds]
    return [
        Pair(strip, character(head, scene) if head is not None and not strip.mute else (), bool(strip.mute))
        for strip, head in zip(sounds, found, strict=True)
    ]


def character(head: Any, scene: Any) -> tuple[Any, ...]:
    """A head with the teeth, tongue and eyes that belong to it."""
    return (head, *(item for item in family.with_keys(head, scene) if not is_head(item) or not is_head(head)))


def heads_in(scene: Any) -> list[Any]:
    """The objects of a scene that speak for themselves, by their names: teeth and tongues do not."""
    return sorted((item for item in scene.objects if has_keys(item) and is_head(item)), key=lambda item: item.name)


def is_head(item: Any) -> bool:
    """Whether the keys of an object open, round and close a mouth, or somebody said what they show."""
    if item.kmtalk_face.scheme != "names":
        return True
    blocks = item.data.shape_keys.key_blocks
    key = "voice", item.data.shape_keys.session_uid, len(blocks)
    return changes.kept(key, lambda: _has_voice(tuple(block.name for block in blocks[1:])))


@lru_cache(maxsize=64)
def _has_voice(names: tuple[str, ...]) -> bool:
    try:
        found = naming.recognize_face({"": names})
    except errors.KMTalkError:
        return False
    return found.can_speak and not found.lacks


def _named(strip: str, heads: Sequence[Any]) -> Any:
    """The head whose name, its rig's or its topmost parent's a strip's name begins with, in whole words."""
    words = _words(strip)
    best: tuple[int, Any] = (0, None)
    for head in heads:
        for name in _names_of(head):
            own = _words(name)
            if own and words[: len(own)] == own and len(own) > best[0]:
                best = (len(own), head)
    return best[1]


def _names_of(head: Any) -> set[str]:
    rig, top = family.rig_of(head), head
    while top.parent is not None:
        top = top.parent
    return {head.name, top.name, *([rig.name] if rig is not None else [])}


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if word]
