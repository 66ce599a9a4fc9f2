"""Takes inside the .blend: with the line that plays them, on the action that carries its curves.

An action goes wherever its character goes, so takes survive saving, appending, linking and copying with it; a text or
a file beside would stay behind.
"""

import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..core import errors
from ..core import take as takes
from . import columns as keys
from .columns import Columns
from .timing import FloatArray, Timeline

if TYPE_CHECKING:
    from kmtalk_core.take import Take

Positions: TypeAlias = tuple[npt.NDArray[np.int32], FloatArray]
Curves: TypeAlias = Mapping[str, Positions]
"""Frames and values of the keys of curves, by `lines.full_name`."""


@dataclass(frozen=True)
class Story:
    """How a take came onto its line, as far as making a part of it anew needs it.

    audio: path of the sound, of which seconds `begin` to `end` were animated; stamp: what tells whether that file is
    still the same; start: scene frame of second 0 of the take; fps: the scene's rate; error: as in `BakeOptions`;
    drive: `Face.signature`, empty where nobody noted it; strip: the mark on the sound strip, empty for a line of a
    file; asked: the settings it was made with; deleted: the seconds of the take at which key motions were deleted;
    source: the file that the take was read from, where it was.
    """

    name: str
    audio: str = ""
    begin: float = 0.0
    end: float | None = None
    start: float = 1.0
    fps: float = 24.0
    error: float = 0.0
    drive: str = ""
    strip: str = ""
    stamp: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)
    deleted: tuple[float, ...] = ()
    source: str = ""

    @property
    def timeline(self) -> Timeline:
        return Timeline(self.fps, self.start)

    def take_frame(self, frame: int, take: "Take") -> int:
        """The frame of the take that is nearest to a frame of the scene."""
        return min(max(round(self.timeline.time_at(frame) * take.fps), 0), take.frame_count - 1)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str, name: str) -> "Story":
        """The story that `to_json` wrote, here or in a later version.  Raises TakeError, naming the line `name`."""
        known = {item.name for item in fields(Story)}
        try:
            return Story(**{key: value for key, value in json.loads(text).items() if key in known})
        except (AttributeError, TypeError, ValueError) as error:
            raise errors.TakeError(f"“{name}” was written by another KMTalk: animate from audio again.") from error


def stamp_of(path: str) -> str:
    """What tells a sound file from what it is later: its length and when it was written; empty where there is none."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return ""
    return f"{found.st_size} {found.st_mtime_ns // 1_000_000}"


def take_bytes(take: "Take", shapes: FloatArray | None = None) -> bytes:
    """The .npz file of `take`; `shapes` as `save_take` has them."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "take.npz"
        takes.save_take(take, path, shapes)
        return path.read_bytes()


def take_of(line: Any) -> "Take":
    """The take of a line.  Raises TakeError."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "take.npz"
        path.write_bytes(line.file)
        return takes.load_take(path)


def story_of(line: Any) -> Story:
    """How the take came onto its line.  Raises TakeError."""
    return Story.from_json(line.story, line.name)


def record_of(curves: Curves) -> bytes:
    """The keys of curves as they were written, to tell later what an artist changed."""
    return pack({name: {"frames": frames, "values": values} for name, (frames, values) in curves.items()})


def noted_curves(line: Any) -> Curves:
    """Frames and values of a line's curves as they were written.  Raises TakeError."""
    found = unpack(line.record, line.name)
    return {name: (parts["frames"], parts["values"]) for name, parts in found.items()}


def hidden_of(line: Any) -> dict[str, Columns]:
    """The keys of a line that lie under other lines, by curve.  Raises TakeError."""
    return unpack(line.hidden, line.name) if line.hidden else {}


def hidden_bytes(hidden: Mapping[str, Columns]) -> bytes:
    """What `hidden_of` reads; nothing where nothing is hidden."""
    kept = {name: columns for name, columns in hidden.items() if keys.count_of(columns)}
    return pack(kept) if kept else b""


def pack(curves: Mapping[str, Mapping[str, npt.NDArray[Any]]]) -> bytes:
    """Arrays of several curves as one file; those of one curve are equally long."""
    file = io.BytesIO()
    parts = next(iter(curves.values()), {})
    whole = {part: np.concatenate([curve[part] for curve in curves.values()]) for part in parts}
    lengths = np.array([len(next(iter(curve.values()))) for curve in curves.values()], np.int64)
    np.savez(file, names=np.array(json.dumps(list(curves))), lengths=lengths, **whole)
    return file.getvalue()


def unpack(data: bytes, name: str) -> dict[str, Columns]:
    """What `pack` packed.  Raises TakeError, naming the line `name`."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            names = json.loads(str(file["names"][()]))
            cuts = np.cumsum(file["lengths"])[:-1] if len(names) else []
            parts = {part: np.split(file[part], cuts) for part in file.files if part not in ("names", "lengths")}
            count = len(file["lengths"])
        if len(names) != count:
            raise ValueError
        return {curve: {part: arrays[n] for part, arrays in parts.items()} for n, curve in enumerate(names)}
    except (KeyError, ValueError, OSError, EOFError, TypeError, IndexError) as error:
        raise errors.TakeError(f"“{name}” has lost its record: animate from audio again.") from error
