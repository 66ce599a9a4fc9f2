"""Wheels of the engine for any system, from any system: by `engine.lock`, opened and checked.

`python -m kmtalk_addon.wheels` prints for which systems and Pythons every wheel of the lock is to be had.
"""

import email
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pip._vendor.packaging.markers import Marker
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.tags import mac_platforms
from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename

LOCK = Path(__file__).with_name("engine") / "engine.lock"
IN_PLACE = {"macos12-arm64": LOCK.with_name("engine-macos12.lock")}
"""Locks whose entries take the place of those of `LOCK`, by the system that they are for."""
PYTHONS = ("3.11", "3.13")
TORCH_FOR_PROCESSORS = "https://download.pytorch.org/whl/cpu"
SYSTEMS = {
    "linux-x64": [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64"],
    "windows-x64": ["win_amd64"],
    "macos-arm64": list(mac_platforms((14, 0), "arm64")),
    "macos12-arm64": list(mac_platforms((12, 0), "arm64")),
}
"""The tags of wheels that each system takes, the best first."""

_MARKERS = {
    system: {"sys_platform": sys_name, "platform_system": name, "platform_machine": machine, "os_name": os_name}
    for system, sys_name, name, machine, os_name in (
        ("linux-x64", "linux", "Linux", "x86_64", "posix"),
        ("windows-x64", "win32", "Windows", "AMD64", "nt"),
        ("macos-arm64", "darwin", "Darwin", "arm64", "posix"),
        ("macos12-arm64", "darwin", "Darwin", "arm64", "posix"),
    )
}


def environment(system: str, python: str) -> dict[str, str]:
    """What the markers of requirements read on a system and a Python, such as "3.11"."""
    names = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}
    return {**_MARKERS[system], **names, "python_version": python, "python_full_version": f"{python}.0"}


def locked(system: str, python: str, lock: Path = LOCK) -> list[str]:
    """The entries of the lock that hold there, `name==version --hash=… --hash=…` each."""
    entries = {_name(line): line for line in _entries(lock, system, python)}
    if system in IN_PLACE and lock == LOCK:
        entries |= {_name(line): line for line in _entries(IN_PLACE[system], system, python)}
    return list(entries.values())


def _entries(lock: Path, system: str, python: str) -> list[str]:
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        pin, *hashes = line.split("--hash=")
        name, _, marker = pin.partition(";")
        if not re.match(r"[a-z0-9]", line) or (marker and not Marker(marker).evaluate(environment(system, python))):
            continue
        found.append(" ".join([name.strip(), *(f"--hash={item.strip()}" for item in hashes)]))
    return found


def _name(line: str) -> str:
    return canonicalize_name(line.split("==")[0])


def fetch(folder: Path, system: str, python: str, lock: Path = LOCK, more: Iterable[str] = ()) -> str:
    """Fetch the locked wheels into `folder`; return what pip said where that failed, else "".

    All are known by their hashes but one: for Linux the lock knows the build of PyTorch for graphics cards, gigabytes
    large, and that for processors comes from PyTorch's own server, with the hash that this names.
    more: further options of `pip download`, as `--find-links`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = locked(system, python, lock)
    apart = [line for line in lines if system == "linux-x64" and line.startswith("torch==")]
    said = _download(folder, system, python, [line for line in lines if line not in apart], ["--require-hashes", *more])
    for line in apart:
        build = [f"{line.split()[0]}+cpu"]
        said = said or _download(folder, system, python, build, ["--index-url", TORCH_FOR_PROCESSORS, *more])
    return said


def _download(folder: Path, system: str, python: str, lines: Iterable[str], options: Iterable[str]) -> str:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as fresh:
        wanted = Path(fresh) / "wanted.txt"
        wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = _pip("download", ["--dest", str(folder), *options], wanted, system, python)
    return "" if done.returncode == 0 else _last_line(done.stdout)


def problems(folder: Path, system: str, python: str, lock: Path = LOCK) -> list[str]:
    """What is wrong with the wheels of `folder` for a system: one sentence each; none where all is well.

    Every entry of the lock has to be there with tags that the system takes, and all that a wheel requires too.
    """
    wheels, found = {}, []
    for path in sorted(folder.glob("*.whl")):
        name, version, _, tags = parse_wheel_filename(path.name)
        if any(_fits(tag.interpreter, tag.abi, tag.platform, system, python) for tag in tags):
            wheels[str(name)] = (str(version).partition("+")[0], path)
    for line in locked(system, python, lock):
        wished, release = re.split(r"==|\s", line)[:2]
        there = wheels.get(canonicalize_name(wished), ("", None))[0]
        if there != release:
            found.append(f"{wished} {release} is missing" + (f" ({there} is there)" if there else ""))
    for called, (_, path) in wheels.items():
        for wanted in _requirements(path):
            if wanted.marker and not wanted.marker.evaluate(environment(system, python)):
                continue
            there = wheels.get(canonicalize_name(wanted.name), ("", None))[0]
            if not there or not wanted.specifier.contains(there, prereleases=True):
                found.append(f"{called} needs {wanted}, and {there or 'nothing'} of it is there")
    return found


def matrix(lock: Path = LOCK) -> Iterator[tuple[str, str, str]]:
    """Each system and Python with what is missing there, "" for nothing, as the package index tells pip.

    Nothing is fetched but what the index tells of each wheel.
    """
    for system in SYSTEMS:
        for python in PYTHONS:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as fresh:
                wanted = Path(fresh) / "wanted.txt"
                wanted.write_text(
                    "\n".join(line.split()[0] for line in locked(system, python, lock)) + "\n", encoding="utf-8"
                )
                options = ["--dry-run", "--ignore-installed", "--target", fresh]
                done = _pip("install", options, wanted, system, python)
            yield system, python, "" if done.returncode == 0 else _last_line(done.stdout)


def _pip(verb: str, options: list[str], wanted: Path, system: str, python: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [
        "--only-binary",
        ":all:",
        "--ignore-requires-python",
        "--python-version",
        python,
        "--implementation",
        "cp",
    ]
    command += [part for tag in SYSTEMS[system] for part in ("--platform", tag)]
    return subprocess.run(
        [*command, *options, "-r", str(wanted)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )


def _last_line(said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "pip failed without a word"


def _fits(interpreter: str, abi: str, platform: str, system: str, python: str) -> bool:
    if platform != "any" and platform not in SYSTEMS[system]:
        return False
    own = "cp" + python.replace(".", "")
    if abi == "abi3":
        return interpreter.startswith("cp3") and int(interpreter[3:] or 0) <= int(own[3:])
    return interpreter.startswith("py3") if abi == "none" and interpreter != own else interpreter == own


def _requirements(path: Path) -> list[Requirement]:
    with zipfile.ZipFile(path) as file:
        name = next(name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        told = email.message_from_bytes(file.read(name))
    return [Requirement(line) for line in told.get_all("Requires-Dist", [])]


if __name__ == "__main__":
    for system, python, missing in matrix():
        print(f"{system:12} Python {python}  {missing or 'all wheels'}", flush=True)
