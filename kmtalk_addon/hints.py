"""Type hints of the extension's operators: `python -m kmtalk_addon.hints` writes `kmtalk.pyi` beside this file.

Editors and type checkers that know Blender by stub packages read it once it is copied beside the stubs of Blender's own
operators, as `bpy/ops/kmtalk/__init__.pyi`.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from .as_module import leave

PATH = Path(__file__).with_name("kmtalk.pyi")
_TYPES = {"BOOLEAN": "bool", "INT": "int", "FLOAT": "float", "STRING": "str"}
_HEAD = '''"""Operators of KMTalk, as `bpy.ops.kmtalk`; written by `python -m kmtalk_addon.hints`."""

from typing import Any, Literal
'''


def stub() -> str:
    """The text of the stub, of the operators that are registered now."""
    operators: Any = bpy.ops
    names = [name for name in sorted(dir(operators.kmtalk)) if not name.startswith("_")]
    return "\n".join([_HEAD, *(_function(name, getattr(operators.kmtalk, name).get_rna_type()) for name in names)])


def _function(name: str, rna: Any) -> str:
    options = [f"    {prop.identifier}: {_type(prop)} = ...," for prop in _options(rna)]
    lines = [f"def {name}(", "    execution_context: str | None = None,", "    undo: bool | None = None,", "    /,"]
    lines += ["    *,", *options] if options else []
    about = inspect.cleandoc(rna.description).replace("\n", " ")
    return "\n".join([*lines, ") -> set[str]:", f'    """{about}."""', ""])


def _options(rna: Any) -> Iterator[Any]:
    for prop in rna.properties:
        if prop.identifier != "rna_type" and not (prop.is_hidden and prop.type == "COLLECTION"):
            yield prop


def _type(prop: Any) -> str:
    if prop.type == "ENUM":
        names = [item.identifier for item in prop.enum_items]
        one = f"Literal[{', '.join(map(repr, names))}]".replace("'", '"') if names else "str"
        return f"set[{one}]" if prop.is_enum_flag else one
    kind = _TYPES.get(prop.type, "Any")
    return f"tuple[{kind}, ...]" if getattr(prop, "is_array", False) else kind


def main() -> None:
    from . import registration

    registration.register()
    try:
        PATH.write_text(stub(), encoding="utf-8")
    finally:
        registration.unregister()
    print(PATH)


if __name__ == "__main__":
    main()
    leave(0)
