"""Make the engine: an environment of its own, outside Blender's Python, that outlives Blender's upgrades."""

import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..core import progress
from .process import WINDOWS, lines_of
from .python import Engine, EngineError, Report, check, data_folder, environment_python, stamp

REQUIREMENTS = (
    "numpy>=1.26,<3",
    "scipy>=1.11,<2",
    "soundfile>=0.12,<1",
    "soxr>=0.5,<2",
    "torch==2.13.0",
    "transformers>=5,<6",
    "safetensors>=0.5,<1",
    "pocketsphinx>=5.0.4,<6",
    "espeakng-loader>=0.2.4,<1",
)
"""What the worker imports, as in pyproject.toml (a test holds the two together)."""

DEVICES = ("cpu", "cuda", "mps")
_INDEX = {"cpu": "https://download.pytorch.org/whl/cpu", "cuda": "https://download.pytorch.org/whl/cu130"}
_DOWNLOAD_BYTES = {"cpu": 400e6, "cuda": 3.2e9, "mps": 300e6}
_DISK_BYTES = {"cpu": 2.5e9, "cuda": 10e9, "mps": 2.0e9}
_NOT_NEEDED = ("site-packages", "test", "tests", "idlelib", "turtledemo", "__pycache__")

_FAULTS = (
    (r"No space left on device|Errno 28|WinError 112", "The disk is full: free {need:.0f} GB and press Resume."),
    (
        r"ProxyError|Tunnel connection failed|407 Proxy",
        "The proxy refuses the connection: set it up for Python (HTTPS_PROXY), or install from a folder.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "A secure connection failed, often because of a firewall: install from a folder.",
    ),
    (
        r"NewConnectionError|NameResolutionError|Temporary failure in name|getaddrinfo failed|Network is unreachable"
        r"|ConnectTimeout|ReadTimeout|Connection (refused|reset|aborted)|ConnectionError|IncompleteRead",
        "There is no connection to the package servers: check the network and press Resume, or install from a folder.",
    ),
    (
        r"Permission denied|Errno 13|WinError 5\b",
        "{folder} cannot be written: close other Blenders and check its permissions.",
    ),
    (
        r"No module named (ensurepip|pip)|ensurepip is not available",
        "This Python cannot make environments: install your system's python3-venv, or choose another Python.",
    ),
)


def is_installed() -> bool:
    """Whether an installation came to its end."""
    return stamp().exists() and environment_python().exists()


def uninstall() -> None:
    """Remove the installed engine and what was downloaded for it."""
    for name in ("engine", "python", "downloads"):
        shutil.rmtree(data_folder() / name, ignore_errors=True)


def install(
    device: str = "cpu",
    wheels: Path | None = None,
    log: Path | None = None,
    python: Path | None = None,
    requirements: Sequence[str] = REQUIREMENTS,
) -> progress.Job[Report]:
    """Install the engine for `device`, from the network or from a folder of `wheels`; return what a check found.

    What was downloaded is kept until the end, so an installation that was stopped goes on where it was.  Every line
    goes to `log`.  `python` is what the environment is made from, Blender's own by default.  Raises EngineError.
    """
    if device not in DEVICES:
        raise EngineError(f"There is no device {device!r}: choose one of {', '.join(DEVICES)}.")
    folder = data_folder()
    _require_room(folder, device)
    log = log or folder / "install.log"
    log.write_text("", encoding="utf-8")
    stamp().unlink(missing_ok=True)
    base = yield from _base_python(python or Path(sys.executable), folder)
    if not environment_python().exists():
        yield progress.Progress("making the environment", 0.02)
        yield from _run([base, "-m", "venv", folder / "engine"], log, "making the environment", 0.02, 0.05, device)
    pip = [environment_python(), "-m", "pip", "--disable-pip-version-check"]
    source: list[str | Path] = ["--no-index", "--find-links", wheels] if wheels else ["--prefer-binary"]
    if not wheels:
        yield from _run([*pip, "install", "--upgrade", "pip>=25.1"], log, "updating pip", 0.05, 0.07, device)
        source += ["--progress-bar", "raw", "--retries", "3", "--resume-retries", "20", "--timeout", "20"]
        source += _index(device)
    command = [*pip, "install", "--only-binary", ":all:", "--cache-dir", folder / "downloads", *source, *requirements]
    yield from _run(command, log, "installing", 0.07, 0.95, device)
    report = yield from check(Engine(environment_python(), "installed"))
    if device != "cpu" and device not in report.devices:
        raise EngineError(
            f"The engine is installed but finds no {device.upper()} device here: install it for the CPU, or update the "
            "graphics driver and press Resume."
        )
    stamp().write_text(json.dumps({"device": device, "python": report.version}), encoding="utf-8")
    shutil.rmtree(folder / "downloads", ignore_errors=True)
    return report


