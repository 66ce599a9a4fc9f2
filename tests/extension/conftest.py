"""Blender as a module, with the extension enabled from the checkout through a local repository of extensions."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "kmtalk_tests"
MODULE = f"bl_ext.{REPOSITORY}.kmtalk"


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The extension's package, enabled in a Blender of its own settings."""
    folder = tmp_path_factory.mktemp("blender")
    os.environ["BLENDER_USER_RESOURCES"] = str(folder / "resources")
    os.environ["KMTALK_DATA"] = str(folder / "data")
    os.environ["KMTALK_PYTHON"] = sys.executable
    bpy = pytest.importorskip("bpy")
    import addon_utils

    repository = folder / "repository"
    repository.mkdir()
    (repository / "kmtalk").symlink_to(ROOT, target_is_directory=True)
    bpy.context.preferences.extensions.repos.new(
        name=REPOSITORY, module=REPOSITORY, custom_directory=str(repository), remote_url=""
    )
    module = addon_utils.enable(MODULE, default_set=True)
    assert module is not None
    yield module
    addon_utils.disable(MODULE, default_set=True)


@pytest.fixture
def addon(extension: ModuleType) -> Any:
    """`addon("jobs.runner")` imports a module of the add-on as Blender knows it."""
    return lambda name: importlib.import_module(f"{MODULE}.kmtalk_addon.{name}")
