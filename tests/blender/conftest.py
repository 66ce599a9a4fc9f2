"""Real Blender, as a module in this process, with the add-on registered for as long as the tests run."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from kmtalk_addon import registration  # noqa: E402
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES  # noqa: E402
from kmtalk_core.motion.spaces import ARKIT  # noqa: E402
from kmtalk_core.take import Key, Take, Track  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def registered() -> Iterator[None]:
    """What is still registered at the interpreter's exit makes Blender crash."""
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def scene() -> Any:
    """An empty file's scene."""
    bpy.ops.wm.read_homefile(use_empty=True)
    return bpy.context.scene


@pytest.fixture
def add_mesh(scene: Any) -> Callable[[str, Sequence[str]], Any]:
    """Adds a triangle with the shape keys that are named; each moves one corner by one metre along x."""

    def add(name: str, keys: Sequence[str] = ARKIT_NAMES) -> Any:
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
        item = bpy.data.objects.new(name, mesh)
        scene.collection.objects.link(item)
        item.shape_key_add(name="Basis")
        for key in keys:
            item.shape_key_add(name=key).data[0].co.x = 1.0
        return item

    return add


@pytest.fixture(scope="session")
def take() -> Take:
    """A second and a half of lively motion at 30 fps with a key on every third frame, some of it past 1."""
    frames, fps = 45, 30.0
    generator = np.random.default_rng(7)
    motion = generator.random((frames, len(ARKIT_NAMES))).astype(np.float32)
    motion[:, ARKIT_INDEX["jawOpen"]] *= 1.4
    motion[:, ARKIT_INDEX["browInnerUp"]] = 0.0
    labels = ("sil", "AA1", "m", "tʃ")
    at = sorted({*range(0, frames, 3), frames - 1})
    keys = tuple(Key(f, f / fps, labels[i % 4], 1.0, motion[f]) for i, f in enumerate(at))
    return Take((Track(ARKIT, motion),), keys, fps=fps)


@pytest.fixture(scope="session")
def evaluated() -> Callable[[Any, str], float]:
    """The value that a shape key of an object has in the evaluated scene, which is what is seen."""

    def value(item: Any, key: str) -> float:
        graph = bpy.context.evaluated_depsgraph_get()
        return float(item.data.shape_keys.evaluated_get(graph).key_blocks[key].value)

    return value
