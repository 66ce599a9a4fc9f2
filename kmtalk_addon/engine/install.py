"""Install the engine: an environment of its own, outside Blender's Python, that outlives Blender's upgrades.

Wheels come into a folder first, from the network or with the user, and from there into the environment; so what a
broken connection has brought is kept, and a machine without a network takes the same way.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..core import progress
from . import environment, locked, promises, uv
from .commands import log, run
from .faults import EngineError, UnreachableError
from .interpreters import base_python, blenders_own, find_here, find_named, versions
from .python import (
    Engine,
    Report,
    building_folder,
    check,
    data_folder,
    environment_python,
    is_installed,
    stamp,
)

REQUIREMENTS = (
    "numpy>=1.26,<3",
    "scipy>=1.11,<2",
    "soundfile>=0.12,<1",
    "torch>=2.11,<=2.13.0",
    "transformers>=5,<6",
    "safetensors>=0.5,<1",
    "pocketsphinx>=5.0.4,<6",
    "espeakng-loader>=0.2.4,<1",
)
"""What the worker imports, as in pyproject.toml (a test holds the two together)."""

PIP = "pip>=25.1"
DEVICES = ("cpu", "cuda", "mps")
_BUILDS = {"cpu": "cpu", "cuda": "cu130"}
_INDEX = "https://download.pytorch.org/whl/"
_DOWNLOAD_BYTES = {"cpu": 0.33e9, "cuda": 3.2e9, "mps": 0.3e9}
_UNPACKED_BYTES = {"cpu": 1.4e9, "cuda": 7e9, "mps": 1.2e9}
_DISK_BYTES = {"cpu": 2.0e9, "cuda": 10e9, "mps": 2.0e9}


def uninstall() -> None:
    """Remove the installed engine and what was downloaded for it.  Raises EngineError where it is in use."""
    for name in ("engine", "engine-new", "downloads", "uv", "microphone"):
        environment.discard(data_folder() / name)


def ready(engine: Engine) -> progress.Job[Engine]:
    """`engine` as it can be started: one that is bundled with the extension is installed first.  Raises EngineError."""
    if engine.wheels is None:
        return engine
    _require_room(data_folder(), "cpu")
    while True:
        with environment.alone(data_folder()) as is_mine:
            if is_installed():
                break
            if is_mine:
                yield from _install("cpu", engine.wheels, engine.python, REQUIREMENTS)
                break
        yield progress.Progress("waiting for another installation", 0.0)
    return Engine(environment_python(), "installed")


def install(
    device: str = "cpu",
    wheels: Path | None = None,
    python: Path | None = None,
    requirements: Sequence[str] = REQUIREMENTS,
    named: str = "",
) -> progress.Job[Report]:
    """Install the engine for `device`, from the network or from a folder of `wheels`; return what a check found.

    What was downloaded is kept until the end, byte by byte, so an installation that was stopped goes on where it was.
    Every line goes to `install.log` in the data folder.  `python` is what the environment is made from: Blender's own
    by default, or where that is too new the one that is `named`, one of this system, or one that uv fetches.  Raises
    EngineError.
    """
    if device not in DEVICES:
        raise EngineError(f"There is no device {device!r}: choose one of {', '.join(DEVICES)}.")
    if wheels is None:
        promises.require_system()
        promises.require_device(device)
    _require_room(data_folder(), device)
    with environment.alone(data_folder()) as is_mine:
        if not is_mine:
            raise EngineError("Another Blender is installing the engine: wait until it is done.")
        return (yield from _install(device, wheels, python, requirements, named))


def _base(wheels: Path | None, named: str) -> progress.Job[Path]:
    """The Python to make the environment from; without `wheels` there is a network to fetch one from."""
    wanted = versions(wheels)
    if wheels is not None or blenders_own() in wanted:
        return base_python(wheels, named)
    return find_named(named, wanted) or find_here(wanted) or (yield from uv.python(wanted))


def _install(
    device: str, wheels: Path | None, python: Path | None, requirements: Sequence[str], named: str = ""
) -> progress.Job[Report]:
    downloads = data_folder() / "downloads"
    try:
        log().write_text("", encoding="utf-8")
        command = yield from environment.make(python or (yield from _base(wheels, named)))
        downloads.mkdir(exist_ok=True)
    except OSError as error:
        raise EngineError(
            f"{data_folder()} cannot be written ({error.strerror}): check room and permissions."
        ) from error
    if command:
        yield from run(command, "making the environment", 0.02, 0.04)
    pip = yield from _pip(wheels)
    sizes = device
    if wheels is None:
        report = downloads / "chosen.json"
        sizes = yield from _choose(pip, device, report)
        yield from download(environment_python(building_folder()), report, downloads, sizes)
    source: list[str | Path] = [
        "--no-index",
        "--find-links",
        wheels or downloads,
        "--no-cache-dir",
        "--no-warn-script-location",
    ]
    command = [*pip, "--isolated", "install", "--only-binary", ":all:", *source, *requirements]
    yield from run(command, "unpacking the libraries", 0.6, 0.97, growth=_UNPACKED_BYTES[sizes])
    new = building_folder()
    found = yield from check(Engine(environment_python(new), "installed"))
    if device != "cpu" and device not in found.devices:
        raise EngineError(
            f"The engine finds no {device.upper()} device here, so what was there before stays: install it for the "
            "CPU, or update the graphics driver and press Resume."
        )
    stamp(new).write_text(json.dumps({"device": device, "python": found.version}), encoding="utf-8")
    environment.swap_in()
    shutil.rmtree(downloads, ignore_errors=True)
    return found


def _pip(wheels: Path | None) -> progress.Job[list[str | Path]]:
    """The command that runs a pip which can do all that is asked of it here."""
    python = environment_python(building_folder())
    own = sorted(wheels.glob("pip-*.whl")) if wheels else []
    if own:
        return [python, own[-1] / "pip", "--disable-pip-version-check"]
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check"]
    yield from run([python, "-m", "ensurepip"], "making the environment", 0.04, 0.06)
    if wheels is None:
        yield from run(
            [*pip, "install", "--no-cache-dir", "--retries", "1", "--upgrade", PIP], "updating pip", 0.06, 0.08
        )
    return pip


def _choose(pip: Sequence[str | Path], device: str, report: Path) -> progress.Job[str]:
    """Have pip choose the wheels of `engine.lock` for `device` here, and name them in the file `report`; returns the
    device whose sizes these have.

    Each library comes from one index.  Where PyTorch's own cannot be reached, PyPI's build is taken: on Linux that is
    the one for graphics cards, gigabytes large, which processors run too.  Raises EngineError for a file that is not
    what was tested.
    """
    pins = locked.pins_for(promises.is_older_mac())
    (torch,) = pins.pop("torch")
    options = ["--dry-run", "--ignore-installed", "--no-cache-dir", "--no-deps", "--only-binary", ":all:"]
    options += ["--retries", "1", "--timeout", "20"]
    parts = [report.with_name(f"chosen-{name}.json") for name in ("torch", "rest", "card")]
    stage, sizes = "choosing the libraries", device
    command = [*pip, "install", *options, "--report", parts[0]]
    if device in _BUILDS and (device != "cpu" or sys.platform == "linux"):  # elsewhere the usual build is the CPU's
        build = _BUILDS[device]
        try:
            yield from run([*command, "--index-url", _INDEX + build, f"{torch}+{build}"], stage, 0.08, 0.085)
        except UnreachableError:
            if sys.platform != "linux":  # PyPI's builds for the other systems know no NVIDIA card
                raise
            sizes = "cuda"
            _require_room(data_folder(), sizes, anew=True)
            stage = "PyTorch's server is away: PyPI's build, about 3 GB"
            yield from run([*command, torch], stage, 0.08, 0.085)
    else:
        yield from run([*command, torch], stage, 0.08, 0.085)
    rest = [pin for lines in pins.values() for pin in lines]
    yield from run([*pip, "install", *options, "--report", parts[1], *rest], stage, 0.085, 0.095)
    needs = locked.torch_needs(parts[0]) if sizes == "cuda" else []
    if needs:
        yield from run([*pip, "install", *options, "--report", parts[2], *needs], stage, 0.095, 0.1)
    report.write_text(json.dumps(locked.chosen(parts if needs else parts[:2])), encoding="utf-8")
    return sizes


def download(python: Path, report: Path, folder: Path, device: str = "cpu") -> progress.Job[None]:
    """Fetch the wheels that `report` names into `folder`, going on where the last run stopped.  Raises EngineError."""
    script = Path(__file__).with_name("fetch.py")
    yield from run([python, script, report, folder], "downloading", 0.1, 0.6, _DOWNLOAD_BYTES[device])


def _require_room(folder: Path, device: str, anew: bool = False) -> None:
    """Raises EngineError where the disk has no room.

    An installation that had begun has some of it already, but for one that turns out larger, `anew`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise EngineError(f"{folder} cannot be made ({error.strerror}): check the permissions above it.") from error
    if free < _DISK_BYTES[device] and (anew or not building_folder().exists()):
        need = _DISK_BYTES[device] / 1e9
        raise EngineError(f"The engine needs {need:.1f} GB in {folder}, where {free / 1e9:.1f} GB are free: make room.")
