"""Which naming scheme the shape keys of one or several meshes follow, and which key answers to which channel."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import FaceError
from .schemes import ARKIT_MERGED, ARKIT_SCHEME, ARKIT_SPLIT, SCHEME_BY_NAME, SCHEMES, Scheme

_SEPARATORS = re.compile(r"[\s._:|/\-]+")
_DUPLICATE = re.compile(r"\.\d{3}$")
_SIDE_LETTER = re.compile(r"(?<=[a-z])([LR])$")
_SIDES = {"l": "left", "r": "right"}
_KNOWN_PREFIXES = frozenset(
    (
        *("arkit", "a2f", "bs", "blendshape", "blendshapes", "shape", "key", "keys", "face", "head", "exp", "cc"),
        *("viseme", "visemes", "vis", "v", "vrc", "vrcv", "phoneme", "phonemes", "lipsync"),
        *("mouth", "mth", "lip", "fcl", "fclmth"),
    )
)
_PREFIX_QUORUM = 3
"""A prefix nobody has heard of counts as one when this many keys of the face carry it."""
_FLAME_KEYS = re.compile(r"^(shape|exp|expression|pose)[_ ]?\d+$", re.IGNORECASE)
_FLAME_QUORUM = 10
_UPPER_FACE = ("eye", "brow", "cheek", "nose")


@dataclass(frozen=True)
class Naming:
    """What the shape keys of a face were recognised as.

    scheme: name of the `Scheme`, "flame" for the official FLAME add-on's own keys, or "" for none.
    mapping: channel → key, over all meshes; `meshes` the same for each mesh by its name.
    missing: channels of the scheme that no mesh has; score: 0 to 1, what speech needs counts most.
    sentence: one line for the user.
    """

    scheme: str
    title: str
    mapping: Mapping[str, str]
    missing: tuple[str, ...]
    score: float
    meshes: Mapping[str, Mapping[str, str]]
    sentence: str

    @property
    def can_speak(self) -> bool:
        """Whether enough keys are there to move the mouth."""
        return bool(self.mapping)


def recognize_names(names: Sequence[str]) -> Naming:
    """The naming scheme of one mesh's shape keys (without the basis)."""
    return recognize_face({"": names})


def recognize_face(meshes: Mapping[str, Sequence[str]]) -> Naming:
    """The naming scheme of several meshes that make up one face: mesh name → the names of its shape keys."""
    trials = _trials(meshes)
    speaking = [trial for trial in trials if trial.score >= _least(trial.scheme)]
    if speaking:
        return max(speaking, key=_explained)  # of equals the first: schemes are in order
    flame = sum(bool(_FLAME_KEYS.match(name)) for names in meshes.values() for name in names)
    if flame >= _FLAME_QUORUM:
        sentence = f"FLAME's own keys ({flame} of shape and expression) stay untouched; build ARKit keys beside them."
        return Naming("flame", "FLAME", {}, (), 0.0, {}, sentence)
    best = max(trials, key=lambda trial: trial.score, default=None)
    if best is None or best.score == 0:
        return Naming(
            "", "", {}, (), 0.0, {}, "No shape keys of a known naming scheme: build them or map yours by hand."
        )
    sentence = f"Too few keys to speak: {len(best.mapping)} named like {best.title}; build the missing ones."
    return Naming("", "", {}, best.missing, best.score, {}, sentence)


def _trials(meshes: Mapping[str, Sequence[str]]) -> list[Naming]:
    readings = {mesh: _Readings(names) for mesh, names in meshes.items()}
    return [_try_scheme(scheme, readings) for scheme in SCHEMES]


def likeliest(meshes: Mapping[str, Sequence[str]]) -> str:
    """The scheme that most of the keys seem to follow; ARKit's where none does."""
    return max(_trials(meshes), key=lambda trial: (len(trial.mapping), trial.score)).scheme


