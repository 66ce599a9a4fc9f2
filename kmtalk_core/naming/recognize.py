"""Which naming scheme the shape keys of one or several meshes follow, and which key answers to which channel."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import FaceError
from ..motion.spaces import ARKIT
from .able import lacks_of, say_lacks
from .blinks import resting_blinks
from .schemes import ARKIT_MERGED, ARKIT_SCHEME, ARKIT_SPLIT, BLINKS, SCHEME_BY_NAME, SCHEMES, Scheme
from .spelling import Readings, plain

_FLAME_KEYS = re.compile(r"^(shape|exp|expression|pose)[_ ]?\d+$", re.IGNORECASE)
_FLAME_QUORUM = 10
_UPPER_FACE = tuple(ARKIT.names[index] for index in ARKIT.in_region("upper", "eyes"))
_MOUTH = ("jaw", "mouth", "tongue")
_BY_HAND = "Map by Hand"
_FEW = 3
"""So many keys of a set are a start: fewer may be called like it by chance."""

Meshes = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Naming:
    """What the shape keys of a face were recognised as.

    scheme: name of the `Scheme`, "flame" for the official FLAME add-on's own keys, or "" for none.
    mapping: channel → key, over all meshes; `meshes` the same for each mesh by its name.
    missing: channels of the scheme that no mesh has; score: 0 to 1, what speech needs counts most.
    sentence: one line for the user; lacks: what the mouth cannot do with these keys, of `able.LACKS`; called: how many
    keys are called as the scheme calls them, and not as one of its other spellings, single letters left out.
    """

    scheme: str
    title: str
    mapping: Mapping[str, str]
    missing: tuple[str, ...]
    score: float
    meshes: Mapping[str, Mapping[str, str]]
    sentence: str
    lacks: tuple[str, ...] = ()
    called: int = 0

    @property
    def can_speak(self) -> bool:
        """Whether enough keys are there to move the mouth."""
        return bool(self.mapping)


def recognize_names(names: Sequence[str]) -> Naming:
    """The naming scheme of one mesh's shape keys (without the basis)."""
    return recognize_face({"": names})


def recognize_face(meshes: Meshes, still: Mapping[str, Collection[str]] | None = None, has_jaw: bool = False) -> Naming:
    """The naming scheme of several meshes that make up one face: mesh name → the names of its shape keys.

    still: the keys of a mesh that move nothing: they do not tell what a face is.  has_jaw: a bone opens the mouth.
    """
    empty = still or {}
    told = {mesh: [name for name in names if name not in empty.get(mesh, ())] for mesh, names in meshes.items()}
    trials = _trials(told)
    best = _best_face(trials, has_jaw) or _best_face(_trials(meshes), has_jaw)
    best = best and _with_still(best, meshes, told, has_jaw)
    if best and "open" not in best.lacks:
        return best
    flame = sum(bool(_FLAME_KEYS.match(name)) for names in meshes.values() for name in names)
    if flame >= _FLAME_QUORUM:
        sentence = f"FLAME's own keys ({flame} of shape and expression) stay untouched; build ARKit keys beside them."
        return Naming("flame", "FLAME", {}, (), 0.0, {}, sentence)
    started = max(trials, key=_explained, default=None)
    if started is None or len(started.mapping) < _FEW:
        return Naming(
            "", "", {}, (), 0.0, {}, "No shape keys of a known naming scheme: build them or map yours by hand."
        )
    lacks = lacks_of(started.scheme, started.mapping)
    sentence = (
        f"Too few keys to speak: {len(started.mapping)} named like {started.title}"
        f"{', and ' + say_lacks(lacks) if lacks else ''}; say what yours show ({_BY_HAND}), or build the missing ones."
    )
    return Naming("", "", {}, started.missing, started.score, {}, sentence, lacks)


def _best_face(trials: Sequence[Naming], has_jaw: bool) -> Naming | None:
    """Of what the keys may be, a face that can do all that speech needs, else one that can at least open its mouth."""
    least = {scheme.name: scheme.least for scheme in SCHEMES}
    able = [trial for trial in trials if trial.score >= least[trial.scheme] and not _lacking(trial, has_jaw)]
    opening = [trial for trial in trials if trial.mapping and "open" not in _lacking(trial, has_jaw)]
    found = able or [trial for trial in opening if has_jaw or trial.score >= min(least[trial.scheme], 0.5)]
    return max(found, key=_explained, default=None)  # of equals the first: schemes are in order


