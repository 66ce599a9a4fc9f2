"""Run the tests as if PyTorch and what trains with it were not installed, in every process that they start.

python tests/without_pytorch.py [pytest arguments]

Works in an environment without them, too.  Files that import them are left out and named at the end: they train,
compare the two engines, or make small networks of random weights.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MISSING = ("torch", "transformers", "safetensors", "soxr", "accelerate", "tensorboard", "wordfreq")
"""What the extra `research` brings."""

RESEARCH = ("tests/bench", "tests/corpus", "tests/datasets", "tests/training", "tests/training_paper")
"""What is about that extra alone."""

_ROOT = Path(__file__).resolve().parents[1]
_NAMED = re.compile(f"No module named '({'|'.join(MISSING)})[.']")


class LeaveOut:
    """Leaves out the files that cannot be read without PyTorch, and says which."""

    def __init__(self) -> None:
        self.left_out: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector):
        report = yield
        if report.failed and _NAMED.search(str(report.longrepr)):
            self.left_out.append(report.nodeid)
            report.outcome, report.result, report.longrepr = "passed", [], None
            if hasattr(report, "call"):
                report.call.excinfo = None
        return report

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section("left out, for they need PyTorch")
        for name in sorted(set(self.left_out)):
            terminalreporter.line(name)


def main(arguments: list[str]) -> int:
    if os.environ.get("KMTALK_ABSENT") != ",".join(MISSING):
        paths = [str(_ROOT / "tests" / "absent"), str(_ROOT), os.environ.get("PYTHONPATH", "")]
        absent = {"KMTALK_ABSENT": ",".join(MISSING), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        command = [sys.executable, __file__, *arguments]
        return subprocess.run(command, env=os.environ | absent, cwd=_ROOT).returncode
    apart = ("tests/blender", "tests/extension", *RESEARCH)  # Blender is one per process
    chosen = arguments if any(not argument.startswith("-") for argument in arguments) else ["tests", *arguments]
    return int(pytest.main([*(f"--ignore={folder}" for folder in apart), *chosen], plugins=[LeaveOut()]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
