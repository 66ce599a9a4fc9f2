"""The extension's zip: whole, clean, the same every time, accepted by Blender."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kmtalk_addon import package

ROOT = Path(__file__).parents[2]

INSTALL = """
import sys, bpy
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True)
assert "bl_ext.user_default.kmtalk" in bpy.context.preferences.addons, "not enabled"
assert hasattr(bpy.types.TimelineMarker, "kmtalk"), "not registered"
assert not [name for name in sys.modules if name.startswith(("kmtalk", "torch"))], "modules outside the extension"
print("installed")
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package.build(ROOT, tmp_path_factory.mktemp("dist"))


def test_it_holds_the_add_on_and_nothing_of_the_workshop(archive: Path) -> None:
    names = zipfile.ZipFile(archive).namelist()
    for wanted in ("blender_manifest.toml", "__init__.py", "kmtalk_addon/bake.py", "kmtalk_core/take.py"):
        assert wanted in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert {name.split("/")[0] for name in names} <= {*package.PARTS}


def test_the_same_files_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    assert package.build(ROOT, tmp_path).read_bytes() == archive.read_bytes()


def test_blender_accepts_it(archive: Path) -> None:
    package.validate(archive)


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
    assert full.name.endswith("-full.zip")
    with zipfile.ZipFile(full) as file:
        assert "wheels/tiny-1.0-py3-none-any.whl" in file.namelist()
        assert b"wheels" not in file.read("blender_manifest.toml")
    package.validate(full)


def test_it_installs_into_a_fresh_blender(archive: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "user")}
    (tmp_path / "user").mkdir()
    command = [sys.executable, "-c", INSTALL, str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=300)
    assert "installed" in done.stdout, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
