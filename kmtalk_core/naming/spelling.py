"""Every way in which the names of one mesh's keys can be read: sides spelt out, what all names share cut off."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_SEPARATORS = re.compile(r"[\s._:|/\\,;&+()\[\]\-]+")
_DUPLICATE = re.compile(r"\.\d{3}$")
_SIDE_LETTER = re.compile(r"(?<=[a-z])([LR])$")
_NUMBERED = re.compile(r"[a-z]{0,2}\d{1,3}")
_LEADING_NUMBER = re.compile(r"^(\d{1,3})(?=[a-z])", re.IGNORECASE)
_LAST_NUMBER = re.compile(r"(?<=[^\W\d_])(\d{1,3})$")
_FIRST_WORD = re.compile(r"^([a-z]+|[A-Z]{2,})(?=[A-Z][a-z])")
_LAST_WORD = re.compile(r"(?<=[a-z])([A-Z][a-z]+)$")
_SIDES = {
    **dict.fromkeys(("l", "lft", "lf", "lt", "左", "л", "лев", "izq"), "left"),
    **dict.fromkeys(("r", "rgt", "rt", "右", "п", "прав", "dcha"), "right"),
}
_ONE_SIDE = frozenset(("l", "r", "left", "right"))
_MIDDLES = frozenset(("c", "m", "mid", "middle", "center", "centre", "ctr", "cn"))
"""What names say that have no side, where their neighbours have one."""
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
_QUORUM = 3
"""A prefix nobody has heard of counts as one when this many keys of the face carry it."""
_SUFFIX_SHARE = 0.3
"""A suffix nobody has heard of counts as one when so much of the keys carries it."""
_GLUED_SHARE = 0.6
"""The same of a word that is written together with the rest, as in `jawOpenShape`."""
_TELLING = 6
"""So long a name is known behind any prefix, whoever else carries that."""


class Readings:
    """Every way one mesh's key names can be read: (normalised name without prefix) → candidates, best first."""

    def __init__(self, names: Sequence[str]) -> None:
        shared = _shared(names)
        readings = {(name, *reading) for name in names for reading in _readings_of(name, shared)}
        carriers = Counter(prefix for _, prefix in {(name, prefix) for name, prefix, _ in readings})
        sided = Counter(p for _, p in {(name, prefix) for name, prefix, tail in readings if tail in _ONE_SIDE})
        numbered = len({name for name, prefix, _ in readings if _NUMBERED.fullmatch(prefix)})
        self._by_tail: dict[str, list[tuple[str, str]]] = {}
        self._lone: dict[str, list[tuple[str, str]]] = {}
        self._order = {name: place for place, name in enumerate(names)}
        for name, prefix, tail in sorted(readings, key=lambda reading: (self._order[reading[0]], len(reading[1]))):
            is_number = numbered >= _QUORUM and bool(_NUMBERED.fullmatch(prefix))
            if tail in _ONE_SIDE and prefix and not is_number and carriers[prefix] < sided[prefix] + _QUORUM:
                continue  # `blink_L` is a blink and no sound
            if not prefix or prefix in _KNOWN_PREFIXES or carriers[prefix] >= _QUORUM or is_number:
                self._by_tail.setdefault(tail, []).append((name, prefix))
            elif len(tail) >= _TELLING:
                self._lone.setdefault(tail, []).append((name, prefix))

    def key(self, spellings: Iterable[str], taken: frozenset[str] = frozenset()) -> str | None:
        """The key that best answers to one of `spellings`: exact first, then the shortest prefix, then no duplicate;
        of several spellings the first.  No prefix is one of `taken`: `jawOpen_mouthClose` is a corrective."""
        every = list(spellings)
        for spelling in every:
            found = [one for one in self._by_tail.get(plain(spelling), ()) if one[1] not in taken]
            if found:
                return self._best(found, spelling)
        for spelling in every:
            lone = self._lone.get(plain(spelling), ())
            found = [one for one in lone if not any(name in one[1] for name in taken)]
            if found:
                return self._best(found, spelling)
        return None

    def _best(self, found: Sequence[tuple[str, str]], spelling: str) -> str:
        def rank(one: tuple[str, str]) -> tuple[bool, int, bool, int]:
            name, prefix = one
            return name != spelling, len(prefix), bool(_DUPLICATE.search(name)), self._order[name]

        return min(found, key=rank)[0]


@lru_cache(maxsize=1 << 14)  # the same names are compared for every scheme
def plain(name: str) -> str:
    """A name as it is compared: small letters without separators, its side spelt out."""
    return "".join(_sided(_lowered(_marked(_parts(_clean(name))))))


