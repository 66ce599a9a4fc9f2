"""The system libraries that Blender as a Python module needs on Linux.  Standard library only; Python 3.8 or newer."""

import subprocess
from pathlib import Path

_PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXext.so.6": "libxext6",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libGLdispatch.so.0": "libglvnd0",
    "libxcb.so.1": "libxcb1",
    "libuuid.so.1": "libuuid1",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}
_LIBRARY_FOLDERS = ("/usr/lib/*-linux-gnu*", "/usr/lib64", "/usr/lib", "/usr/local/lib")


def missing_packages(venv: Path) -> "list[str]":
    """Debian packages without which `import bpy` fails in the environment `venv`; [] when nothing is missing."""
    found = sorted(Path(venv).glob("lib/python3*/site-packages/bpy/__init__*.so"))
    missing = {name for module in found for name in unresolved(module)}
    return sorted({_PACKAGES[name] for name in missing if name in _PACKAGES})


def missing_rendering_packages() -> "list[str]":
    """Debian packages for rendering by OpenGL without a screen; without them Cycles does it, more slowly."""
    wanted = []
    if not _installed("libEGL.so.1"):
        wanted.append("libegl1")
    if not any(map(_installed, ("dri/*_dri.so", "libgallium*.so", "libEGL_nvidia.so.0"))):
        wanted.append("libgl1-mesa-dri")
    return wanted


def unresolved(library: Path) -> "list[str]":
    """Names of the shared libraries that `library` needs and the loader does not find."""
    try:
        listing = subprocess.run(["ldd", str(library)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = listing.stdout.decode(errors="replace").splitlines()
    return sorted({line.split()[0] for line in lines if "not found" in line})


def _installed(pattern: str) -> bool:
    return any(True for folder in _LIBRARY_FOLDERS for _ in Path("/").glob(folder[1:] + "/" + pattern))
