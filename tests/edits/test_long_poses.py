"""Poses of thousands of vertices come as arrays."""

import numpy as np

from kmtalk_core.edits import read_edits
from kmtalk_core.motion.spaces import SPACES
from kmtalk_core.take import Key, Take, Track


def test_an_edit_of_a_pose_may_be_an_array() -> None:
    space = SPACES["vocaset"]
    motion = np.zeros((4, space.width), np.float32)
    take = Take((Track(space, motion),), tuple(Key(n, n / 30, "a", 1.0, motion[n]) for n in (0, 2, 3)), fps=30.0)
    pose = np.full(space.width, 0.01, np.float32)
    (edit,) = read_edits([{"frame": 2, "pose": pose}], take).keys
    assert edit.pose is pose
    assert not read_edits([{"frame": 2}], take).keys