def guess(scheme: str, names: Sequence[str]) -> dict[str, str]:
    """Key → channel of a scheme, as far as the keys' names say it."""
    trial = next(trial for trial in _trials({"": names}) if trial.scheme == scheme)
    return {key: channel for channel, key in trial.mapping.items()}


def recognize_by_hand(scheme: str, meshes: Mapping[str, Sequence[str]], shown: Mapping[str, str]) -> Naming:
    """The face of which somebody said what its keys show: key → channel of the scheme; other keys are left alone.

    Raises FaceError for a channel that the scheme has not, or that two keys of one mesh show.
    """
    allowed = channels_of(scheme)
    unknown = next((channel for channel in shown.values() if channel not in allowed), None)
    if unknown is not None:
        raise FaceError(f"{SCHEME_BY_NAME[scheme].title} knows no “{unknown}”: choose another channel for its key.")
    found: dict[str, dict[str, str]] = {}
    for mesh, names in meshes.items():
        for name in names:
            if name in shown:
                other = found.setdefault(mesh, {}).setdefault(shown[name], name)
                if other != name:
                    raise FaceError(f"“{other}” and “{name}” both show {shown[name]}: empty one of them.")
    if not found:
        raise FaceError("Say what your keys show: the mouth's opening first.")
    made = _naming(SCHEME_BY_NAME[scheme], found)
    return replace(made, sentence=f"By hand: {made.sentence}")


def channels_of(scheme: str) -> tuple[str, ...]:
    """What a key of a face of this scheme can show: visemes go with ARKit's upper face."""
    if scheme == ARKIT_SCHEME.name:
        return (*ARKIT_SCHEME.channels, *ARKIT_MERGED, *ARKIT_SPLIT)
    own = SCHEME_BY_NAME[scheme].channels
    return own + tuple(name for name in _upper_face() if name not in own)


def _explained(trial: Naming) -> float:
    """How much of a face a scheme explains: part of a large set may say more than all of a small one."""
    present = len(SCHEME_BY_NAME[trial.scheme].channels) - len(trial.missing)
    return round(trial.score, 2) * present


class _Readings:
    """Every way one mesh's key names can be read: (normalised name without prefix) → candidates, best first."""

    def __init__(self, names: Sequence[str]) -> None:
        readings = [(name, *reading) for name in names for reading in _read(name)]
        carriers = Counter(prefix for _, prefix, _ in {(name, prefix, "") for name, prefix, _ in readings})
        self._by_tail: dict[str, list[tuple[str, str]]] = {}
        for name, prefix, tail in readings:
            if not prefix or prefix in _KNOWN_PREFIXES or carriers[prefix] >= _PREFIX_QUORUM:
                self._by_tail.setdefault(tail, []).append((name, prefix))

    def key(self, spellings: Iterable[str], taken: frozenset[str]) -> str | None:
        """The key that best answers to one of `spellings`: exact first, then the shortest prefix, then no duplicate."""
        wanted = [(spelling, _read(spelling)[0][1]) for spelling in spellings]
        found = [
            ((name != spelling, len(prefix), bool(_DUPLICATE.search(name)), order), name)
            for spelling, tail in wanted
            for order, (name, prefix) in enumerate(self._by_tail.get(tail, ()))
            if prefix not in taken  # `jawOpen_mouthClose` is a corrective, no mouthClose
        ]
        return min(found)[1] if found else None


def _read(name: str) -> list[tuple[str, str]]:
    """Every (prefix, rest) that `name` splits into, sides spelt out, the whole name first."""
    plain = _SIDE_LETTER.sub(r"_\1", _DUPLICATE.sub("", name))
    parts = [part for part in _SEPARATORS.split(plain.lower()) if part]
    if not parts:
        return [("", "")]
    if len(parts) > 1 and parts[-1] in _SIDES:
        parts[-1] = _SIDES[parts[-1]]
    elif len(parts) > 1 and parts[0] in (*_SIDES, *_SIDES.values()):
        parts = [*parts[1:], _SIDES.get(parts[0], parts[0])]
    return [("".join(parts[:cut]), "".join(parts[cut:])) for cut in range(len(parts))]


