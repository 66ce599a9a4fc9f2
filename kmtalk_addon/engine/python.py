"""Which Python runs the worker, and whether it can."""

import importlib.util
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core import client, files, progress
from .faults import EngineError
from .interpreters import base_python
from .process import WINDOWS, lines_of

VARIABLE = "KMTALK_PYTHON"
CHECK_SECONDS = 180.0
START_SECONDS = client.START_SECONDS
SPEAK_SECONDS = 60.0


@dataclass(frozen=True)
class Engine:
    """A Python for the worker: its executable, where it was found, and folders to add to its module path.

    `wheels` is the folder that it is still to be installed from, without a network, before its first use.
    """

    python: Path
    origin: str
    module_path: tuple[Path, ...] = ()
    wheels: Path | None = None

    @property
    def variables(self) -> dict[str, str]:
        """What the environment of its processes is to have.

        One that we installed takes nothing from the user's folders, and what Metal cannot compute the processor does.
        """
        apart = {"PYTHONNOUSERSITE": "1"} if self.origin == "installed" else {}
        return {"PYTORCH_ENABLE_MPS_FALLBACK": "1", **apart}


@dataclass(frozen=True)
class Report:
    """What a check found: Python's version, devices (`cpu`, `cuda`, `mps`) and what cannot be imported, with why."""

    version: str
    devices: tuple[str, ...]
    device_names: tuple[str, ...]
    failures: tuple[str, ...]


def data_folder() -> Path:
    """The folder of the engine, one a user.

    Blender's own folders for extensions are one a Blender version and go when the extension is removed; gigabytes of
    libraries must survive both, so they live where the system keeps the data of applications.  The variable KMTALK_DATA
    names another; one that is not whole starts at the user's own folder, wherever Blender was started.
    """
    chosen = os.environ.get("KMTALK_DATA", "").strip()
    if chosen:
        return Path.home() / files.typed_path(chosen)
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "KMTalk"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "KMTalk"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "kmtalk"


def engine_folder() -> Path:
    """The folder that the preferences install the engine into, whether or not it is there."""
    return data_folder() / "engine"


def building_folder() -> Path:
    """Where an engine is put together, beside the one that works until the new one takes its place."""
    return data_folder() / "engine-new"


def environment_python(folder: Path | None = None) -> Path:
    """The executable of the engine in a folder, by default the installed one; where there is none yet, the one that a
    virtual environment will have."""
    folder = folder or engine_folder()
    return python_in(folder) or folder / ("Scripts/python.exe" if WINDOWS else "bin/python3")


def stamp(folder: Path | None = None) -> Path:
    """The file that says that the installation in a folder, by default the engine's, came to its end."""
    return (folder or engine_folder()) / "kmtalk-engine.json"


def is_installed() -> bool:
    """Whether an installation came to its end."""
    return stamp().exists() and environment_python().exists()


def installed_for() -> str:
    """What the installed engine is for, as noted at its end: "for CUDA, with Python 3.11.7"; "" where unknown."""
    try:
        told = json.loads(stamp().read_text(encoding="utf-8"))
        return f"for {str(told['device']).upper():.8}, with Python {told['python']!s:.12}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def has_begun() -> bool:
    """Whether there is an installation, whole or not."""
    return engine_folder().exists() or building_folder().exists()


def bundled_wheels() -> Path | None:
    """The folder of wheels inside this extension, where it was packaged with them."""
    folder = client.PACKAGE_FOLDER / "wheels"
    return folder if any(folder.glob("torch-*.whl")) else None


def find(preferred: str = "") -> Engine:
    """The engine to use: the preferred Python, $KMTALK_PYTHON, the installed one, the one bundled with the extension,
    which is installed when it is first used, or Blender's own where it has torch.

    Raises EngineError, which says what is missing.
    """
    for path, origin in ((preferred, "preferences"), (os.environ.get(VARIABLE, ""), VARIABLE)):
        if path.strip():
            python = python_in(files.typed_path(path))
            if python is None:
                raise EngineError(
                    f"{path} ({origin}) is no Python: choose its executable, or the environment's folder."
                )
            return Engine(python, origin)
    if is_installed():
        return Engine(environment_python(), "installed")
    wheels = bundled_wheels()
    if wheels is not None:
        return Engine(base_python(wheels), "bundled", wheels=wheels)
    own = module_folder("torch")
    if own is not None:
        return Engine(Path(sys.executable), "Blender's own", (own,))
    if has_begun():
        raise EngineError("The engine's installation was not finished: press Resume Installation in the preferences.")
    raise EngineError("The engine with PyTorch is not installed: press Install Engine in KMTalk's preferences.")


