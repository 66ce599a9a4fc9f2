"""The keys of an f-curve are written within a window of frames, and all others stay to the bit."""

from typing import Any

import bpy
import numpy as np
import pytest

from kmtalk_addon import compat
from kmtalk_addon.take import columns as keys
from kmtalk_addon.take import fcurves, layers
from kmtalk_addon.take.columns import Columns
from kmtalk_addon.take.timing import Points

FIRST, LAST = 2000, 2100
EVERYWHERE = (-(1 << 20), 1 << 20)


@pytest.fixture
def curve(scene: Any) -> Any:
    """A curve of an action that an object plays, without keys."""
    item = bpy.data.objects.new("Empty", None)
    bpy.context.scene.collection.objects.link(item)
    item.animation_data_create()
    action = bpy.data.actions.new("a")
    slot = compat.ensure_slot(action, item)
    compat.assign(item.animation_data, action, slot)
    return compat.new_curve(action, compat.handle_of_slot(slot), "location", 0, "Group")


def on(frames: Any, seed: int = 0) -> Columns:
    """Keys of any value and of any kind at frames."""
    chance = np.random.default_rng(seed)
    at = np.asarray(frames, np.float32)
    count = len(at)
    points = Points(at.astype(np.int32), chance.random(count).astype(np.float32), chance.random(count) > 0.5)
    found = keys.of_points(points)
    found["co"][:, 0] = at
    found["handle_left"][:, 0], found["handle_right"][:, 0] = at - 0.25, at + 0.25
    return found


def differing(one: Columns, other: Columns) -> list[str]:
    return [name for name in one if not np.array_equal(one[name], other[name])]


def beside(curve: Any) -> Columns:
    whole = fcurves.read(curve, *EVERYWHERE)
    return keys.chosen(whole, (whole["co"][:, 0] < FIRST - 0.5) | (whole["co"][:, 0] > LAST + 0.5))


HERE = np.arange(FIRST, LAST + 1)
FRAMES = {
    "none": [],
    "one": [FIRST + 3],
    "both ends": [FIRST, LAST],
    "every frame": HERE,
    "every third": HERE[::3],
    "all but one": np.delete(HERE, 50),
    "few in no order of gaps": HERE[[0, 1, 5, 8, 9, 40, 41, 42, 43, 99]],
    "between frames": HERE[:-1] + 0.5,
    "some between frames": [*HERE[:20], FIRST + 30.25, *HERE[40:]],
}


@pytest.mark.parametrize("after", FRAMES)
@pytest.mark.parametrize("before", ["none", "both ends", "every frame", "every third", "between frames"])
@pytest.mark.parametrize("others", ["before and after", "few after", "before", "none"])
def test_a_window_of_keys_is_written_and_no_other_key_is_touched(
    curve: Any, before: str, after: str, others: str
) -> None:
    far = {
        "before and after": [*range(-500, FIRST - 10), *range(LAST + 10, 4000)],
        "few after": [*range(FIRST - 20, FIRST - 10), *range(LAST + 10, LAST + 15)],
        "before": [*range(-500, FIRST - 10)],
        "none": [],
    }[others]
    fcurves.write(curve, *EVERYWHERE, keys.joined([on(far, 1), on(FRAMES[before], 2)]))
    was, wanted = beside(curve), on(FRAMES[after], 3)
    assert keys.count_of(was) == len(far)
    fcurves.write(curve, FIRST, LAST, wanted)
    assert not differing(fcurves.read(curve, FIRST, LAST), wanted)
    assert not differing(beside(curve), was)
    frames = [point.co[0] for point in curve.keyframe_points]
    assert frames == sorted(frames)


def test_who_holds_a_frame_is_the_same_for_many_lines_as_for_few() -> None:
    chance = np.random.default_rng(5)
    starts = np.sort(chance.integers(-300, 3000, 60)).tolist()
    reaches = [
        layers.Reach(str(n), first, first + int(chance.integers(0, 200)), 5, 9) for n, first in enumerate(starts)
    ]
    frames = chance.permutation(np.arange(-400, 3400, dtype=np.int32))
    assert np.array_equal(layers.Holders(reaches).at(frames), layers.owners(reaches, frames))
    assert (layers.Holders([]).at(frames) == -1).all()
