"""Motion spaces: what the numbers of one frame mean.  Nothing else in the code asks which data set it is."""

from dataclasses import dataclass

from .arkit import ARKIT_NAMES


@dataclass(frozen=True)
class MotionSpace:
    """Name, number of values a frame (`width`), frames a second, and channel names where each value has one.

    `vertices` is the vertex count of a topology (the values are then x y z offsets from the neutral mesh in `unit`),
    or 0 for a space of blendshape coefficients.
    """

    name: str
    width: int
    fps: float
    channels: tuple[str, ...] = ()
    vertices: int = 0
    unit: str = "coefficient"


ARKIT = MotionSpace("arkit", len(ARKIT_NAMES), 30.0, channels=ARKIT_NAMES)
VOCASET = MotionSpace("vocaset", 5023 * 3, 30.0, vertices=5023, unit="metre")
BIWI = MotionSpace("biwi", 23370 * 3, 25.0, vertices=23370, unit="head")

SPACES: dict[str, MotionSpace] = {space.name: space for space in (ARKIT, VOCASET, BIWI)}