@lru_cache(maxsize=1 << 14)
def words_of(name: str) -> tuple[str, ...]:
    """A name as its words, `jawOpen_L` as jaw, open, left."""
    spread = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=\D)(?=\d)|(?<=\d)(?=\D)", " ", _clean(name))
    return tuple(_SIDES.get(word, word) for word in _lowered(_parts(spread)))


@dataclass(frozen=True)
class _Shared:
    """What names have in common.  suffixes: last words that say nothing; first, last: words that are written together
    with the rest; is_numbered: a number at the end says nothing."""

    suffixes: frozenset[str]
    first: frozenset[str]
    last: frozenset[str]
    is_numbered: bool


def _shared(names: Sequence[str]) -> _Shared:
    parts = [_marked(_parts(_clean(name))) for name in names]
    inner = Counter(word for each in parts for word in set(_lowered(each[1:])))
    ends = Counter(each[-1].lower() for each in parts if len(each) > 1)
    sides = (*_SIDES, *_SIDES.values())
    suffixes = {w for w, n in inner.items() if n >= max(_QUORUM, _SUFFIX_SHARE * len(names)) and w not in sides}
    suffixes |= {word for word in _KNOWN_SUFFIXES if ends[word] >= _QUORUM}
    if any(plain(name).endswith(("left", "right")) for name in names):
        suffixes |= _MIDDLES
    numbers = sum(bool(re.search(r"\d$", _clean(name))) for name in names)
    return _Shared(
        frozenset(suffixes),
        _common(names, _FIRST_WORD),
        _common(names, _LAST_WORD) - {"Left", "Right"},
        numbers >= max(_QUORUM, _GLUED_SHARE * len(names)),
    )


def _common(names: Sequence[str], pattern: re.Pattern[str]) -> frozenset[str]:
    found = Counter(match[1] for name in names if (match := pattern.search(_clean(name))))
    return frozenset(word for word, count in found.items() if count >= max(_QUORUM, _GLUED_SHARE * len(names)))


def _readings_of(name: str, shared: _Shared) -> list[tuple[str, str]]:
    """Every (prefix, rest) that `name` splits into, the whole name first, with and without what all names share."""
    found: list[tuple[str, str]] = []
    for own in _spellings_of(_clean(name), shared):
        parts = _parts(own)
        trials = [parts]
        while len(parts) > 1 and (parts[-1].lower() in shared.suffixes or (shared.is_numbered and parts[-1].isdigit())):
            parts = parts[:-1]
            trials.append(parts)
        for trial in trials:
            marked = _lowered(_marked(trial))
            found += _splits(_sided(marked))
            found += [  # the side may stand before what it is a side of, behind a prefix
                ("".join(marked[:cut]), "".join(_sided(marked[cut:])))
                for cut in range(1, len(marked) - 1)
                if marked[cut] in (*_SIDES, *_SIDES.values())
            ]
            if len(marked) > 1 and marked[-1] in _SIDES:  # `Phoneme_L` may be the sound and no side
                found += [split for split in _splits(marked) if split[0]]
    return list(dict.fromkeys(found))


def _spellings_of(name: str, shared: _Shared) -> Iterator[str]:
    """A name, and what it is with that apart which all names are written together with."""
    yield name
    yield _LEADING_NUMBER.sub(r"\1_", name)
    if shared.is_numbered:
        yield _LAST_NUMBER.sub(r"_\1", name)
    first, last = _FIRST_WORD.search(name), _LAST_WORD.search(name)
    if first and first[1] in shared.first:
        yield _FIRST_WORD.sub(r"\1_", name)
    if last and last[1] in shared.last:
        yield _LAST_WORD.sub("", name)


def _splits(parts: Sequence[str]) -> list[tuple[str, str]]:
    return [("".join(parts[:cut]), "".join(parts[cut:])) for cut in range(len(parts))] or [("", "")]


def _marked(parts: Sequence[str]) -> list[str]:
    """The parts of a name whose last letter is a side, as in `eyeBlinkL`, with that letter apart."""
    last = _SIDE_LETTER.sub(r" \1", parts[-1]).split(" ") if parts else []
    return [*parts[:-1], *last]


def _clean(name: str) -> str:
    """A name without Blender's number for duplicates."""
    return unicodedata.normalize("NFKC", _DUPLICATE.sub("", name))


def _parts(name: str) -> list[str]:
    parts = [part for part in _SEPARATORS.split(name) if part]
    return [part for part in parts if part.lower() not in _FILLERS] or parts


def _lowered(parts: Iterable[str]) -> list[str]:
    return [part.lower() for part in parts]


def _sided(parts: Sequence[str]) -> list[str]:
    own = list(parts)
    if len(own) > 1 and own[-1] in _SIDES:
        own[-1] = _SIDES[own[-1]]
    elif len(own) > 1 and own[0] in (*_SIDES, *_SIDES.values()):
        own = [*own[1:], _SIDES.get(own[0], own[0])]
    return own
