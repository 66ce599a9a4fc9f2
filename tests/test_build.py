"""The one door: it must open on any Python, from any folder, and not install twice."""

import ast
import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_script", ROOT / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def no_process(*command: object, **_: object) -> None:
    raise AssertionError(f"a process was started: {command}")


def test_it_is_written_for_old_pythons_and_the_standard_library_alone() -> None:
    tree = ast.parse((ROOT / "build.py").read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported <= set(sys.stdlib_module_names)


def test_help_works_from_another_folder(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / "build.py", "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    for command in ("demo", "test", "package", "bench", "train-starter"):
        assert command in done.stdout


def test_a_python_that_blender_is_published_for_is_found(build: ModuleType) -> None:
    assert build.python_version(build.find_python()) in build.SUPPORTED
    assert build.python_version(["no-such-python"]) is None


def test_an_environment_that_is_up_to_date_costs_nothing(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(build, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(build.subprocess, "run", no_process)
    project = build.hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    build.STAMP.write_text(f"{project} blender research test")
    build.ensure_environment(build.NEEDS["demo"])
    build.ensure_environment(build.NEEDS["test"])
    with pytest.raises(AssertionError, match="a process was started"):
        build.ensure_environment(["media"])
    build.STAMP.write_text("another blender research test")
    with pytest.raises(AssertionError, match="a process was started"):
        build.ensure_environment(build.NEEDS["demo"])


def test_the_first_command_of_a_newcomer_installs_no_pytorch(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(build, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(build, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(build, "answers", lambda url: True)
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    monkeypatch.setattr(build, "python_version", lambda command: build.SUPPORTED[0])
    done = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(build.subprocess, "run", lambda command, **_: asked.append(command) or done)
    build.ensure_environment(build.NEEDS["demo"])
    assert asked[-1][-1].endswith("[blender]")
    build.ensure_environment(build.NEEDS["test"])  # with it comes what is there already
    assert any(part.endswith("[blender,research,test]") for part in asked[-1])
    build.ensure_environment(build.NEEDS["bench"])
    assert len(asked) == 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert all(extra in project["optional-dependencies"] for extras in build.NEEDS.values() for extra in extras)
    assert not [name for name in project["dependencies"] if name.startswith(("torch", "transformers", "safetensors"))]


def test_who_may_not_install_packages_is_told_the_one_command(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(build.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(build.subprocess, "run", no_process)
    with pytest.raises(build.BuildError, match="sudo apt-get install -y --no-install-recommends libegl1 libgl1"):
        build.apt_install(["libegl1", "libgl1"])


@pytest.mark.parametrize("command", [["build.py", "package"], ["kmtalk_addon/package.py"]])
def test_a_platform_for_a_zip_that_is_for_all_is_refused(command: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / command[0], *command[1:], "--platform", "windows-x64"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "--platform goes with --full" in done.stderr and not done.stdout
