"""The type hints of the operators are those of the operators that are registered."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from kmtalk_addon import hints  # noqa: E402


def test_the_stub_tells_of_every_operator_and_every_option() -> None:
    if not hasattr(bpy.types, "FileHandler") or bpy.app.version >= (5, 0, 0):
        pytest.skip("the stub is written with Blender 4.5, and others have options of their own in presets and files")
    assert hints.PATH.read_text(encoding="utf-8") == hints.stub(), "write it anew: python -m kmtalk_addon.hints"


def test_the_stub_agrees_with_what_is_registered() -> None:
    tree = ast.parse(hints.PATH.read_text(encoding="utf-8"))
    told = {node.name: {a.arg for a in node.args.kwonlyargs} for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in ("animate", "regenerate", "animate_all", "add_demo_head", "say_as", "face_build"):
        own = {prop.identifier for prop in getattr(bpy.ops.kmtalk, name).get_rna_type().properties} - {"rna_type"}
        assert told[name] == own, name
    assert {"strip", "faces", "start_over", "mood", "strength_lower"} <= told["animate"]


def test_a_checker_finds_a_wrong_option(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    package = tmp_path / "operators"
    package.mkdir()
    (package / "__init__.pyi").write_text(hints.PATH.read_text(encoding="utf-8"), encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        'import operators\noperators.animate(strip="line", mood="happy")\noperators.animate(mood="hapy")\n'
    )
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "script.py:3" in done.stdout and "script.py:2" not in done.stdout, done.stdout
