"""What a head is made of, as data; NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class HeadPart:
    """One mesh of the head, in metres and Blender axes (Z up, face towards −Y, character's left at +X)."""

    name: str
    vertices: npt.NDArray[np.float32]  # (V, 3)
    polygons: tuple[tuple[int, ...], ...]
    materials: tuple[str, ...]
    material_index: npt.NDArray[np.int32]  # (P,) into `materials`
    shapes: dict[str, npt.NDArray[np.float32]]  # ARKit name -> (V, 3) offsets from `vertices`


@dataclass(frozen=True)
class Head:
    """All parts of a head; shapes of the same name in several parts belong together."""

    parts: tuple[HeadPart, ...]
    materials: dict[str, tuple[float, float, float, float]]
    landmarks: dict[str, npt.NDArray[np.float32]]  # name -> (3,) point on the neutral head

    def part(self, name: str) -> HeadPart:
        """The part called `name`; KeyError if there is none."""
        return {part.name: part for part in self.parts}[name]
