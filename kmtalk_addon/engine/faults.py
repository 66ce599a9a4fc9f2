"""Why an installation failed, in one sentence, from what pip and its kin have written."""

import re
from pathlib import Path

from ..core import errors


class EngineError(errors.KMTalkError):
    """The engine is missing, incomplete or has died; the message says what to do."""

    kind = "engine"


class UnreachableError(EngineError):
    """The server `host` cannot be reached; the message names it."""

    def __init__(self, message: str, host: str = "") -> None:
        super().__init__(message)
        self.host = host


_FAULTS = (
    (r"No space left on device|Errno 28|WinError 112", "The disk is full: make room in {folder} and press Resume."),
    (
        r"Long Path|WinError 206",
        "{folder} is too long a path for Windows: set the variable KMTALK_DATA to a shorter one, and try again.",
    ),
    (
        r"ProxyError|Tunnel connection failed|407 Proxy",
        "The proxy refuses the connection: set it up for Python (HTTPS_PROXY), or install from a folder.",
    ),
    (
        r"is no secure address",
        "The package server has no secure address: set PIP_INDEX_URL to one with https, or install from a folder.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate",
        "The secure connection to {host} is not trusted, often because a company's firewall looks into it: set "
        "PIP_CERT to the file of the company's certificate, or install from a folder.",
    ),
    (
        r"NewConnectionError|NameResolutionError|Temporary failure in name|getaddrinfo failed|nodename nor servname"
        r"|Name or service not known|Network is unreachable|ConnectTimeout|ReadTimeout|timed out|IncompleteRead"
        r"|error sending request|dns error"
        r"|Connection (refused|reset|aborted)|ConnectionError|RemoteDisconnected|HTTP Error 5\d\d|WinError 1006\d",
        "There is no connection to {host}: check the network and press Resume, or install from a folder.",
    ),
    (
        r"Permission denied|Errno 13|Errno 30|Read-only file system|WinError 5\b|WinError 32\b",
        "{folder} cannot be written: close other Blenders and check its permissions.",
    ),
    (
        r"No module named (ensurepip|pip|venv)|ensurepip is not available",
        "This Python cannot install packages: install your system's python3-venv, or choose another Python.",
    ),
)


def sentence(log: str, folder: Path) -> str:
    """What the lines `log` of an installation into `folder` come to."""
    for pattern, said in _FAULTS:
        if re.search(pattern, log):
            return said.format(folder=folder, host=host_in(log))
    missing = re.search(r"No matching distribution found for (\S+)", log)
    if missing:
        return f"No {missing[1]} was found that fits this Python and this system: choose another Python or folder."
    lines = [line for line in log.splitlines() if line.strip()]
    return f"The installation failed ({lines[-1].strip()[:160] if lines else 'no output'}): see the log."


def is_unreachable(log: str) -> bool:
    """Whether a server could not be reached, whatever keeps it away."""
    return any(re.search(pattern, log) for pattern, said in _FAULTS if "{host}" in said)


def host_in(log: str) -> str:
    """The server that was asked last, as pip and `fetch.py` write it."""
    found = re.findall(r"host='([^']+)'|https?://([^/\s:'\")]+)", log)
    return next((name for pair in reversed(found) for name in pair if name), "the package servers")


class Reading:
    """What the lines of pip and of `fetch.py` say of how far they are."""

    def __init__(self, stage: str, expected_bytes: float) -> None:
        self.stage, self.fraction = stage, 0.0
        self._expected = expected_bytes

    def hear(self, line: str) -> bool:
        """Take note of one line; return whether it was progress alone, which no log needs."""
        counted = re.fullmatch(r"Progress (\d+)", line)
        if counted:
            self.fraction = min(float(counted[1]) / self._expected, 1.0)
            return True
        if line.startswith("Downloading "):
            name, size = line.split()[1].split("-")[0], re.search(r"\(([^)]+)\)", line)
            self.stage = f"downloading {name}" + (f" ({size[1]})" if size else "")
        elif line.startswith("Successfully installed"):
            self.fraction = 1.0
        return False
