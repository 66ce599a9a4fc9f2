"""The skin of a face with the coordinates that its shapes are written in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...motion.mesh import Array, Mesh
from ..recognize.slits import Slit
from .jaw import Jaw, smoothstep


@dataclass(frozen=True)
class Rig:
    """A skin in face axes (X to the character's left, Y up, Z forward), lips sealed.

    points: landmarks in face axes; mouth, eyes: slits where there are any; eye_radius: of the eyeballs.
    """

    mesh: Mesh
    points: dict[str, Array]
    mouth: Slit | None
    eyes: dict[str, Slit]
    eye_radius: float
    jaw: Jaw

    @property
    def vertices(self) -> Array:
        return self.mesh.vertices

    @cached_property
    def width(self) -> float:
        """Of the mouth: the unit of all that lips do."""
        return float(np.linalg.norm(self.points["mouth_left"] - self.points["mouth_right"]))

    @cached_property
    def face(self) -> float:
        """How high the eyes are above the lips: the unit of brows and cheeks."""
        return float(0.5 * (self.points["eye_left"] + self.points["eye_right"])[1] - self.lips[1])

    @cached_property
    def lips(self) -> Array:
        """The middle of the line between the lips."""
        return 0.5 * (self.points["upper_lip"] + self.points["lower_lip"])

    @cached_property
    def middle(self) -> float:
        """X between the corners of the mouth."""
        return float(0.5 * (self.points["mouth_left"][0] + self.points["mouth_right"][0]))

    @cached_property
    def across(self) -> Array:
        """(V,) where a vertex lies between the corners: −1 the right one, 1 the left one, more outside."""
        return (self.vertices[:, 0] - self.middle) / (0.5 * self.width_across)

    @cached_property
    def from_line(self) -> Array:
        """(V, 3) offset of each vertex from the line where the lips meet, straight ahead of it within the mouth.

        The line is smooth and runs on a little beyond the corners, so that nothing creases there.
        """
        x = np.clip(self.across, -1.3, 1.3)
        line = np.stack([np.clip(self.across, -1.0, 1.0), *(np.polyval(fit, x) for fit in self._line)], axis=1)
        nearest = np.stack([self.middle + 0.5 * self.width_across * line[:, 0], line[:, 1], line[:, 2]], axis=1)
        return self.vertices - nearest

    @cached_property
    def width_across(self) -> float:
        return float(self.points["mouth_left"][0] - self.points["mouth_right"][0])

    @cached_property
    def _line(self) -> tuple[Array, Array]:
        """Polynomials of Y and Z over `across`."""
        if self.mouth is None:
            right, left = self.points["mouth_right"], self.points["mouth_left"]
            line = np.stack([right, self.lips, left])
            ends = np.array([-1.0, 0.0, 1.0])
            return np.polyfit(ends, line[:, 1], 2), np.polyfit(ends, line[:, 2], 2)
        line = 0.5 * (self.mouth.upper + self.mouth.lower)
        across = (line[:, 0] - self.middle) / (0.5 * self.width_across)
        return np.polyfit(across, line[:, 1], 4), np.polyfit(across, line[:, 2], 2)

    @cached_property
    def distance(self) -> Array:
        """(V,) from the line of the lips, in widths of the mouth."""
        return np.linalg.norm(self.from_line, axis=1) / self.width

    @cached_property
    def lower(self) -> Array:
        """(V,) 1 on the lower lip and all that the jaw carries, 0 above."""
        return self.jaw.weight

    @cached_property
    def upper(self) -> Array:
        return 1.0 - self.jaw.weight

    @cached_property
    def parted(self) -> Array:
        """(V,) 1 in the middle of the mouth, falling to 0 a little outside its corners."""
        return np.cos(0.5 * np.pi * np.clip(np.abs(self.across) / 1.12, 0.0, 1.0)) ** 2

    @cached_property
    def under_nose(self) -> Array:
        """(V,) 1 around the lips, 0 from the base of the nose upwards."""
        return smoothstep(1.45 * self._nose, 0.75 * self._nose, self.vertices[:, 1] - self.lips[1])

    @cached_property
    def beside_nose(self) -> Array:
        """(V,) the same, fading so slowly that skin which is drawn together forms no ridge."""
        return smoothstep(2.1 * self._nose, 0.35 * self._nose, self.vertices[:, 1] - self.lips[1])

    @cached_property
    def _nose(self) -> float:
        """How high the base of the nose is above the lips."""
        return max(float(self.points["subnasale"][1] - self.lips[1]), 0.12 * self.face)

    def side(self, name: str, sharpness: float = 0.45) -> Array:
        """(V,) 1 on one side of the face, 0 on the other, a half in the middle; the two sides add up to 1."""
        left = smoothstep(-sharpness, sharpness, self.across)
        return left if name == "left" else 1.0 - left

    def around_lips(self, radius: float) -> Array:
        """(V,) 1 on the line of the lips, 0 from `radius` (in widths) on."""
        return hill(self.distance, radius)

    def around(self, point: Array, radius: float) -> Array:
        """(V,) 1 at a point, 0 from `radius` (in the mesh's units) on."""
        return hill(np.linalg.norm(self.vertices - point, axis=1), radius)

    def moved(self, x: Array | float, y: Array | float, z: Array | float) -> Array:
        """(V, 3) an offset in widths of the mouth; sideways it follows the curve of the teeth."""
        count = len(self.vertices)
        dx, dy, dz = (np.broadcast_to(np.asarray(value, np.float64), (count,)) * self.width for value in (x, y, z))
        radius = self.arch_radius
        reach = np.clip((self.vertices[:, 0] - self.middle) / radius, -0.9, 0.9)
        slope = -reach / np.sqrt(1.0 - reach**2)
        along = 1.0 / np.sqrt(1.0 + slope**2)
        return np.stack([dx * along, dy, dz + dx * slope * along], axis=1)

    @cached_property
    def arch_radius(self) -> float:
        """Radius of the arch that lips slide along, from how far the corners lie behind the middle."""
        half = 0.5 * self.width
        corners = 0.5 * (self.points["mouth_left"] + self.points["mouth_right"])
        depth = float(np.clip(self.lips[2] - corners[2], 0.05 * self.width, 0.45 * self.width))
        return (half**2 + depth**2) / (2.0 * depth)


def hill(distance: Array, radius: float) -> Array:
    """Smooth from 1 at no distance to 0 at `radius`."""
    return np.asarray(np.clip(1.0 - (distance / radius) ** 2, 0.0, 1.0) ** 3, np.float64)
