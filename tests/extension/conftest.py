"""Blender as a module, with the extension enabled from the checkout through a local repository of extensions."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from faces_at_work import STARTER, make_face

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "kmtalk_tests"
MODULE = f"bl_ext.{REPOSITORY}.kmtalk"
RANDOM_WEIGHTS = """
import sys, torch
from pathlib import Path
from kmtalk_core.model import checkpoint, config
from kmtalk_core.model.kmtalk import KMTalk
torch.manual_seed(0)
model = KMTalk(config.preset("starter"))
for head in (model.key_motion_decoder.head, model.multimodal_guided_decoder.head):  # untrained they give no motion
    torch.nn.init.normal_(head.weight, std=0.02)
    torch.nn.init.constant_(head.bias, 0.2)
checkpoint.save(model, Path(sys.argv[1]), "random")
"""


def _link(place: Path, folder: Path) -> None:
    """Have `folder` under another name; on Windows by a junction, which needs no right of its own."""
    if sys.platform == "win32":
        import _winapi

        _winapi.CreateJunction(str(folder), str(place))
    else:
        place.symlink_to(folder, target_is_directory=True)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint: the starter weights, or random ones of the same shape in a checkout without them."""
    if (STARTER / "model.safetensors").exists():
        return STARTER
    folder = tmp_path_factory.mktemp("weights") / "random"
    subprocess.run([sys.executable, "-c", RANDOM_WEIGHTS, str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[ModuleType]:
    """The extension's package, enabled in a Blender of its own settings, with this Python as its engine."""
    folder = tmp_path_factory.mktemp("blender")
    os.environ["BLENDER_USER_RESOURCES"] = str(folder / "resources")
    os.environ["KMTALK_DATA"] = str(folder / "data")
    os.environ.setdefault("KMTALK_PYTHON", sys.executable)
    bpy = pytest.importorskip("bpy")
    import addon_utils

    repository = folder / "repository"
    repository.mkdir()
    _link(repository / "kmtalk", ROOT)
    bpy.context.preferences.extensions.repos.new(
        name=REPOSITORY, module=REPOSITORY, custom_directory=str(repository), remote_url=""
    )
    module = addon_utils.enable(MODULE, default_set=True)
    assert module is not None
    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.weights, preferences.device = str(weights), "CPU"
    yield module
    addon_utils.disable(MODULE, default_set=True)


@pytest.fixture(scope="session")
def addon(extension: ModuleType) -> Callable[[str], Any]:
    """`addon("jobs.runner")` imports a module of the add-on as Blender knows it."""
    return lambda name: importlib.import_module(f"{MODULE}.kmtalk_addon.{name}")


@pytest.fixture
def by_pytorch(extension: ModuleType) -> Iterator[None]:
    """Whatever is animated is animated by a worker beside Blender."""
    import bpy

    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.engine = "PYTORCH"
    yield
    preferences.engine = "AUTO"


@pytest.fixture
def scene(extension: ModuleType) -> Any:
    """An empty scene at 24 frames a second."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0
    scene.kmtalk.transcript = "NONE"
    return scene


@pytest.fixture
def head(scene: Any) -> Any:
    """A mesh with the shape keys of ARKit, active."""
    return make_face(scene, "Head")


@pytest.fixture
def add_strip(scene: Any, speech: Path) -> Callable[..., Any]:
    """Adds the test sentence to the sequencer."""
    import bpy

    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender has no audio")

    def add(name: str = "line", frame: int = 1, channel: int = 1, path: Path = speech) -> Any:
        editor = scene.sequence_editor or scene.sequence_editor_create()
        strips = editor.strips if hasattr(editor, "strips") else editor.sequences
        return strips.new_sound(name=name, filepath=str(path), channel=channel, frame_start=frame)

    return add
