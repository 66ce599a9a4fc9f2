"""The actor that a character speaks as: learnt from a recording of their face, kept with the character."""

import json
from collections.abc import Mapping
from typing import Any

from ..core import calibration, errors, schema

_ADVICE = "learn from a recording again, or remove this one"


def of(owner: Any) -> Mapping[str, Any] | None:
    """What the character `owner` learnt, as the core takes it; None where it learnt nothing, or speaks as usual.

    Raises FaceError for what is none: a .blend file comes from anyone.
    """
    found = learnt_by(owner)
    return None if found is None else found.to_json()


def learnt_by(owner: Any) -> calibration.Calibration | None:
    """What the character `owner` speaks by; None and FaceError as `of`."""
    own = owner.kmtalk_face
    return _read(own.actor, owner.name) if own.actor and own.use_actor else None


def name_of(owner: Any) -> str:
    """Whom the character learnt from; empty where that is nobody, or cannot be read."""
    try:
        return _read(owner.kmtalk_face.actor, owner.name).name if owner.kmtalk_face.actor else ""
    except errors.FaceError:
        return "what is damaged"


def learn(owner: Any, learnt: Mapping[str, Any]) -> None:
    """Keep what was learnt with the character, which uses it from now on.  Raises FaceError for what is none."""
    text = json.dumps(learnt, ensure_ascii=False, separators=(",", ":"))
    _read(text, owner.name)
    owner.kmtalk_face.actor, owner.kmtalk_face.use_actor = text, True


def forget(owner: Any) -> None:
    """Let the character speak as usual."""
    owner.kmtalk_face.actor = ""


def require_readable(text: str, name: str) -> None:
    """Raise FaceError unless `text` is what `learn` keeps, or nothing."""
    if text:
        _read(text, name)


def _read(text: str, name: str) -> calibration.Calibration:
    what = f"What “{name}” learnt from a recording"
    try:
        return calibration.Calibration.of(schema.loads(text.encode(), what, advice=_ADVICE), what)
    except errors.KMTalkError as error:
        raise errors.FaceError(f"{what} is damaged: {_ADVICE}.") from error
