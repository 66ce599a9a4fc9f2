"""Turns of bones, as radians about an axis, in the values of Blender's rotation modes, and back."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
Vector: TypeAlias = npt.NDArray[np.float64]


def values_of_turn(turn: Vector, mode: str) -> FloatArray:
    """(frames, 3) radians about an axis as (frames, 3 or 4) values of a rotation mode."""
    angle = np.linalg.norm(turn, axis=1)
    axis = turn / np.maximum(angle, 1e-12)[:, None]
    if mode == "QUATERNION":
        half = 0.5 * angle[:, None]
        return np.concatenate([np.cos(half), np.sin(half) * axis], axis=1).astype(np.float32)
    if mode == "AXIS_ANGLE":
        axis = np.where(angle[:, None] > 1e-9, axis, [0.0, 1.0, 0.0])
        return np.concatenate([angle[:, None], axis], axis=1).astype(np.float32)
    return _euler(axis, angle, mode).astype(np.float32)


def turn_of_values(values: Vector, mode: str) -> Vector:
    """(3,) radians about an axis, of at most half a turn, that the values of a rotation mode stand for."""
    if mode == "AXIS_ANGLE":
        length = float(np.linalg.norm(values[1:]))
        turn: Vector = values[0] * values[1:] / max(length, 1e-12)
        return turn
    quaternion = values if mode == "QUATERNION" else _quaternion_of(values, mode)
    quaternion = quaternion * (-1.0 if quaternion[0] < 0 else 1.0)
    sine = float(np.linalg.norm(quaternion[1:]))
    return np.asarray(2 * np.arctan2(sine, quaternion[0]) * quaternion[1:] / max(sine, 1e-12))


def rotation_property(mode: str) -> tuple[str, int]:
    """The property of a pose bone that a rotation mode uses, and how many values it has."""
    named = {"QUATERNION": ("rotation_quaternion", 4), "AXIS_ANGLE": ("rotation_axis_angle", 4)}
    return named.get(mode, ("rotation_euler", 3))


def _quaternion_of(angles: Vector, order: str) -> Vector:
    """(4,) w x y z of the turns about X, Y and Z by `angles`, made in `order`."""
    total = np.array([1.0, 0.0, 0.0, 0.0])
    for letter in order:
        axis = "XYZ".index(letter)
        turn = np.zeros(4)
        turn[0], turn[1 + axis] = np.cos(angles[axis] / 2), np.sin(angles[axis] / 2)
        real = turn[0] * total[0] - turn[1:] @ total[1:]
        total = np.concatenate([[real], turn[0] * total[1:] + total[0] * turn[1:] + np.cross(turn[1:], total[1:])])
    return total


def _euler(axis: Vector, angle: Vector, order: str) -> Vector:
    """(frames, 3) the angles about X, Y and Z that, applied in `order`, turn by `angle` about `axis`."""
    i, j, k = ("XYZ".index(letter) for letter in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    c, s = np.cos(angle), np.sin(angle)
    cross = np.zeros((len(axis), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    cross -= cross.transpose(0, 2, 1)
    matrix = c[:, None, None] * np.eye(3) + s[:, None, None] * cross
    matrix += (1.0 - c)[:, None, None] * axis[:, :, None] * axis[:, None, :]
    angles = np.zeros((len(axis), 3))
    angles[:, j] = np.arcsin(np.clip(-sign * matrix[:, k, i], -1.0, 1.0))
    angles[:, i] = np.arctan2(sign * matrix[:, k, j], matrix[:, k, k])
    angles[:, k] = np.arctan2(sign * matrix[:, j, i], matrix[:, i, i])
    return angles
