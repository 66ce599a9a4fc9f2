"""Control rigs: shape keys that follow drivers, moved by what these drivers read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.spaces import MotionSpace
from .base import Drive
from .expressions import Affine
from .keys import solve_back
from .turns import rotation_property, values_of_turn

FloatArray: TypeAlias = npt.NDArray[np.float32]

_ROUNDS = 60
_SETTLED = 1e-5
_RESTING = 1e-3
"""How much a source that changes nothing is drawn to its rest."""


@dataclass(frozen=True)
class Source:
    """One number that drivers read: what it is called, where it rests, and how far it may go."""

    name: str
    rest: float = 0.0
    low: float = -10.0
    high: float = 10.0


@dataclass(frozen=True)
class Row:
    """One driven key: the number of the value of the keys' drive that it should show, what it reads of the sources,
    and the limits of its slider."""

    number: int
    reads: Affine
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Turn:
    """A bone that turns by a quaternion or an axis and an angle: sources are the angles about its three axes."""

    sources: tuple[str, str, str]
    mode: str


@dataclass(frozen=True, eq=False)
class SolvedDrive:
    """The sources for which driven keys come nearest to what `base` wants of them.

    base: the drive of the shape keys; rows: the driven ones; sources: what they read; turns: bone → how its sources
    become curves.  The values are the sources that are no turns, in order, then 3 or 4 of each turn.
    """

    base: Drive
    rows: Sequence[Row]
    sources: Sequence[Source]
    turns: Mapping[str, Turn] = field(default_factory=dict)

    @property
    def space(self) -> MotionSpace:
        return self.base.space

    @cached_property
    def plain(self) -> tuple[int, ...]:
        """The numbers of the sources that are curves themselves."""
        turned = {name for turn in self.turns.values() for name in turn.sources}
        return tuple(number for number, source in enumerate(self.sources) if source.name not in turned)

    @cached_property
    def curves(self) -> tuple[str, ...]:
        turned = [
            f"{bone}.{rotation_property(turn.mode)[0]}[{index}]"
            for bone, turn in self.turns.items()
            for index in range(rotation_property(turn.mode)[1])
        ]
        return (*(self.sources[number].name for number in self.plain), *turned)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {source.name: number for number, source in enumerate(self.sources)}

    @cached_property
    def _matrix(self) -> npt.NDArray[np.float64]:
        """(rows, sources)."""
        matrix = np.zeros((len(self.rows), len(self.sources)))
        for row, driven in zip(matrix, self.rows, strict=True):
            for name, factor in driven.reads.factors.items():
                row[self._place[name]] += factor
        return matrix

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, width of the space) as values (frames, curves)."""
        found = self.solve(self.base(motion))
        values = [found[:, list(self.plain)]]
        for turn in self.turns.values():
            angles = np.stack([self._of(found, name) for name in turn.sources], axis=1)
            values.append(values_of_turn(angles, turn.mode).astype(np.float64))
        return np.concatenate(values, axis=1).astype(np.float32)

    def _of(self, found: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
        return found[:, self._place[name]] if name in self._place else np.zeros(len(found))

    def solve(self, wanted: FloatArray) -> npt.NDArray[np.float64]:
        """(frames, sources) for which the keys come nearest to (frames, values of `base`); each source in turn, so that
        the few that a key reads settle within a few rounds.  What a slider cuts off counts as reached."""
        matrix = self._matrix
        low = np.array([max(row.low, row.reads.low) for row in self.rows])
        high = np.array([min(row.high, row.reads.high) for row in self.rows])
        target = np.clip(np.asarray(wanted, np.float64)[:, [row.number for row in self.rows]], low, high)
        rest = np.array([source.rest for source in self.sources])
        found = np.repeat(rest[None], len(target), axis=0)
        shown = np.array([row.reads.constant for row in self.rows]) + found @ matrix.T
        for _ in range(_ROUNDS):
            farthest = 0.0
            for number, source in enumerate(self.sources):
                factors = matrix[:, number]
                reads = np.flatnonzero(factors)
                if not len(reads):
                    continue
                here, goal, share = shown[:, reads], target[:, reads], factors[reads]
                reached = ((here <= low[reads]) & (goal <= low[reads])) | (
                    (here >= high[reads]) & (goal >= high[reads])
                )
                weight = np.where(reached, 0.0, share**2)
                pull = np.where(reached, 0.0, (goal - here) * share).sum(axis=1)
                least = _RESTING * float((share**2).max())
                step = (pull + least * (rest[number] - found[:, number])) / (weight.sum(axis=1) + least)
                moved = np.clip(found[:, number] + step, source.low, source.high) - found[:, number]
                found[:, number] += moved
                shown[:, reads] += moved[:, None] * share
                farthest = max(farthest, float(np.abs(moved * np.abs(share).max()).max(initial=0.0)))
            if farthest < _SETTLED:
                break
        return found

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
        """The channels, by name, for which the sources have the values `changed` (by curve)."""
        return solve_back(self, pose, changed)
