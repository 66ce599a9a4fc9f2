"""What a bare Linux machine lacks is found before Blender is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from kmtalk_addon import system_libraries

ROOT = Path(__file__).parents[2]


def test_nothing_is_missing_where_bpy_can_be_imported() -> None:
    assert system_libraries.missing_packages(Path(sys.prefix)) == []


def test_missing_libraries_are_named_by_their_debian_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ldd` of a machine without X11 and GL, as it prints."""
    module = tmp_path / "lib" / "python3.11" / "site-packages" / "bpy" / "__init__.so"
    module.parent.mkdir(parents=True)
    module.touch()
    tools = tmp_path / "bin"
    tools.mkdir()
    listing = (
        "libXi.so.6 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x0)\n\tlibGL.so.1 => not found\n\todd.so => not found"
    )
    (tools / "ldd").write_text(f'#!/bin/sh\nprintf "\\t{listing}\\n"\n')
    (tools / "ldd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    assert system_libraries.missing_packages(tmp_path) == ["libgl1", "libxi6"]


def test_it_needs_no_library_itself() -> None:
    code = "import sys, kmtalk_addon.system_libraries; assert not {'numpy', 'bpy'} & set(sys.modules)"
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"], check=True
    )
