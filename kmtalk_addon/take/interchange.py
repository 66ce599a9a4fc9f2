"""Takes as files of others: Live Link Face CSV and plain JSON, both ways.  No bpy here."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..core import Event, Phone, errors, files, schema, spaces
from ..core import take as takes

if TYPE_CHECKING:
    from kmtalk_core.take import Take

LAYOUTS = (
    ("CSV", "Live Link Face CSV", "Timecode, count and the ARKit coefficients, frame by frame"),
    ("JSON", "JSON", "Keys, phones and motion as plain text"),
    ("NPZ", "KMTalk Take", "All of it, for another file or the command line"),
)
SIZE_LIMIT = 512 << 20  # of text
_ROOM = 4 << 30  # bytes of memory, of which a number takes many


def export(take: "Take", path: Path) -> None:
    """Write `take` in the layout that the ending of `path` names.  Raises TakeError."""
    ending = path.suffix.lower()
    if ending == ".csv":
        takes.export_csv(take, path)
    elif ending == ".npz":
        takes.save_take(take, path)
    else:
        _export_json(take, path)


def load(path: Path) -> "Take":
    """The take in a .npz, .json or Live Link Face .csv file.  Raises TakeError."""
    try:
        if path.suffix.lower() == ".npz":
            return takes.load_take(path)
        if path.suffix.lower() != ".json":
            return takes.import_csv(path)
        return _load_json(path)
    except OSError as error:
        raise errors.TakeError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise errors.TakeError(f"{path.name} is no take that KMTalk knows: export it again.") from error


def _export_json(take: "Take", path: Path) -> None:
    content = {
        "space": take.space.name,
        "fps": take.fps,
        "channels": list(take.space.names),
        "text": take.text,
        "phones": [vars(phone) for phone in take.phones],
        "keys": [
            {"frame": k.frame, "time": k.time, "label": k.label, "confidence": k.confidence, "state": k.state}
            for k in take.keys
        ],
        "events": [event.to_json() for event in take.events],
        "motion": np.round(take.motion.astype(float), 5).tolist(),
        **{track.space.name: np.round(track.motion.astype(float), 5).tolist() for track in take.tracks[1:]},
    }
    try:
        with files.replacing(path) as file:
            file.write(json.dumps(content, ensure_ascii=False).encode())
    except OSError as error:
        raise errors.TakeError(f"{path} cannot be written ({error.strerror}): choose another folder.") from error


def _load_json(path: Path) -> "Take":
    content = schema.loads(
        files.read_at_most(path, SIZE_LIMIT),
        f"{path.name} is no take that KMTalk knows: its text",
        errors.TakeError,
        room=_ROOM,
        advice="export it again",
    )
    space = spaces.SPACES[content["space"]]
    if not space.has_names:
        raise ValueError("vertices")
    columns = [content["channels"].index(name) for name in space.names]
    motion = _checked(np.array(content["motion"], float)[:, columns])
    others = [found for name, found in spaces.SPACES.items() if name in content and found is not space]
    tracks = [takes.Track(found, _checked(np.array(content[found.name], float))) for found in others]
    phones = tuple(Phone(p["start"], p["end"], p["label"], p["confidence"]) for p in content.get("phones", ()))
    keys = tuple(
        takes.Key(k["frame"], k["time"], k["label"], k["confidence"], motion[k["frame"]], k["state"])
        for k in content["keys"]
    )
    made = takes.Take(
        (takes.Track(space, motion), *tracks),
        keys,
        phones,
        tuple(Event.from_json(entry) for entry in content.get("events", ())),
        content.get("text"),
        audio={"name": path.name},
        fps=float(content["fps"]),
    )
    return _as_saved(made, path.name)


def _checked(motion: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if motion.ndim != 2 or not np.isfinite(motion).all():
        raise ValueError("no motion")
    return np.clip(motion, -10, 10).astype(np.float32)


def _as_saved(take: "Take", name: str) -> "Take":
    """`take`, out of the file `name`, through a file of our own, whose reader trusts nothing.  Raises TakeError."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "take.npz"
        takes.save_take(take, path)
        try:
            return takes.load_take(path)
        except errors.TakeError as error:
            raise errors.TakeError(str(error).replace(str(path), name)) from error