def _least(name: str) -> float:
    return SCHEME_BY_NAME[name].least


def _try_scheme(scheme: Scheme, meshes: Mapping[str, _Readings]) -> Naming:
    taken = frozenset(_read(channel)[0][1] for channel in scheme.channels if len(channel) > 3)
    return _naming(scheme, {mesh: _match(scheme, readings, taken) for mesh, readings in meshes.items()})


def _naming(scheme: Scheme, found: Mapping[str, Mapping[str, str]]) -> Naming:
    """What is found of a scheme when each mesh has these keys, by channel."""
    mapping: dict[str, str] = {}
    for keys in found.values():
        mapping = {**keys, **mapping}
    present = [channel for channel in scheme.channels if channel in mapping or _covered(scheme, channel, mapping)]
    missing = tuple(channel for channel in scheme.channels if channel not in present)
    whole = sum(scheme.weights.get(channel, 1.0) for channel in scheme.channels)
    score = sum(scheme.weights.get(channel, 1.0) for channel in present) / whole
    meshes_used = {mesh: keys for mesh, keys in found.items() if keys}
    sentence = _sentence(scheme, present, missing, meshes_used)
    return Naming(scheme.name, scheme.title, mapping, missing, score, meshes_used, sentence)


def _match(scheme: Scheme, readings: _Readings, taken: frozenset[str]) -> dict[str, str]:
    keys = {c: readings.key((c, *scheme.aliases.get(c, ())), taken) for c in scheme.channels}
    found = {channel: key for channel, key in keys.items() if key is not None}
    if scheme is ARKIT_SCHEME:
        found |= _match_other_sides(readings, taken, found)
    elif found:
        found |= _match_upper_face(readings, found)
    return found


def _match_other_sides(readings: _Readings, taken: frozenset[str], found: Mapping[str, str]) -> dict[str, str]:
    """Keys of both sides where the face has no pair, and of one side where ARKit has none."""
    merged = {name: readings.key((name,), taken) for name, pair in ARKIT_MERGED.items() if not found.keys() & set(pair)}
    split = {name: readings.key((name,), taken) for name, whole in ARKIT_SPLIT.items() if whole not in found}
    return {name: key for name, key in {**merged, **split}.items() if key is not None}


def _match_upper_face(readings: _Readings, found: Mapping[str, str]) -> dict[str, str]:
    """ARKit's keys of eyes and brows beside a viseme set: they blink while the visemes speak."""
    keys = {name: readings.key((name,), frozenset()) for name in _upper_face()}
    return {name: key for name, key in keys.items() if key is not None and key not in found.values()}


def _upper_face() -> tuple[str, ...]:
    return tuple(name for name in ARKIT_SCHEME.channels if name.startswith(_UPPER_FACE))


def _covered(scheme: Scheme, channel: str, mapping: Mapping[str, str]) -> bool:
    """Whether a key of both sides, or one of each, stands in for an ARKit channel."""
    if scheme is not ARKIT_SCHEME:
        return False
    merged = any(channel in pair and name in mapping for name, pair in ARKIT_MERGED.items())
    return merged or any(whole == channel and name in mapping for name, whole in ARKIT_SPLIT.items())


def _sentence(scheme: Scheme, present: list[str], missing: tuple[str, ...], meshes: Mapping[str, object]) -> str:
    where = f" on {len(meshes)} meshes" if len(meshes) > 1 else ""
    head = f"{scheme.title}, {len(present)} of {len(scheme.channels)} keys{where}"
    if not missing:
        return head + "."
    first = sorted(missing, key=lambda channel: -scheme.weights.get(channel, 1.0))[:6]  # what speech needs most
    listed = ", ".join(first) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
    return f"{head}; missing: {listed}."
