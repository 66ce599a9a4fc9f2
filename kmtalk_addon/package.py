"""Build the extension's zip: `python -m kmtalk_addon.package [--full]`.

The same files give the same bytes: names sorted, times and permissions fixed.
"""

import argparse
import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .engine.install import PIP, REQUIREMENTS

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("blender_manifest.toml", "__init__.py", "LICENSE", "README.md", "kmtalk_addon", "kmtalk_core", "weights")
PYTHONS = ("3.11", "3.13")
"""The Pythons inside the Blenders from 4.2 to 5.2."""
PLATFORMS = {
    ("Linux", "x86_64"): "linux-x64",
    ("Windows", "AMD64"): "windows-x64",
    ("Windows", "ARM64"): "windows-arm64",
    ("Darwin", "x86_64"): "macos-x64",
    ("Darwin", "arm64"): "macos-arm64",
}
"""What Blender calls the systems that wheels are for."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """Something that keeps the zip from being made; the message says how to mend it."""


def build(root: Path, out: Path, wheels: Path | None = None) -> Path:
    """Write `out`/kmtalk-<version>.zip from the checkout `root`, with the wheels of a folder where one is given.

    Wheels travel in a folder of their own, where the engine's installation looks for them, and are not named in the
    manifest: Blender would put those into its own Python, and the engine lives in an environment apart.
    """
    manifest = (root / "blender_manifest.toml").read_text(encoding="utf-8")
    version = tomllib.loads(manifest)["version"]
    _require_one_version(root, version)
    bundled = sorted(wheels.glob("*.whl")) if wheels else []
    if bundled:
        manifest = manifest.replace("\n[permissions]", f'\nplatforms = ["{this_platform()}"]\n\n[permissions]', 1)
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"kmtalk-{version}{f'-full-{this_platform()}' if bundled else ''}.zip"
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as file:
        for path in _files(root):
            if path.name == "blender_manifest.toml":
                file.writestr(_entry(path.name, zipfile.ZIP_DEFLATED), manifest)
            else:
                _add(file, path.relative_to(root).as_posix(), path)
        for wheel in bundled:
            _add(file, f"wheels/{wheel.name}", wheel)
    partial.replace(archive)
    return archive


def this_platform() -> str:
    """What Blender calls this system.  Raises PackageError where there is no Blender for it."""
    try:
        return PLATFORMS[platform.system(), platform.machine()]
    except KeyError:
        raise PackageError(f"there is no Blender for {platform.system()} on {platform.machine()}.") from None


def validate(archive: Path) -> None:
    """Let Blender's own extension tool judge the zip.  Raises PackageError with what it said."""
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        raise PackageError("bpy is not installed here, so the zip cannot be validated: run this through build.py.")
    blender = Path(spec.origin).parent
    tool = next(blender.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    tags = next(blender.glob("*/scripts/modules/_bpy_internal/extensions/tags.py"))
    command = [sys.executable, str(tool), "validate", "--valid-tags", str(tags), str(archive)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise PackageError(f"Blender does not accept {archive.name}: {done.stdout.decode(errors='replace').strip()}")


def download_wheels(folder: Path, index: str | None = None, pythons: Sequence[str] = PYTHONS) -> list[str]:
    """Fetch what the engine is installed from, for this platform; return the Pythons it could be had for.

    `index` is the address of PyTorch's own builds for processors.  Raises PackageError where that is none of them.
    """
    torch_build = "+cpu" if sys.platform == "linux" else ""  # elsewhere the usual build is the CPU's
    wanted = [item + torch_build if item.startswith("torch==") else item for item in REQUIREMENTS]
    done = []
    for version in pythons:
        print(f"package: fetching wheels for Python {version}", file=sys.stderr, flush=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        pip += ["--only-binary=:all:", "--python-version", version]
        pip += ["--extra-index-url", index] if index else []
        with tempfile.TemporaryDirectory() as fresh:
            if subprocess.run([*pip, "--dest", fresh, *wanted, PIP], stdout=sys.stderr).returncode:
                continue
            for wheel in Path(fresh).iterdir():
                if not (folder / wheel.name).exists():
                    shutil.move(wheel, folder)
        done.append(version)
    if not done:
        raise PackageError("the wheels could not be fetched; see pip's last lines above.")
    return done


def main() -> int:
    parser = argparse.ArgumentParser(prog="kmtalk_addon.package", description="Build the extension's zip.")
    parser.add_argument("--full", action="store_true", help="with wheels for this platform: nothing is fetched later")
    parser.add_argument(
        "--index", metavar="URL", help="where builds of PyTorch for processors are, besides the usual place"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = download_wheels(Path(folder), options.index) if options.full else list(PYTHONS)
            archive = build(ROOT, options.out, Path(folder) if options.full else None)
        validate(archive)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 2
    for version in sorted(set(PYTHONS) - set(done)):
        print(
            f"package: no CPU wheels for Python {version} could be had; in Blenders with that Python the engine needs "
            f"another Python {' or '.join(done)} on the path, or a network",
            file=sys.stderr,
        )
    print(f"{archive} ({archive.stat().st_size / 1e6:.1f} MB)")
    return 0


def _files(root: Path) -> Iterator[Path]:
    for part in PARTS:
        top = root / part
        found = sorted(top.rglob("*")) if top.is_dir() else [top]
        for path in found:
            names = path.relative_to(root).parts
            hidden = any(name.startswith(".") or name == "__pycache__" for name in names)
            if path.is_file() and not hidden and path.suffix != ".pyc":
                yield path


def _add(file: zipfile.ZipFile, name: str, path: Path) -> None:
    stored = path.suffix in (".whl", ".safetensors")
    file.writestr(_entry(name, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED), path.read_bytes())


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = compression
    return entry


def _require_one_version(root: Path, version: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    code = (root / "kmtalk_core" / "__init__.py").read_text(encoding="utf-8")
    if project != version or f'__version__ = "{version}"' not in code:
        raise PackageError(
            f"the versions differ: blender_manifest.toml says {version}, pyproject.toml {project}; "
            "write the same in both and in kmtalk_core/__init__.py."
        )


if __name__ == "__main__":
    sys.exit(main())