def _lacking(trial: Naming, has_jaw: bool) -> tuple[str, ...]:
    return tuple(lack for lack in lacks_of(trial.scheme, trial.mapping) if not (has_jaw and lack == "open"))


def _with_still(best: Naming, meshes: Meshes, told: Meshes, has_jaw: bool) -> Naming:
    """The same with the keys that move nothing here but belong to the set, and with what is missing said."""
    whole = next(trial for trial in _trials(meshes) if trial.scheme == best.scheme)
    moving = next(trial for trial in _trials(told) if trial.scheme == best.scheme)
    added = {
        mesh: {c: key for c, key in keys.items() if key not in told[mesh] and c in best.mapping}
        | dict(best.meshes.get(mesh, {}))
        for mesh, keys in whole.meshes.items()
    }
    used = {mesh: keys for mesh, keys in added.items() if keys}
    lacks = _lacking(moving, has_jaw)
    sentence = best.sentence
    if lacks:
        sentence = f"{sentence} With these keys {say_lacks(lacks)}: say what others show ({_BY_HAND})."
    return replace(best, meshes=used, sentence=sentence, lacks=lacks)


def _trials(meshes: Meshes) -> list[Naming]:
    readings = {mesh: Readings(names) for mesh, names in meshes.items()}
    return [_try_scheme(scheme, readings) for scheme in SCHEMES]


def likeliest(meshes: Meshes) -> str:
    """The scheme that most of the keys seem to follow; ARKit's where none does."""
    return max(_trials(meshes), key=lambda trial: (len(trial.mapping), trial.called, trial.score)).scheme


def guess(scheme: str, names: Sequence[str]) -> dict[str, str]:
    """Key → channel of a scheme, as far as the keys' names say it."""
    trial = next(trial for trial in _trials({"": names}) if trial.scheme == scheme)
    return {key: channel for channel, key in trial.mapping.items()}


def recognize_by_hand(
    scheme: str, meshes: Meshes, shown: Mapping[str, str], properties: Meshes | None = None
) -> Naming:
    """The face of which somebody said what its keys show: key → channel of the scheme; other keys are left alone.

    properties: what is no mesh but has rows too, each with the names of its own.  Raises FaceError for a channel that
    the scheme has not, or that two keys of one mesh show.
    """
    allowed = channels_of(scheme)
    unknown = next((channel for channel in shown.values() if channel not in allowed), None)
    if unknown is not None:
        raise FaceError(f"{SCHEME_BY_NAME[scheme].title} knows no “{unknown}”: choose another channel for its key.")
    found: dict[str, dict[str, str]] = {}
    for mesh, names in (dict(meshes) | dict(properties or {})).items():
        for name in names:
            if name in shown:
                other = found.setdefault(mesh, {}).setdefault(shown[name], name)
                if other != name:
                    raise FaceError(f"“{other}” and “{name}” both show {shown[name]}: empty one of them.")
    if not found:
        raise FaceError("Say what your keys show: the mouth's opening first.")
    made = _naming(SCHEME_BY_NAME[scheme], found, len([mesh for mesh in found if mesh in meshes]))
    return replace(made, sentence=f"By hand: {made.sentence}", lacks=lacks_of(scheme, made.mapping))


def channels_of(scheme: str) -> tuple[str, ...]:
    """What a key of a face of this scheme can show: visemes go with ARKit's upper face."""
    if scheme == ARKIT_SCHEME.name:
        return (*ARKIT_SCHEME.channels, *ARKIT_MERGED, *ARKIT_SPLIT)
    own = SCHEME_BY_NAME[scheme].channels
    return own + tuple(name for name in (*_UPPER_FACE, "eyeBlink") if name not in own)


def _explained(trial: Naming) -> tuple[int, int, float]:
    """How much of a face a scheme explains: keys that move the mouth, then those that are called as its own are."""
    scheme = SCHEME_BY_NAME[trial.scheme]
    return sum(_moves_mouth(scheme, channel) for channel in trial.mapping), trial.called, trial.score


def _moves_mouth(scheme: Scheme, channel: str) -> bool:
    return any(moved.startswith(_MOUTH) for moved in scheme.rules.get(channel, {channel: 1.0}))


