"""Custom properties and drawings: values between a property's rest and its end, or one drawing after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.spaces import MotionSpace
from .base import Drive
from .keys import solve_back

FloatArray: TypeAlias = npt.NDArray[np.float32]

_CLOSED = 1.5
"""How much more a viseme of closed lips counts than others."""
_SEEN = 0.12
"""How much of a viseme its drawing needs to be shown instead of the mouth at rest."""


@dataclass(frozen=True, eq=False)
class PropertyDrive:
    """Properties that go from where they rest to where they show all of a key.

    base: the drive of the keys; numbers: which of its values each property takes; rest, span: (properties,).
    """

    base: Drive
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    rest: FloatArray
    span: FloatArray

    @property
    def space(self) -> MotionSpace:
        return self.base.space

    @property
    def curves(self) -> tuple[str, ...]:
        return self.names

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, width of the space) as values (frames, properties)."""
        return np.asarray(self.rest + self.base(motion)[:, list(self.numbers)] * self.span, np.float32)

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
        """The channels, by name, for which the properties have the values `changed`."""
        return solve_back(self, pose, changed)


@dataclass(frozen=True, eq=False)
class StepDrive:
    """One property that shows one drawing at a time: that of the strongest viseme.

    base: the drive of the visemes; steps: number of a viseme → the property's value; rest: its value at rest; least:
    frames that a drawing stays at least; twos: whether drawings change on every second frame only; closing: numbers of
    visemes of closed lips, which are seen as closed or not at all.
    """

    base: Drive
    name: str
    steps: Sequence[tuple[int, float]]
    rest: float
    least: int = 2
    twos: bool = False
    closing: frozenset[int] = frozenset()

    @property
    def space(self) -> MotionSpace:
        return self.base.space

    @property
    def curves(self) -> tuple[str, ...]:
        return (self.name,)

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, width of the space) as values (frames, 1), frame by frame."""
        return self.chosen(self.base(motion))[:, None]

    def stepped(self, weights: FloatArray) -> FloatArray:
        """Weights of all visemes (scene frames, values of `base`) as values (scene frames, 1) that change no more often
        than they may.  Of the frames that a drawing stays, what is strongest in one of them is shown, so that closed
        lips are never left out."""
        hold = max(self.least, 2 if self.twos else 1)
        grid = 2 if self.twos else 1
        found = np.empty(len(weights), np.int64)
        start = 0
        while start < len(weights):
            end = min(start + hold, len(weights))
            end = min(-(-end // grid) * grid, len(weights))
            found[start:end] = self._strongest(weights[start:end].max(axis=0, keepdims=True))[0]
            start = end
            while start < len(weights) and start % grid == 0:  # goes on as long as the same drawing is the strongest
                ahead = min(start + grid, len(weights))
                if self._strongest(weights[start:ahead].max(axis=0, keepdims=True))[0] != found[start - 1]:
                    break
                found[start:ahead] = found[start - 1]
                start = ahead
        return self._values[found][:, None]

    def chosen(self, weights: FloatArray) -> FloatArray:
        """(frames, values of `base`) as the drawing of the strongest viseme (frames,)."""
        return self._values[self._strongest(weights)]

    @property
    def _values(self) -> FloatArray:
        """(steps + 1,) what the property has for each step, and at rest."""
        return np.array([*(value for _, value in self.steps), self.rest], np.float32)

    def _strongest(self, weights: FloatArray) -> npt.NDArray[np.int64]:
        """(frames,) which step is the strongest; the last number for none of them."""
        own = weights[:, [number for number, _ in self.steps]]
        favoured = np.array([_CLOSED if number in self.closing else 1.0 for number, _ in self.steps])
        return np.where(own.max(axis=1) > _SEEN, (own * favoured).argmax(axis=1), len(self.steps))

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
        """The channels, by name, for which the drawing that was chosen by hand is the strongest."""
        value = next(iter(changed.values()))
        if abs(value - self.rest) < 0.5:
            wanted = {number: 0.0 for number, step in self.steps if abs(step - self.rest) >= 0.5}
        else:
            wanted = {number: float(abs(step - value) < 0.5) for number, step in self.steps}
        return dict(self.base.back(pose, wanted))  # type: ignore[arg-type]
