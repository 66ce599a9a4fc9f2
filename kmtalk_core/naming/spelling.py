"""Every way in which the names of one mesh's keys can be read: sides spelt out, what all names share cut off."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

_SEPARATORS = re.compile(r"[\s._:|/\\,;&+()\[\]\-]+")
_DUPLICATE = re.compile(r"\.\d{3}$")
_SIDE_LETTER = re.compile(r"(?<=[a-z])([LR])$")
_NUMBERED = re.compile(r"[a-z]{0,2}\d{1,3}")
_LEADING_NUMBER = re.compile(r"^(\d{1,3})(?=[a-z])", re.IGNORECASE)
_SIDES = {"l": "left", "r": "right", "lft": "left", "rgt": "right", "左": "left", "右": "right"}
_FILLERS = frozenset(("and", "or"))
_KNOWN_PREFIXES = frozenset(
    (
        *("arkit", "a2f", "bs", "blendshape", "blendshapes", "shape", "key", "keys", "face", "head", "exp", "cc"),
        *("viseme", "visemes", "vis", "v", "vrc", "vrcv", "phoneme", "phonemes", "lipsync", "ctrlexpressions"),
        *("mouth", "mth", "lip", "fcl", "fclmth", "facsbs", "facsjnt", "facsctrl", "facs", "ue", "ft"),
    )
)
_KNOWN_SUFFIXES = frozenset(
    ("bs", "target", "div2", "shape", "morph", "blendshape", "key", "geo", "mesh", "sk", "ncl1")
)
_PREFIX_QUORUM = 3
"""A prefix nobody has heard of counts as one when this many keys of the face carry it."""
_SUFFIX_SHARE = 0.6
"""A suffix nobody has heard of counts as one when so much of the keys carries it."""


class Readings:
    """Every way one mesh's key names can be read: (normalised name without prefix) → candidates, best first."""

    def __init__(self, names: Sequence[str]) -> None:
        suffixes = _shared_suffixes(names)
        readings = {(name, *reading) for name in names for reading in _readings_of(name, suffixes)}
        carriers = Counter(prefix for _, prefix in {(name, prefix) for name, prefix, _ in readings})
        numbered = len({name for name, prefix, _ in readings if _NUMBERED.fullmatch(prefix)})
        self._by_tail: dict[str, list[tuple[str, str]]] = {}
        order = {name: place for place, name in enumerate(names)}
        for name, prefix, tail in sorted(readings, key=lambda reading: (order[reading[0]], len(reading[1]))):
            is_number = numbered >= _PREFIX_QUORUM and bool(_NUMBERED.fullmatch(prefix))
            if not prefix or prefix in _KNOWN_PREFIXES or carriers[prefix] >= _PREFIX_QUORUM or is_number:
                self._by_tail.setdefault(tail, []).append((name, prefix))

    def key(self, spellings: Iterable[str], taken: frozenset[str] = frozenset()) -> str | None:
        """The key that best answers to one of `spellings`: exact first, then the shortest prefix, then no duplicate;
        of several spellings the first.  No prefix is one of `taken`: `jawOpen_mouthClose` is a corrective."""
        for spelling in spellings:
            found = [
                ((name != spelling, len(prefix), bool(_DUPLICATE.search(name)), order), name)
                for order, (name, prefix) in enumerate(self._by_tail.get(plain(spelling), ()))
                if prefix not in taken
            ]
            if found:
                return min(found)[1]
        return None


@lru_cache(maxsize=1 << 14)  # the same names are compared for every scheme
def plain(name: str) -> str:
    """A name as it is compared: small letters without separators, its side spelt out."""
    return "".join(_tokens(name))


def words_of(name: str) -> list[str]:
    """A name as its words, `jawOpen_L` as jaw, open, left."""
    spread = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=\D)(?=\d)|(?<=\d)(?=\D)", " ", _without_duplicate(name))
    return [_SIDES.get(word, word) for word in _parts(spread)]


def _readings_of(name: str, suffixes: frozenset[str]) -> list[tuple[str, str]]:
    """Every (prefix, rest) that `name` splits into, the whole name first, with and without a shared suffix."""
    found: list[tuple[str, str]] = []
    for own in (name, _LEADING_NUMBER.sub(r"\1_", name)):
        parts = _parts(_marked(own))
        trials = [parts]
        while len(parts) > 1 and parts[-1] in suffixes:
            parts = parts[:-1]
            trials.append(parts)
        for trial in trials:
            found += _splits(_sided(trial))
            if len(trial) > 1 and trial[-1] in _SIDES:  # `Phoneme_L` may be the sound and no side
                found += [split for split in _splits(trial) if split[0]]
    return list(dict.fromkeys(found))


def _splits(parts: Sequence[str]) -> list[tuple[str, str]]:
    return [("".join(parts[:cut]), "".join(parts[cut:])) for cut in range(len(parts))] or [("", "")]


def _tokens(name: str) -> list[str]:
    return _sided(_parts(_marked(name)))


def _marked(name: str) -> str:
    """A name whose last letter is a side, as `eyeBlinkL`, with that letter apart."""
    return _SIDE_LETTER.sub(r"_\1", _without_duplicate(name))


def _without_duplicate(name: str) -> str:
    return unicodedata.normalize("NFKC", _DUPLICATE.sub("", name))


def _parts(name: str) -> list[str]:
    parts = [part for part in _SEPARATORS.split(name.lower()) if part]
    return [part for part in parts if part not in _FILLERS] or parts


def _sided(parts: Sequence[str]) -> list[str]:
    own = list(parts)
    if len(own) > 1 and own[-1] in _SIDES:
        own[-1] = _SIDES[own[-1]]
    elif len(own) > 1 and own[0] in (*_SIDES, *_SIDES.values()):
        own = [*own[1:], _SIDES.get(own[0], own[0])]
    return own


def _shared_suffixes(names: Sequence[str]) -> frozenset[str]:
    """The last words that so many names share that they say nothing."""
    lasts = Counter(word for name in names for word in set(_parts(_marked(name))[1:]))
    ends = Counter(parts[-1] for parts in (_parts(_marked(name)) for name in names) if len(parts) > 1)
    shared = {
        word
        for word, count in lasts.items()
        if count >= max(_PREFIX_QUORUM, _SUFFIX_SHARE * len(names)) and word not in (*_SIDES, *_SIDES.values())
    }
    known = {word for word in _KNOWN_SUFFIXES if ends[word] >= _PREFIX_QUORUM}
    return frozenset(shared | known)
