"""What can be promised before anything is fetched: whether PyTorch exists for this system, and the card can run it."""

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

from .faults import EngineError

DRIVER = 580
"""The first driver of NVIDIA that runs CUDA 13."""
COMPUTE = 7.5
"""The least compute capability that CUDA 13 knows: Turing."""
OLDEST_MAC, NEWEST_FOR_MAC = 12, 14
"""The first macOS that the libraries are made for, and the first that the newest PyTorch is made for."""

_QUERY = ("--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader")
_SECONDS = 20.0


@dataclass(frozen=True)
class Card:
    """A graphics card as its driver tells of it."""

    name: str
    driver: int
    compute: float


def require_system(system: str = "", machine: str = "", mac: str = "") -> None:
    """Raise EngineError where there is no PyTorch of the tested kind; by default for this system."""
    system, machine = system or platform.system(), (machine or platform.machine()).lower()
    mac = mac or platform.mac_ver()[0]
    instead = "animate with what is built into Blender (Engine: Automatic)"
    if system == "Darwin" and machine == "x86_64":
        raise EngineError(f"PyTorch is no longer made for Macs with Intel processors (2.2 was the last): {instead}.")
    if system == "Darwin" and mac and _major(mac) < OLDEST_MAC:
        raise EngineError(
            f"The libraries around PyTorch need macOS {OLDEST_MAC}, and this is {mac}: update macOS, or {instead}."
        )
    if system == "Windows" and machine in ("arm64", "aarch64"):
        raise EngineError(f"PyTorch is not made for Windows on ARM with all that KMTalk needs: {instead}.")


def is_older_mac(mac: str = "") -> bool:
    """Whether this is a Mac that the newest PyTorch is not made for, but one before it is."""
    mac = mac or platform.mac_ver()[0]
    return bool(mac) and _major(mac) < NEWEST_FOR_MAC


def _major(version: str) -> int:
    return int(version.split(".")[0])


def require_device(device: str) -> None:
    """Raise EngineError where `device` cannot be here, told by the driver rather than after gigabytes."""
    if device == "mps" and (sys.platform != "darwin" or platform.machine() != "arm64"):
        raise EngineError("Metal is there on Macs with Apple's processors only: choose CPU.")
    if device == "cuda":
        require_card(cards())


def require_card(found: "list[Card]") -> None:
    """Raise EngineError where none of the cards `found` runs CUDA 13."""
    if not found:
        raise EngineError(
            "No NVIDIA card answers here (nvidia-smi): install NVIDIA's driver and start Blender again, or choose CPU."
        )
    best = max(found, key=lambda card: (card.compute, card.driver))
    if best.compute < COMPUTE:
        raise EngineError(
            f"{best.name} is too old for CUDA 13 (compute capability {best.compute}, {COMPUTE} is needed): choose CPU."
        )
    if best.driver < DRIVER:
        raise EngineError(
            f"The driver of {best.name} is {best.driver}, and CUDA 13 needs {DRIVER} or newer: update the driver, "
            "or choose CPU."
        )


def cards() -> "list[Card]":
    """NVIDIA's cards here, as their driver tells; none where it does not answer."""
    tool = shutil.which("nvidia-smi") or "nvidia-smi"
    try:
        done = subprocess.run(
            [tool, *_QUERY],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return read_cards(done.stdout.decode(errors="replace")) if done.returncode == 0 else []


def read_cards(text: str) -> "list[Card]":
    """Cards from the lines `name, driver, compute capability` of nvidia-smi."""
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.rsplit(",", 2)]
        try:
            found.append(Card(parts[0], int(parts[1].split(".")[0]), float(parts[2])))
        except (IndexError, ValueError):
            continue
    return found
