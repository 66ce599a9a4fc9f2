"""What a motion space has."""

import numpy as np
import pytest

from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.motion.spaces import ARKIT, BIWI, HEAD, REGIONS, SPACES, VOCASET


def test_every_channel_has_one_region_and_limits() -> None:
    for space in (ARKIT, HEAD):
        found = np.concatenate([space.in_region(region) for region in REGIONS])
        assert sorted(found.tolist()) == list(range(space.width))
        assert space.low.shape == space.high.shape == (space.width,) and (space.low < space.high).all()
        assert [space.index_of(name) for name in space.names] == list(range(space.width))


def test_the_regions_of_a_face_are_where_an_animator_looks_for_them() -> None:
    regions = {channel.name: channel.region for channel in ARKIT.channels}
    assert ARKIT.names == ARKIT_NAMES and len(ARKIT_NAMES) == 52
    mouth = {name for name, region in regions.items() if region == "mouth"}
    assert mouth == {name for name in ARKIT_NAMES if name.startswith(("jaw", "mouth", "tongue"))}
    assert {name for name, region in regions.items() if region == "eyes"} == {n for n in ARKIT_NAMES if n[:3] == "eye"}
    assert {channel.region for channel in HEAD.channels} == {"head"}


def test_vertices_have_neither_names_nor_limits() -> None:
    for space, count in ((VOCASET, 5023), (BIWI, 23370)):
        assert space.width == 3 * count and not space.has_names and not len(space.in_region(*REGIONS))
        assert np.isinf(space.low).all() and np.isinf(space.high).all()
        with pytest.raises(KeyError):
            space.index_of("jawOpen")
    assert set(SPACES) == {"arkit", "head", "chest", "vocaset", "biwi"}
