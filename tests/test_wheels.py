"""Wheels for other systems than this one: made up, small, and wrong in every way that matters."""

import zipfile
from pathlib import Path

import pytest

from kmtalk_addon import wheels

LOCK = "big==2.0 \\\n    --hash=sha256:{0}\nsmall==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{0}\n".format(
    "0" * 64
)


def make(folder: Path, name: str, *needs: str) -> None:
    project, version = name.split("-")[:2]
    with zipfile.ZipFile(folder / name, "w") as file:
        lines = [f"Name: {project}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
        file.writestr(f"{project}-{version}.dist-info/METADATA", "Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "made-up.lock"
    path.write_text(LOCK)
    return path


def test_the_lock_is_read_for_another_system(lock: Path) -> None:
    names = [line.split()[0] for line in wheels.locked("windows-x64", "3.13", lock)]
    assert names == ["big==2.0", "small==1.0"]
    assert [line.split()[0] for line in wheels.locked("macos-arm64", "3.11", lock)] == ["big==2.0"]


def test_what_is_whole_has_no_problems(lock: Path, tmp_path: Path) -> None:
    make(tmp_path, "big-2.0-cp313-cp313-win_amd64.whl", "small>=1 ; sys_platform == 'win32'", "other ; extra == 'x'")
    make(tmp_path, "small-1.0-py3-none-any.whl")
    assert wheels.problems(tmp_path, "windows-x64", "3.13", lock) == []


def test_wheels_of_another_system_or_python_do_not_count(lock: Path, tmp_path: Path) -> None:
    make(tmp_path, "big-2.0-cp313-cp313-manylinux_2_28_x86_64.whl")
    assert wheels.problems(tmp_path, "macos-arm64", "3.13", lock) == ["big 2.0 is missing"]
    assert wheels.problems(tmp_path, "linux-x64", "3.11", lock) == ["big 2.0 is missing"]
    assert wheels.problems(tmp_path, "linux-x64", "3.13", lock) == []


def test_a_requirement_that_nothing_meets_is_told(lock: Path, tmp_path: Path) -> None:
    make(tmp_path, "big-2.0-cp38-abi3-macosx_11_0_arm64.whl", "small>=3", "tiny")
    make(tmp_path, "small-1.0-py2.py3-none-any.whl")
    assert wheels.problems(tmp_path, "macos-arm64", "3.11", lock) == [
        "big needs small>=3, and 1.0 of it is there",
        "big needs tiny, and nothing of it is there",
    ]


def test_the_engines_own_lock_has_torch_for_every_system() -> None:
    for system in wheels.SYSTEMS:
        for python in wheels.PYTHONS:
            names = {line.split("==")[0] for line in wheels.locked(system, python)}
            assert {"torch", "numpy", "transformers"} <= names
            torch = next(line for line in wheels.locked(system, python) if line.startswith("torch=="))
            assert torch.startswith("torch==2.11.0 ") == (system == "macos12-arm64")
            assert ("colorama" in names) == (system == "windows-x64")
