"""Settings of characters in files, found again by the character's name in any .blend file."""

import json
import math
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bpy

from .. import engine
from ..core import errors, files, retarget
from . import actor, settings

SIZE_LIMIT = 4 << 20
_LONGEST = 1000
"""Letters of a data path."""
_LATER = ("least_hold", "on_twos", "neck_share", "keys_too", "actor")
"""What the first presets do not tell: the character keeps its own then."""


def path_of(name: str) -> Path:
    """Where the preset of a character lies."""
    return engine.data_folder() / "faces" / files.safe_name(f"{quote(name, safe=' ')[:180]}.json")


def find(name: str) -> Path | None:
    """The preset of this name, where there is one."""
    path = path_of(name)
    return path if path.is_file() else None


def save(owner: Any) -> Path:
    """Write the settings of `owner` under its name.  Raises FaceError."""
    path = path_of(owner.name)
    content = json.dumps(_content(owner.kmtalk_face), ensure_ascii=False, indent=1)
    try:
        with files.replacing(path) as file:
            file.write(content.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise errors.FaceError(f"{path} cannot be written ({error.strerror}): check the folder.") from error
    return path


def load(owner: Any, name: str = "") -> None:
    """Give `owner` the settings that were saved under `name`, or its own.  Raises FaceError with nothing changed."""
    path = find(name or owner.name)
    if path is None:
        raise errors.FaceError(f"No preset of the name “{name or owner.name}” was saved.")
    content = _read(path)
    own = owner.kmtalk_face
    for plain in ("scheme", "jaw_angle", *_LATER):
        if plain in content:
            setattr(own, plain, content[plain])
    if "keys" in content:
        own.keys.clear()
        for key, channel in content["keys"].items():
            row = own.keys.add()
            row.name, row.channel = key, channel
            row.path, row.value = content["rows"].get(key, ("", 1.0))
    own.adjustments.clear()
    for channel, (multiplier, offset) in content["adjustments"].items():
        settings.adjustment(own, channel, multiplier, offset)
    for prop, bone in content["bones"].items():
        setattr(own, prop, bone)
    if content["matrix"] is None:
        own.matrix = None
    else:
        own.matrix = own.matrix or bpy.data.texts.new(f"{owner.name} Matrix")
        own.matrix.from_string(content["matrix"])


def is_applied(owner: Any) -> bool:
    """Whether the preset of its name says what `owner` has."""
    path = find(owner.name)
    try:
        now = _content(owner.kmtalk_face)
        return path is not None and all(now[name] == value for name, value in _read(path).items())
    except errors.FaceError:
        return False


def _content(own: Any) -> dict[str, Any]:
    return {
        "scheme": own.scheme,
        "keys": {row.name: row.channel for row in own.keys},
        "rows": {row.name: (row.path, round(row.value, 5)) for row in own.keys if row.path},
        "least_hold": own.least_hold,
        "on_twos": own.on_twos,
        "neck_share": round(own.neck_share, 5),
        "adjustments": {item.name: [round(item.multiplier, 5), round(item.offset, 5)] for item in own.adjustments},
        "matrix": None if own.matrix is None else own.matrix.as_string(),
        "bones": {prop: getattr(own, prop) for prop in settings.BONES.values()},
        "jaw_angle": round(own.jaw_angle, 5),
        "keys_too": own.keys_too,
        "actor": own.actor,
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(files.read_at_most(path, SIZE_LIMIT).decode("utf-8"))
        adjustments = {str(k): [float(m), float(o)] for k, (m, o) in content["adjustments"].items()}
        rows = {str(key): (str(place)[:_LONGEST], float(end)) for key, (place, end) in content.get("rows", {}).items()}
        least_hold, neck_share = int(content.get("least_hold", 2)), float(content.get("neck_share", 0.35))
        jaw_angle, matrix = float(content["jaw_angle"]), content["matrix"]
        numbers = [jaw_angle, neck_share, *(value for _, value in rows.values())]
        if not all(math.isfinite(x) for x in (*numbers, *(n for pair in adjustments.values() for n in pair))):
            raise ValueError
        bones = {prop: str(content["bones"][prop]) for prop in settings.BONES.values()}
        scheme = content.get("scheme", settings.BY_NAMES)
        if scheme not in settings.SCHEMES:
            raise ValueError
        keys = {str(key): str(channel) for key, channel in content.get("keys", {}).items()}
        if matrix is not None:
            retarget.from_json(matrix)
        learnt = str(content.get("actor", ""))
        actor.require_readable(learnt, path.name)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        ArithmeticError,
        errors.FaceError,
    ) as error:
        raise errors.FaceError(f"{path.name} is no preset of a face: save it again.") from error
    told = {
        "scheme": scheme,
        "keys": keys,
        "rows": rows,
        "least_hold": min(max(least_hold, 1), 1000),
        "on_twos": bool(content.get("on_twos")),
        "neck_share": neck_share,
        "adjustments": adjustments,
        "matrix": matrix,
        "bones": bones,
        "jaw_angle": jaw_angle,
        "keys_too": bool(content.get("keys_too")),
        "actor": learnt,
    }
    given = {*content, "rows"} if "keys" in content else {*content}
    return {name: value for name, value in told.items() if name in given}