def python_in(path: Path) -> Path | None:
    """The Python executable that `path` is, or that lies in the environment or folder `path`."""
    if path.is_file():
        return path
    if WINDOWS:
        inside = ["python.exe", "Scripts/python.exe", "bin/python.exe"]
    else:
        own = sorted(item.name for item in path.glob("bin/python3.*") if re.fullmatch(r"python3\.\d+", item.name))
        inside = ["bin/python3", "bin/python", *(f"bin/{name}" for name in own), "python3", "python"]
    return next((path / name for name in inside if (path / name).is_file()), None)


_CHECK = """
import importlib, json, platform, sys
print("KMTALK", flush=True)
failures, devices, names = [], ["cpu"], []
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    failures.append(f"Python {platform.python_version()} is not 3.11, 3.12 or 3.13")
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failures.append(f"{name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
torch = sys.modules.get("torch")
if torch is not None and hasattr(torch, "cuda"):
    if torch.cuda.is_available():
        devices.append("cuda"); names.append(torch.cuda.get_device_name(0))
    if torch.backends.mps.is_available():
        devices.append("mps"); names.append("Apple GPU")
print("KMTALK " + json.dumps([platform.python_version(), devices, names, failures]))
"""
MODULES = ("numpy", "scipy", "soundfile", "torch", "transformers", "safetensors", "pocketsphinx")


RUNTIME = (
    "Microsoft's Visual C++ runtime is missing, which PyTorch needs: install “Visual C++ Redistributable 2015–2022 "
    "(x64)” (https://aka.ms/vs/17/release/vc_redist.x64.exe) and try again."
)


def lacks_runtime(text: str) -> bool:
    """Whether what Windows says of a library or a process (WinError 126, 127, 1114, status 0xC0000135) means that."""
    return bool(
        re.search(r"WinError (126|127|1114)\b|(?<!\d)(3221225781|-1073741515)\b|0xc0000135", text, re.IGNORECASE)
    )


def check(engine: Engine, modules: Sequence[str] = MODULES) -> progress.Job[Report]:
    """Start `engine` and import what the worker needs.  Raises EngineError with one sentence on what is wrong."""
    environment = {"PYTHONPATH": os.pathsep.join(map(str, engine.module_path)), **engine.variables}
    started = time.monotonic()
    answers: list[str] = []
    tail = ""
    try:
        lines = lines_of([engine.python, "-c", _CHECK, *modules], environment)
        while True:
            try:
                line = next(lines)
            except StopIteration as stop:
                tail = tail or (f"exit status {stop.value}" if stop.value else "")
                break
            if line and line.startswith("KMTALK"):
                answers.append(line.removeprefix("KMTALK").strip())
            tail = line or tail
            limit = CHECK_SECONDS if answers else START_SECONDS
            if time.monotonic() - started > limit:
                lines.close()
                raise EngineError(f"{engine.python} did not answer in {limit:.0f} s: install the engine again.")
            yield progress.Progress("checking the engine", 0.98)
    except OSError as error:
        raise EngineError(f"{engine.python} cannot be started ({error.strerror}): choose another Python.") from error
    try:
        version, *lists = json.loads(answers[-1])
        devices, names, failures = (tuple(map(str, found)) for found in lists)
    except Exception as error:  # whatever this is, it is not what was started
        if lacks_runtime(tail):
            raise EngineError(RUNTIME) from error
        raise EngineError(f"{engine.python} does not run as a Python ({tail[:120]}): choose another.") from error
    report = Report(str(version), devices, names, failures)
    if any(map(lacks_runtime, report.failures)):
        raise EngineError(RUNTIME)
    if report.failures:
        raise EngineError(
            f"This engine cannot work ({report.failures[0]}): install it again, or choose another Python."
        )
    return report


def module_folder(name: str) -> Path | None:
    """The folder from which this Python would import `name`; None where it has no such module."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(found.origin).parent.parent if found and found.origin else None


def speak(engine: Engine, text: str, out: Path) -> progress.Job[None]:
    """Have `engine` speak `text` into the WAV file `out`, for a test without a sound.  Raises EngineError."""
    path = os.pathsep.join(map(str, (client.PACKAGE_FOLDER, *engine.module_path)))
    environment = {"PYTHONPATH": path, **engine.variables}
    lines = lines_of([engine.python, "-m", "kmtalk_core", "speak", text, "--out", out], environment)
    last, started = "", time.monotonic()
    for line in lines:
        last = line or last
        if time.monotonic() - started > SPEAK_SECONDS:
            lines.close()
            break
        yield progress.Progress("speaking", 0.1)
    if not out.exists():
        raise EngineError(f"The engine cannot speak the test sentence ({last[:120]}): install it again.")
