"""Build the extension's zip and the index of a repository that holds it: `python build.py package [--full]`.

The same files give the same bytes: names sorted, times and permissions fixed.  Without `--full` the standard library is
all it takes, so a zip comes in seconds from any Python 3.11 or newer.
"""

import argparse
import hashlib
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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

FULL = ("linux-x64", "windows-x64", "macos-arm64")
"""The systems that PyTorch's engine can be packaged for, from any of them."""

_NOT_LISTED = ("build", "wheels")
"""Tables of a manifest that Blender's own index leaves out."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """Something that keeps the zip from being made; the message says how to mend it."""


def build(root: Path, out: Path, wheels: Path | None = None, system: str = "") -> Path:
    """Write `out`/kmtalk-<version>.zip from the checkout `root`, with the wheels of a folder where one is given.

    system: what the wheels are for, this one by default.

    Wheels travel in a folder of their own, where the engine's installation looks for them, and are not named in the
    manifest: Blender would put those into its own Python, and the engine lives in an environment apart.
    """
    manifest = (root / "blender_manifest.toml").read_text(encoding="utf-8")
    version = tomllib.loads(manifest)["version"]
    _require_one_version(root, version)
    bundled = sorted(wheels.glob("*.whl")) if wheels else []
    if bundled:
        system = system or this_platform()
        manifest = manifest.replace("\n[permissions]", f'\nplatforms = ["{system}"]\n\n[permissions]', 1)
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"kmtalk-{version}{f'-full-{system}' if bundled else ''}.zip"
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


def index(folder: Path) -> Path:
    """Write the index of all extensions' zips in `folder`, as Blender's `extension server-generate` does.

    The folder can then be a remote repository of Blender's (Preferences ▸ Get Extensions ▸ Repositories), from any
    static web space or a shared disk, and updates arrive by themselves.  Of several versions the newest is listed
    alone: Blender would install whichever of them stands first.
    """
    newest: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for archive in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(archive) as file:
            manifest = tomllib.loads(file.read("blender_manifest.toml").decode())
        entry = {name: value for name, value in manifest.items() if name not in _NOT_LISTED}
        data = archive.read_bytes()
        entry["archive_url"] = f"./{archive.name}"
        entry["archive_size"] = len(data)
        entry["archive_hash"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
        key = (entry["id"], tuple(entry.get("platforms", ())))
        if key not in newest or _order(entry["version"]) > _order(newest[key]["version"]):
            newest[key] = entry
    listed = folder / "index.json"
    text = json.dumps({"version": "v1", "blocklist": [], "data": list(newest.values())}, indent=2, ensure_ascii=False)
    partial = listed.with_suffix(".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(listed)
    return listed


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """What versions are sorted by: 0.10.0 comes after 0.9.0, and 1.0.0 after 1.0.0-beta."""
    numbers, _, early = version.partition("-")
    return tuple(int(part) if part.isdigit() else 0 for part in numbers.split(".")), not early, early


def this_platform() -> str:
    """What Blender calls this system.  Raises PackageError where there is no Blender for it."""
    try:
        return PLATFORMS[platform.system(), platform.machine()]
    except KeyError:
        raise PackageError(f"there is no Blender for {platform.system()} on {platform.machine()}.") from None


def validate(archive: Path) -> bool:
    """Let Blender's own extension tool judge the zip; False where there is no Blender at hand to ask.

    Raises PackageError with what it said.
    """
    found = _extension_tool()
    if found is None:
        return False
    python, tool, tags = found
    command = [str(python), str(tool), "validate", "--valid-tags", str(tags), str(archive)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise PackageError(f"Blender does not accept {archive.name}: {done.stdout.decode(errors='replace').strip()}")
    return True


def _extension_tool() -> tuple[Path, Path, Path] | None:
    """A Python, Blender's extension tool and its list of tags: of bpy here or in `.venv`, or of a Blender installed."""
    spec = importlib.util.find_spec("bpy")
    homes = [Path(spec.origin).parent] if spec is not None and spec.origin else []
    homes += ROOT.glob(".venv/[Ll]ib/**/site-packages/bpy")
    blender = shutil.which("blender")
    if blender is not None:
        homes.append(Path(blender).resolve().parent)
    for home in homes:
        tool = next(home.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"), None)
        tags = next(home.glob("*/scripts/modules/_bpy_internal/extensions/tags.py"), None)
        if tool is not None and tags is not None:
            return Path(sys.executable), tool, tags
    return None


def fetch_wheels(folder: Path, system: str) -> None:
    """Fetch the locked wheels of the engine for a system and check them.  Raises PackageError."""
    from . import wheels

    for version in PYTHONS:
        print(f"package: fetching wheels for {system}, Python {version}", file=sys.stderr, flush=True)
        said = wheels.fetch(folder, system, version)
        if said:
            raise PackageError(f"the wheels for {system} and Python {version} could not be fetched: {said}")
        found = wheels.problems(folder, system, version)
        if found:
            raise PackageError(f"the wheels for {system} and Python {version} are not whole: {'; '.join(found)}.")


def _one(out: Path, system: str) -> Path:
    """The package for a system with its wheels, or the small one where none is named."""
    if not system:
        return build(ROOT, out)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        fetch_wheels(Path(folder), system)
        return build(ROOT, out, Path(folder), system)


def main() -> int:
    parser = argparse.ArgumentParser(prog="kmtalk_addon.package", description="Build the extension's zip.")
    parser.add_argument(
        "--full", action="store_true", help="with the wheels of PyTorch's engine: nothing is fetched later"
    )
    parser.add_argument(
        "--platform",
        choices=(*FULL, "all"),
        help="with --full: for this system, or one package for each (default: the one that this is)",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR")
    options = parser.parse_args()
    if options.platform and not options.full:
        parser.error("--platform goes with --full: without it one zip is for every system")
    archives: list[Path] = []
    faults: list[PackageError] = []
    judged: list[bool] = []
    try:
        systems = FULL if options.platform == "all" else [options.platform or this_platform()]
        for system in systems if options.full else [""]:
            try:
                archives.append(_one(options.out, system))
            except PackageError as error:  # those of other systems are made all the same
                faults.append(error)
        judged = [validate(archive) for archive in archives]
        if archives:
            index(options.out)
    except PackageError as error:
        faults.append(error)
    for fault in faults:
        print(f"package: {fault}", file=sys.stderr)
    if archives and not all(judged):
        print("package: no Blender is at hand here, so its own tool has not judged the zip", file=sys.stderr)
    for archive in archives:
        print(f"{archive} ({archive.stat().st_size / 1e6:.1f} MB)")
    return 2 if faults else 0


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