def _index(device: str) -> list[str]:
    if device == "cuda" or (device == "cpu" and sys.platform == "linux"):
        return ["--extra-index-url", _INDEX[device]]
    return []  # the usual packages of Windows are for the CPU, those of macOS for MPS too


def _require_room(folder: Path, device: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise EngineError(f"{folder} cannot be made ({error.strerror}): check the permissions above it.") from error
    if free < _DISK_BYTES[device] and not environment_python().exists():
        need = _DISK_BYTES[device] / 1e9
        raise EngineError(f"The engine needs {need:.1f} GB in {folder}, where {free / 1e9:.1f} GB are free: make room.")


def _base_python(python: Path, folder: Path) -> progress.Job[Path]:
    """The Python to make the environment from: a copy where `python` lives inside a Blender, which may be removed."""
    home = python.resolve().parent.parent if not WINDOWS else python.resolve().parent
    home = home.parent if WINDOWS and home.name.lower() in ("bin", "scripts") else home
    if home.name != "python" or not re.fullmatch(r"\d+\.\d+", home.parent.name):
        return python
    copy = folder / "python"
    inside = copy / python.resolve().relative_to(home)
    done = copy / "kmtalk-copied"
    if done.exists() and done.read_text() == str(sys.version):
        return inside
    shutil.rmtree(copy, ignore_errors=True)
    files = [p for p in home.rglob("*") if p.is_file() and not set(_NOT_NEEDED) & set(p.relative_to(home).parts[:-1])]
    try:
        for number, path in enumerate(files):
            target = copy / path.relative_to(home)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
            if number % 20 == 0:
                yield progress.Progress("copying Blender's Python", 0.02 * number / len(files))
        done.write_text(str(sys.version))
    except OSError as error:
        raise EngineError(f"Blender's Python could not be copied to {copy} ({error.strerror}).") from error
    return inside


def _run(
    command: Sequence[str | Path], log: Path, stage: str, start: float, end: float, device: str
) -> progress.Job[None]:
    """Run one command to its end, with its lines in `log`.  Raises EngineError."""
    reading = _Reading(stage, _DOWNLOAD_BYTES[device])
    environment = {"PYTHONNOUSERSITE": "1", "PYTHONPATH": "", "PIP_NO_INPUT": "1"}
    lines = lines_of(command, environment)
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write("$ " + " ".join(map(str, command)) + "\n")
            while True:
                try:
                    line = next(lines)
                except StopIteration as stop:
                    status = stop.value
                    break
                if line is None:
                    yield progress.Progress(reading.stage, start + (end - start) * reading.fraction)
                elif not reading.hear(line):
                    file.write(line + "\n")
    except OSError as error:
        raise EngineError(f"{command[0]} cannot be run ({error.strerror}): choose another Python.") from error
    finally:
        lines.close()
    if status:
        raise EngineError(_fault(log.read_text(encoding="utf-8"), device))


class _Reading:
    """What pip's lines say of how far it is."""

    def __init__(self, stage: str, expected_bytes: float) -> None:
        self.stage, self.fraction = stage, 0.0
        self._expected, self._before, self._current = expected_bytes, 0.0, 0.0

    def hear(self, line: str) -> bool:
        """Take note of one line; return whether it was progress alone, which no log needs."""
        counted = re.fullmatch(r"Progress (\d+) of (\d+)", line)
        if counted:
            self._current = float(counted[1])
            self.fraction = min((self._before + self._current) / self._expected, 1.0) * 0.8
            return True
        if line.lstrip().startswith("Downloading "):
            self._before, self._current = self._before + self._current, 0.0
            name = line.split()[1].rsplit("/", 1)[-1].split("-")[0]
            size = re.search(r"\(([^)]+)\)", line)
            self.stage = f"downloading {name}" + (f" ({size[1]})" if size else "")
        elif line.startswith("Installing collected packages"):
            self.stage, self.fraction = "unpacking the libraries", 0.85
        elif line.startswith("Successfully installed"):
            self.fraction = 1.0
        return False


def _fault(log: str, device: str) -> str:
    """One sentence on why an installation failed, from the lines of its log."""
    for pattern, sentence in _FAULTS:
        if re.search(pattern, log):
            return sentence.format(folder=data_folder(), need=_DISK_BYTES[device] / 1e9)
    missing = re.search(r"No matching distribution found for (\S+)", log)
    if missing:
        return f"There is no {missing[1]} for Python {sys.version_info[0]}.{sys.version_info[1]} on this system there."
    lines = [line for line in log.splitlines() if line.strip()]
    return f"The installation failed ({lines[-1].strip()[:160] if lines else 'no output'}): see the log."