def _try_scheme(scheme: Scheme, meshes: Mapping[str, Readings]) -> Naming:
    taken = frozenset(plain(channel) for channel in scheme.channels if len(channel) > 3)
    made = _naming(scheme, {mesh: _match(scheme, readings, taken) for mesh, readings in meshes.items()})
    worded = {channel: key for channel, key in made.mapping.items() if len(plain(channel)) > 1}
    called = sum(any(each.key((c,), taken) == key for each in meshes.values()) for c, key in worded.items())
    return replace(made, called=called)


def _naming(scheme: Scheme, found: Mapping[str, Mapping[str, str]], count: int | None = None) -> Naming:
    """What is found of a scheme when each mesh has these keys, by channel; count: of meshes, where not all."""
    mapping: dict[str, str] = {}
    for keys in found.values():
        mapping = {**keys, **mapping}
    present = [channel for channel in scheme.channels if channel in mapping or _covered(scheme, channel, mapping)]
    missing = tuple(channel for channel in scheme.channels if channel not in present)
    whole = sum(scheme.weights.get(channel, 1.0) for channel in scheme.channels)
    score = sum(scheme.weights.get(channel, 1.0) for channel in present) / whole
    resting = _resting(scheme, mapping)
    used = {mesh: {c: key for c, key in keys.items() if c not in resting} for mesh, keys in found.items()}
    used = {mesh: keys for mesh, keys in used.items() if keys}
    mapping = {channel: key for channel, key in mapping.items() if channel not in resting}
    sentence = _sentence(scheme, present, missing, len(used) if count is None else count)
    return Naming(scheme.name, scheme.title, mapping, missing, score, used, sentence)


def _resting(scheme: Scheme, mapping: Mapping[str, str]) -> set[str]:
    """Channels whose keys do not move, for another does their work: two together would do it twice."""
    resting = {c for c, others in scheme.yields.items() if c in mapping and any(other in mapping for other in others)}
    moving = {channel: key for channel, key in mapping.items() if channel not in resting}
    return resting | resting_blinks(scheme.rules, moving, scheme is ARKIT_SCHEME or bool(scheme.visemes))


def _match(scheme: Scheme, readings: Readings, taken: frozenset[str]) -> dict[str, str]:
    keys = {c: readings.key((c, *scheme.aliases.get(c, ())), taken) for c in scheme.channels}
    found: dict[str, str] = {}
    for channel, key in keys.items():
        if key is not None and key not in found.values():  # two spellings may be one key: the first channel has it
            found[channel] = key
    if scheme is ARKIT_SCHEME:
        found |= _match_other_sides(readings, taken, found)
    elif found:
        found |= _match_upper_face(readings, found)
    return found


def _match_other_sides(readings: Readings, taken: frozenset[str], found: Mapping[str, str]) -> dict[str, str]:
    """Keys of both sides where the face has no pair, and of one side where ARKit has none."""
    merged = {
        name: readings.key((name, *BLINKS.get(name, ())), taken)
        for name, pair in ARKIT_MERGED.items()
        if name == "eyeBlink" or not found.keys() & set(pair)
    }
    split = {name: readings.key((name,), taken) for name, whole in ARKIT_SPLIT.items() if whole not in found}
    return {n: key for n, key in {**merged, **split}.items() if key is not None and key not in found.values()}


def _match_upper_face(readings: Readings, found: Mapping[str, str]) -> dict[str, str]:
    """ARKit's keys of eyes and brows beside a viseme set, and whatever blinks: they blink while the visemes speak."""
    wanted = [name for name in (*_UPPER_FACE, "eyeBlink") if name not in found]
    keys = {name: readings.key((name, *BLINKS.get(name, ()))) for name in wanted}
    return {name: key for name, key in keys.items() if key is not None and key not in found.values()}


def _covered(scheme: Scheme, channel: str, mapping: Mapping[str, str]) -> bool:
    """Whether a key of both sides, or one of each, stands in for an ARKit channel."""
    if scheme is not ARKIT_SCHEME:
        return False
    merged = any(channel in pair and name in mapping for name, pair in ARKIT_MERGED.items())
    return merged or any(whole == channel and name in mapping for name, whole in ARKIT_SPLIT.items())


def _sentence(scheme: Scheme, present: list[str], missing: tuple[str, ...], meshes: int) -> str:
    where = f" on {meshes} meshes" if meshes > 1 else ""
    head = f"{scheme.title}, {len(present)} of {len(scheme.channels)} keys{where}"
    if not missing:
        return head + "."
    first = sorted(missing, key=lambda channel: -scheme.weights.get(channel, 1.0))[:6]  # what speech needs most
    listed = ", ".join(first) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
    return f"{head}; missing: {listed}."
