"""What surrounds the code: its licence, its version, and the files that GitHub and citation tools read."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kmtalk_core import settings

ROOT = Path(__file__).resolve().parent.parent
_SCHEMAS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
    "vendor.github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "vendor.citation-file-format": "CITATION.cff",
}


@pytest.mark.parametrize("schema", _SCHEMAS)
def test_files_for_github_follow_their_published_schema(schema: str) -> None:
    files = sorted(map(str, ROOT.glob(_SCHEMAS[schema])))
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text and "Version 3, 29 June 2007" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_there_is_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    newest = re.search(r"^## \[?(\d[^\]\s]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert cited is not None and newest is not None
    assert {project["version"], manifest["version"], cited[1], newest[1]} == {project["version"]}


def test_every_workflow_runs_what_the_readme_names() -> None:
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    assert "bash .ci/run" in workflow and "python build.py test" in workflow
    for system in ("ubuntu", "windows", "macos"):
        assert system in workflow


def test_tables_in_the_readmes_are_what_their_commands_print() -> None:
    kinds = subprocess.run([sys.executable, "-m", "kmtalk_core.naming"], capture_output=True, text=True, cwd=ROOT)
    assert kinds.stdout.strip() and kinds.stdout.strip() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert settings.table().strip() in (ROOT / "kmtalk_core" / "README.md").read_text(encoding="utf-8")


def test_every_link_of_the_readmes_leads_somewhere() -> None:
    for text in (ROOT / "README.md", ROOT / ".github" / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", text.read_text(encoding="utf-8")):
            assert (text.parent / target).exists(), f"{text.name}: {target}"


def test_every_file_that_the_map_of_the_house_names_is_there() -> None:
    for text in (ROOT / ".github" / "CONTRIBUTING.md", ROOT / "kmtalk_addon" / "farm" / "README.md"):
        named = re.findall(r"`([\w.-]+(?:/[\w.-]*)+|[a-z_]+\.(?:py|js))`", text.read_text(encoding="utf-8"))
        assert named, text
        for name in named:
            assert (ROOT / name).exists() or (text.parent / name).exists(), f"{text.name}: {name}"


def test_the_readmes_sentences_are_short() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    prose = [line for line in text.splitlines() if line and not line.startswith(("    ", "|", "#", "!", "<"))]
    for sentence in re.split(r"(?<=[.:!?])\s+", " ".join(prose)):
        assert len(sentence.split()) <= 30, sentence


def test_workflows_pass_a_linter_of_their_security() -> None:
    linter = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    assert linter is not None, "the test tools bring it: build.py test"
    command = [linter, "--offline", "--no-progress", ".github/workflows"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_hooks_run_what_the_test_command_runs() -> None:
    hooks = (ROOT / ".github" / "pre-commit-config.yaml").read_text(encoding="utf-8")
    command = (ROOT / "build.py").read_text(encoding="utf-8")
    for tool in ("ruff check", "ruff format", "mypy", "zizmor"):
        assert tool in hooks, tool
    for tool in ('"ruff", "check"', '"ruff", "format"', '"mypy"'):
        assert tool in command, tool


def test_no_private_function_is_left_uncalled() -> None:
    """A part of a panel that nobody draws is a feature that nobody finds."""
    unused = []
    for path in [*(ROOT / "kmtalk_addon").rglob("*.py"), *(ROOT / "kmtalk_core").rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {"__getattr__"}
        own = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        unused += [f"{path.name}: {name}" for name in own if name.startswith("_") and name not in names]
    assert unused == []
