"""The extension's zip: whole, clean, the same every time, accepted by Blender."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from kmtalk_addon import package

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package.build(ROOT, tmp_path_factory.mktemp("dist"))


def test_it_holds_the_add_on_and_nothing_of_the_workshop(archive: Path) -> None:
    names = zipfile.ZipFile(archive).namelist()
    for wanted in ("blender_manifest.toml", "__init__.py", "kmtalk_addon/take/bake.py", "kmtalk_core/take/record.py"):
        assert wanted in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert {name.split("/")[0] for name in names} <= {*package.PARTS}


def test_the_same_files_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    assert package.build(ROOT, tmp_path).read_bytes() == archive.read_bytes()


def test_blender_accepts_it(archive: Path) -> None:
    assert package.validate(archive)


def test_it_comes_from_the_standard_library_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", str(ROOT / "kmtalk_addon" / "package.py"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".zip"]


def test_the_index_is_what_blenders_own_server_tool_makes(archive: Path, tmp_path: Path) -> None:
    shutil.copy(archive, tmp_path)
    ours = json.loads(package.index(tmp_path).read_text(encoding="utf-8"))
    (tmp_path / "index.json").unlink()
    found = package._extension_tool()
    assert found is not None
    command = [str(found[0]), str(found[1]), "server-generate", "--repo-dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    theirs = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))
    assert ours == theirs
    assert ours["data"][0]["archive_size"] == archive.stat().st_size


def test_blender_refuses_a_broken_one(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as file:
        file.writestr("blender_manifest.toml", 'schema_version = "1.0.0"\nid = "kmtalk"\n')
    with pytest.raises(package.PackageError, match="does not accept"):
        package.validate(broken)


def test_wheels_travel_with_it_and_not_into_blenders_python(archive: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "tiny-1.0-py3-none-any.whl").write_bytes(b"PK")
    full = package.build(ROOT, tmp_path / "dist", wheels)
    assert full.name.endswith(f"-full-{package.this_platform()}.zip")
    with zipfile.ZipFile(full) as file:
        assert "wheels/tiny-1.0-py3-none-any.whl" in file.namelist()
        manifest = tomllib.loads(file.read("blender_manifest.toml").decode())
    assert manifest["platforms"] == [package.this_platform()] and "wheels" not in manifest
    assert manifest["permissions"] and manifest["id"] == "kmtalk"
    package.validate(full)


def test_from_it_a_bare_blender_animates_edits_and_saves(archive: Path, speech: Path, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "KMTALK_PYTHON"},
        "BLENDER_USER_RESOURCES": str(tmp_path / "user"),
        "KMTALK_DATA": str(tmp_path / "data"),
    }
    (tmp_path / "user").mkdir()
    command = [sys.executable, str(Path(__file__).with_name("work_from_the_zip.py")), archive, speech, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=300)
    assert "\nworked\n" in done.stdout, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
