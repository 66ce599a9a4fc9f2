"""What the engine is made of: versions and hashes that the tests ran with, for every system and Python.

`engine.lock` is in the format of pip's requirements; pip itself picks what fits a system.  Each library comes from one
index alone: PyTorch from its own where it has a build to choose there, all else from the usual one.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..core import schema
from .faults import EngineError

LOCK = Path(__file__).with_name("engine.lock")
OLDER_MAC = Path(__file__).with_name("engine-macos12.lock")
"""What takes the place of some of it on macOS 12 and 13."""

_ITEM = schema.Record(
    {
        "metadata": schema.Record({"name": schema.Text(200), "version": schema.Text(100)}, unknown="keep"),
        "download_info": schema.Record(
            {
                "url": schema.Text(4000),
                "archive_info": schema.Record({"hashes": schema.MapOf(schema.Text(200))}, unknown="keep"),
            },
            unknown="keep",
        ),
    },
    unknown="keep",
)
_REPORT = schema.Record({"install": schema.ListOf(_ITEM, 1000)}, unknown="keep")


def pins(path: Path = LOCK) -> dict[str, list[str]]:
    """The lines `name==version ; marker` of every library, by its name."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match(r"[a-z0-9]", line):
            pin = line.removesuffix("\\").strip()
            found.setdefault(_name(pin.split("==")[0]), []).append(pin)
    return found


def pins_for(is_older_mac: bool) -> dict[str, list[str]]:
    """The lines of every library, by its name, as they hold for this system's age."""
    return {**pins(), **pins(OLDER_MAC)} if is_older_mac else pins()


def hashes(path: Path = LOCK) -> dict[tuple[str, str], frozenset[str]]:
    """The SHA-256 (hex) of all files of a library, by its name and version."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    key = ("", "")
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match(r"[a-z0-9]", line):
            name, version = re.split(r"==|[\s;\\]", line)[:2]
            key = (_name(name), version)
        for digest in re.findall(r"--hash=sha256:([0-9a-f]{64})", line):
            found[key] = found.get(key, frozenset()) | {digest}
    return found


def chosen(reports: Iterable[Path], known: Mapping[tuple[str, str], frozenset[str]] | None = None) -> dict[str, Any]:
    """What pip chose in its `reports`, as one; raises EngineError for a file that is not what was tested.

    A build of PyTorch's own index has the hash that this index names, unless the lock has one of that build.
    """
    known = {**hashes(), **hashes(OLDER_MAC)} if known is None else known
    items: list[Any] = []
    for path in reports:
        try:
            content = schema.loads(path.read_bytes(), path.name, EngineError)
        except OSError as error:
            raise EngineError(f"{path} cannot be read ({error.strerror}): press Resume.") from error
        items += _REPORT.read(content, path.name, EngineError, "press Resume")["install"]
    for item in items:
        name, version = _name(item["metadata"]["name"]), item["metadata"]["version"]
        version, _, build = version.partition("+")
        digest = item["download_info"]["archive_info"]["hashes"].get("sha256", "")
        allowed = known.get((name, version))
        is_own_build = bool(build) and name == "torch"
        belongs_to_torch = name == "triton" or name.startswith(("nvidia-", "cuda-"))
        if allowed is None and belongs_to_torch:
            continue
        if allowed is None or (digest not in allowed and not is_own_build):
            raise EngineError(f"{name} {version} is not the file that KMTalk was tested with: check the package index.")
    return {"install": items}


def torch_needs(report: Path) -> list[str]:
    """What a build of PyTorch for a graphics card needs beside the libraries of the lock, as its report says."""
    (item,) = json.loads(report.read_text(encoding="utf-8"))["install"]
    wanted = [str(line) for line in item["metadata"].get("requires_dist", ())]
    return [line for line in wanted if "extra ==" not in line and re.match(r"(nvidia-|cuda-|triton\b)", line)]


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text.strip()).lower()
