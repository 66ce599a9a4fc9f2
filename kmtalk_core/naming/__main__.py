"""`python -m kmtalk_core.naming`: the kinds of faces that are recognised by their keys' names, as a table."""

import sys

from .schemes import SCHEMES


def table() -> str:
    """Markdown, a line a scheme."""
    rows = [f"| {scheme.title} | {len(scheme.channels)} | {scheme.maker} |" for scheme in SCHEMES]
    return "\n".join(["| keys named like | keys | whose |", "|---|---|---|", *rows])


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
