"""The Python that the engine is made from where Blender's own is too new: named, found here, or fetched by uv."""

import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from kmtalk_core.errors import KMTalkError
from kmtalk_core.progress import finish

HERE = sys.version_info[:2]
NAME = "python{}.{}".format(*HERE)
needs_links = pytest.mark.skipif(os.name == "nt", reason="a Python is put on the path by a link")


@pytest.fixture
def interpreters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, in a Blender whose Python is 3.14, with this test's Python as the only one that fits."""
    module = importlib.import_module("kmtalk_addon.engine.interpreters")
    install = importlib.import_module("kmtalk_addon.engine.install")
    monkeypatch.setenv("KMTALK_DATA", str(tmp_path / "größe 音"))
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    for each in (module, install):
        monkeypatch.setattr(each, "blenders_own", lambda: (3, 14))
    return module


def place(folder: Path) -> Path:
    """This Python, under its own name in a folder."""
    folder.mkdir()
    link = folder / NAME
    link.symlink_to(Path(sys.base_prefix) / "bin" / NAME)
    return link


@needs_links
def test_one_that_starts_is_found_behind_a_stand_in(
    interpreters: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KMTalkError, match=r"Blender's Python is 3\.14 where the engine needs 3\.11, 3\.12 or 3\.13"):
        interpreters.base_python()
    stand_in = tmp_path / "shims"
    stand_in.mkdir()
    (stand_in / NAME).write_text("#!/bin/sh\nexit 127\n")
    (stand_in / NAME).chmod(0o755)
    real = place(tmp_path / "real")
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, (stand_in, real.parent))))
    assert interpreters.base_python() == real


@needs_links
def test_the_one_that_is_named_is_taken_or_refused(interpreters: Any, tmp_path: Path) -> None:
    real = place(tmp_path / "my Python")
    assert interpreters.base_python(named=f'"{real}"') == real
    (tmp_path / "notes.txt").write_text("nothing that starts")
    for wrong in (tmp_path / "notes.txt", tmp_path / "nowhere", tmp_path):
        with pytest.raises(KMTalkError, match=r"is no Python 3\.11, 3\.12 or 3\.13 that can make environments: choose"):
            interpreters.base_python(named=str(wrong))


@needs_links
def test_an_engine_of_another_python_is_made_from_a_folder(
    interpreters: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = importlib.import_module("kmtalk_addon.engine.install")
    python = importlib.import_module("kmtalk_addon.engine.python")
    monkeypatch.setenv("PATH", str(place(tmp_path / "real").parent))
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "torch-2.13.0-cp{0}{1}-cp{0}{1}-any.whl".format(*HERE)).touch()
    with pytest.raises(KMTalkError, match=r"No numpy.* was found"):  # which pip says, in the environment that was made
        finish(install.install("cpu", wheels))
    assert interpreters.fits(python.environment_python(python.building_folder()), [HERE])


@pytest.fixture
def uv(interpreters: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, with the real uv where the preferences' installation puts it."""
    import uv as package  # of the tests' own packages

    module = importlib.import_module("kmtalk_addon.engine.uv")
    module.folder().mkdir(parents=True)
    shutil.copy2(package.find_uv_bin(), module.folder() / module.PROGRAM)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", "http://127.0.0.1:9")  # nobody listens there
    return module


def test_a_server_of_pythons_that_is_away_is_named(uv: Any) -> None:
    with pytest.raises(
        KMTalkError, match=r"is 3\.14 where .* no connection to 127\.0\.0\.1.*: install Python 3\.13 and press Resume"
    ):
        finish(uv.python([(3, 13), (3, 12)]))


@needs_links
def test_a_python_that_uv_knows_of_is_used(uv: Any, interpreters: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = uv.folder() / "pythons" / "cpython-{}.{}.{}-linux-x86_64-gnu".format(*sys.version_info[:3])
    kept.parent.mkdir()
    place(kept)
    (kept / "bin").mkdir()
    (kept / NAME).rename(kept / "bin" / NAME)
    found = finish(uv.python([HERE]))
    assert interpreters.fits(found, [HERE])


def test_it_is_removed_with_the_engine(uv: Any) -> None:
    importlib.import_module("kmtalk_addon.engine.install").uninstall()
    assert not uv.folder().exists()


def test_the_lock_names_the_program_of_every_system() -> None:
    locked = importlib.import_module("kmtalk_addon.engine.locked")
    uv = importlib.import_module("kmtalk_addon.engine.uv")
    (digests,) = locked.hashes(uv.LOCK).values()
    assert len(digests) == 3


@pytest.mark.parametrize(("mac", "is_older"), [("12.7.6", True), ("13.6", True), ("14.0", False), ("26.1", False)])
def test_an_older_mac_gets_the_last_pytorch_that_runs_there(mac: str, is_older: bool) -> None:
    locked = importlib.import_module("kmtalk_addon.engine.locked")
    promises = importlib.import_module("kmtalk_addon.engine.promises")
    assert promises.is_older_mac(mac) == is_older
    (torch,) = locked.pins_for(is_older)["torch"]
    assert torch == ("torch==2.11.0" if is_older else "torch==2.13.0")
    assert locked.pins_for(is_older).keys() == locked.pins().keys()
