"""From ARKit's 52 coefficients to the keys a face has: visemes by a matrix that can be read, edited and saved."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import FaceError
from ..motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from ..schema import ListOf, MapOf, Number, Record, Text, loads
from .rules import Rule
from .schemes import SCHEME_BY_NAME

FloatArray: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Retarget:
    """A way from ARKit's coefficients to other keys.

    channels: names of the keys; matrix: (keys, 52), zero or more; competing: (keys,) true for visemes, of which the
    strongest wins; multiplier, offset: (keys,) what the user set for each key, applied last.
    """

    channels: tuple[str, ...]
    matrix: FloatArray
    competing: npt.NDArray[np.bool_]
    multiplier: FloatArray
    offset: FloatArray

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.channels), len(ARKIT_NAMES)):
            raise FaceError(f"A retarget matrix must have {len(self.channels)} rows and {len(ARKIT_NAMES)} columns.")
        if not np.all(np.isfinite(self.matrix)) or self.matrix.min(initial=0.0) < 0:
            raise FaceError("The weights of a retarget matrix must be zero or more.")

    @property
    def closes(self) -> bool:
        """Whether a key closes the lips over an open jaw; where none does, the jaw has to (see `shut`)."""
        return bool(np.any(self.matrix[~self.competing, ARKIT_INDEX["mouthClose"]] > 0))

    @property
    def shows(self) -> frozenset[str]:
        """ARKit's channels that any of the keys shows."""
        return frozenset(ARKIT_NAMES[number] for number in np.flatnonzero(self.matrix.any(axis=0)))

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Coefficients (frames, 52) → (frames, keys); visemes together never pass 1, other keys pass through."""
        pose = np.asarray(motion, np.float32)
        values = ((pose if self.closes else shut(pose)) @ self.matrix.T).astype(np.float32)
        if np.any(self.competing):
            values[:, self.competing] = self._contest(np.clip(pose, 0.0, 1.0))
        return values * self.multiplier + self.offset

    def _contest(self, pose: FloatArray) -> FloatArray:
        """Visemes (frames, competing): the weaker yield to the stronger, or two would open the jaw twice."""
        visemes = shut(pose) @ self.matrix[self.competing].T
        strongest = np.maximum(visemes.max(axis=1, keepdims=True), 1e-6)
        contest = visemes * (visemes / strongest) ** 2
        return np.asarray(np.clip(contest / np.maximum(contest.sum(axis=1, keepdims=True), 1.0), 0.0, 1.0), np.float32)

    def adjusted(
        self, multiplier: Mapping[str, float] | None = None, offset: Mapping[str, float] | None = None
    ) -> "Retarget":
        """The same with multipliers and offsets of some keys set."""
        scale = np.array([(multiplier or {}).get(n, m) for n, m in zip(self.channels, self.multiplier, strict=True)])
        shift = np.array([(offset or {}).get(n, o) for n, o in zip(self.channels, self.offset, strict=True)])
        return replace(self, multiplier=scale.astype(np.float32), offset=shift.astype(np.float32))

    def replaced_by(self, edited: "Retarget") -> "Retarget":
        """The same keys in the same order, with the rows that `edited` has; keys that it lacks keep theirs."""
        rows = {name: index for index, name in enumerate(edited.channels)}
        matrix, competing = self.matrix.copy(), self.competing.copy()
        for index, name in enumerate(self.channels):
            if name in rows:
                matrix[index], competing[index] = edited.matrix[rows[name]], edited.competing[rows[name]]
        return replace(self, matrix=matrix, competing=competing)

    def to_json(self) -> str:
        """The matrix as text that a user can edit: key → ARKit channel → weight, and what competes."""
        rules = {
            name: {ARKIT_NAMES[i]: round(float(row[i]), 4) for i in np.flatnonzero(row)}
            for name, row in zip(self.channels, self.matrix, strict=True)
        }
        visemes = [name for name, competes in zip(self.channels, self.competing, strict=True) if competes]
        return json.dumps({"keys": rules, "visemes": visemes}, indent=1)


def shut(motion: FloatArray) -> FloatArray:
    """Coefficients (frames, 52) with the jaw as far open as the lips are: where nothing else closes them."""
    jaw, close = motion[:, ARKIT_INDEX["jawOpen"]], motion[:, ARKIT_INDEX["mouthClose"]]
    seen = motion.copy()
    seen[:, ARKIT_INDEX["jawOpen"]] = np.maximum(jaw - np.maximum(close, 0.0), np.minimum(jaw, 0.0))
    return seen


_MATRIX = Record(
    {"keys": MapOf(MapOf(Number(-1e3, 1e3))), "visemes": ListOf(Text(1000))}, optional=("visemes",), unknown="drop"
)


def from_json(text: str) -> Retarget:
    """The retarget that `Retarget.to_json` wrote, perhaps edited; FaceError where it cannot be read."""
    what, advice = "A retarget file", 'it reads {"keys": {key: {ARKit channel: weight}}, "visemes": […]}'
    content = _MATRIX.read(loads(text, what, FaceError, advice=advice), what, FaceError, advice)
    return _from_rules(content["keys"], set(content.get("visemes", ())))


def retarget(scheme: str, channels: Iterable[str]) -> Retarget:
    """From ARKit to `channels` of a naming scheme; channels that ARKit has too pass through.

    scheme and channels are those of a `Naming`; raises FaceError for a channel that nothing is known of.
    """
    known = SCHEME_BY_NAME.get(scheme)
    rules: Mapping[str, Rule] = known.rules if known else {}
    visemes = known.visemes if known else frozenset[str]()
    return _from_rules({name: _rule(name, rules) for name in channels}, visemes)


def _rule(name: str, rules: Mapping[str, Rule]) -> Rule:
    if name in rules:
        return rules[name]
    if name in ARKIT_INDEX:
        return {name: 1.0}
    if f"{name}Left" in ARKIT_INDEX:
        return {f"{name}*": 1.0}
    whole = name.removesuffix("Left").removesuffix("Right")
    if whole in ARKIT_INDEX:
        return {whole: 1.0}
    raise FaceError(f"Nothing is known of a key called “{name}”: choose by hand what drives it.")


def _from_rules(rules: Mapping[str, Rule], visemes: Collection[str]) -> Retarget:
    channels = tuple(rules)
    matrix = np.zeros((len(channels), len(ARKIT_NAMES)), np.float32)
    for row, rule in zip(matrix, rules.values(), strict=True):
        for channel, weight in rule.items():
            for name, share in _spread(channel):
                row[ARKIT_INDEX[name]] += weight * share
    competing = np.array([name in visemes for name in channels], bool)
    return Retarget(
        channels, matrix, competing, np.ones(len(channels), np.float32), np.zeros(len(channels), np.float32)
    )


def _spread(channel: str) -> tuple[tuple[str, float], ...]:
    if channel.endswith("*"):
        return ((channel[:-1] + "Left", 0.5), (channel[:-1] + "Right", 0.5))
    if channel not in ARKIT_INDEX:
        raise FaceError(f"“{channel}” is no ARKit channel: correct it in the retarget file.")
    return ((channel, 1.0),)
