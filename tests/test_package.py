"""The repository of extensions that the zips make: its index, and the packages with wheels."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kmtalk_addon import package

ROOT = Path(__file__).resolve().parent.parent


def make(folder: Path, version: str, platform: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8").replace("0.1.0", version, 1)
    if platform:
        manifest = manifest.replace("\n[permissions]", f'\nplatforms = ["{platform}"]\n\n[permissions]', 1)
    path = folder / f"kmtalk-{version}{platform}.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("blender_manifest.toml", manifest)
    return path


def listed(folder: Path) -> list[tuple[str, list[str]]]:
    data = json.loads(package.index(folder).read_text(encoding="utf-8"))["data"]
    return sorted((entry["version"], entry.get("platforms", [])) for entry in data)


def test_of_several_versions_the_newest_is_listed_alone(tmp_path: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.10.0-beta"):
        make(tmp_path, version)
    assert listed(tmp_path) == [("0.10.0", [])]


def test_each_system_keeps_its_own_newest(tmp_path: Path) -> None:
    for version in ("0.1.0", "0.2.0"):
        for platform in ("windows-x64", "linux-x64"):
            make(tmp_path, version, platform)
    make(tmp_path, "0.1.0")
    assert listed(tmp_path) == [("0.1.0", []), ("0.2.0", ["linux-x64"]), ("0.2.0", ["windows-x64"])]


def test_blenders_own_tool_makes_the_same_index(tmp_path: Path) -> None:
    found = package._extension_tool()
    if found is None:
        pytest.skip("no Blender is at hand")
    python, tool, _ = found
    package.build(ROOT, tmp_path / "ours")
    ours = json.loads(package.index(tmp_path / "ours").read_text(encoding="utf-8"))
    shutil.copytree(tmp_path / "ours", tmp_path / "theirs", ignore=shutil.ignore_patterns("*.json"))
    subprocess.run(
        [python, tool, "server-generate", "--repo-dir", tmp_path / "theirs"], check=True, capture_output=True
    )
    assert json.loads((tmp_path / "theirs" / "index.json").read_text(encoding="utf-8")) == ours


def test_a_system_whose_wheels_cannot_be_had_is_named_and_nothing_half_is_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "kmtalk_addon.package", "--full", "--platform", "all", "--out", str(out)]
    empty = tmp_path / "index"
    empty.mkdir()
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(empty), "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    for system in package.FULL:
        assert f"the wheels for {system} and Python 3.11 could not be fetched" in done.stderr
    assert list(out.glob("*.zip")) == []
