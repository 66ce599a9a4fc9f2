"""Python starts as if certain libraries were not installed: those that `KMTALK_ABSENT` names, with commas between."""

import importlib.abc
import os
import sys

_NAMES = frozenset(os.environ.get("KMTALK_ABSENT", "").split(","))


class _Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in _NAMES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, _Absent())
