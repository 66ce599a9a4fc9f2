"""Motion spaces: what the numbers of one frame mean.

Nothing else in the code asks which space it is: it asks what a space has (names, regions, limits, vertices).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .arkit import ARKIT_NAMES, ARKIT_REGIONS

FloatArray: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.intp]

REGIONS = ("mouth", "upper", "eyes", "head", "chest")
"""`mouth`: jaw, lips, tongue; `upper`: brows, cheeks, nose; `eyes`: lids and gaze; `head`; `chest`: and shoulders."""


@dataclass(frozen=True)
class Channel:
    """What one number of a frame is: its `unit`, its limits, and the region of the face out of `REGIONS`."""

    name: str
    unit: str
    low: float
    high: float
    region: str


@dataclass(frozen=True)
class MotionSpace:
    """A named set of channels, or of the vertices of a topology, at a rate of its own (`fps`, frames a second).

    `vertices` is the vertex count of a topology, 0 in a space of channels: the values are then x y z offsets from the
    neutral mesh in `unit`, without names or limits.
    """

    name: str
    fps: float
    channels: tuple[Channel, ...] = ()
    vertices: int = 0
    unit: str = "coefficient"

    @cached_property
    def width(self) -> int:
        """Values a frame."""
        return 3 * self.vertices + len(self.channels)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the values; empty for vertices."""
        return tuple(channel.name for channel in self.channels)

    @property
    def has_names(self) -> bool:
        return bool(self.channels)

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def index_of(self, name: str) -> int:
        """The place of a channel.  Raises KeyError where there is none of that name."""
        return self._indices[name]

    def indices_of(self, names: Iterable[str]) -> IntArray:
        """The places of those of `names` that the space has, in their order."""
        return np.array([self._indices[name] for name in names if name in self._indices], np.intp)

    def in_region(self, *regions: str) -> IntArray:
        """The places of the channels in any of `regions`, rising; none in a space of vertices."""
        return np.array([i for i, channel in enumerate(self.channels) if channel.region in regions], np.intp)

    @cached_property
    def low(self) -> FloatArray:
        """(width,) least values; (1,) minus infinity for vertices, which have no limits."""
        return np.array([channel.low for channel in self.channels] or [-np.inf], np.float32)

    @cached_property
    def high(self) -> FloatArray:
        """(width,) greatest values; (1,) infinity for vertices."""
        return np.array([channel.high for channel in self.channels] or [np.inf], np.float32)


ARKIT = MotionSpace("arkit", 30.0, tuple(Channel(n, "coefficient", 0.0, 1.0, ARKIT_REGIONS[n]) for n in ARKIT_NAMES))
HEAD = MotionSpace(
    "head",
    30.0,
    tuple(Channel(name, "radian", -np.pi / 2, np.pi / 2, "head") for name in ("yaw", "pitch", "roll")),
    unit="radian",
)
"""The head against the neck: yaw positive to the character's left, pitch positive chin down, roll positive to the
character's right shoulder."""
CHEST = MotionSpace("chest", 30.0, (Channel("rise", "share", 0.0, 1.0, "chest"),), unit="share")
"""How far chest and shoulders are up: 1 after a deep breath in."""
VOCASET = MotionSpace("vocaset", 30.0, vertices=5023, unit="metre")
BIWI = MotionSpace("biwi", 25.0, vertices=23370, unit="head")

SPACES: dict[str, MotionSpace] = {space.name: space for space in (ARKIT, HEAD, CHEST, VOCASET, BIWI)}
