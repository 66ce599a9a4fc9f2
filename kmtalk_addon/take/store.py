"""Takes inside the .blend: with the line that plays them, on the action that carries its curves.

An action goes wherever its character goes, so takes survive saving, appending, linking and copying with it; a text or
a file beside would stay behind.
"""

import io
import json
import secrets
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import compat
from ..core import errors, schema
from ..core import take as takes
from . import columns as keys
from .columns import Columns
from .timing import FloatArray, Timeline

if TYPE_CHECKING:
    from kmtalk_core.take import Take

Positions: TypeAlias = tuple[npt.NDArray[np.int32], FloatArray]
Curves: TypeAlias = Mapping[str, Positions]
"""Frames and values of the keys of curves, by `lines.full_name`."""


_PLACE = schema.Number(-1e7, 1e7)
"""Seconds of a sound, and frames of a scene."""
_STORY = schema.Record(
    {
        "name": schema.Text(1000),
        "audio": schema.Text(40_000),
        "begin": _PLACE,
        "end": schema.Maybe(_PLACE),
        "start": _PLACE,
        "fps": schema.Number(0.01, 100_000),
        "error": schema.Number(0, 1e6),
        "drive": schema.Text(10_000_000),
        "strip": schema.Text(1000),
        "stamp": schema.Text(1000),
        "asked": schema.MapOf(schema.Anything()),
        "source": schema.Text(40_000),
        "silent": schema.Number(0, 1e6),
    },
    optional=(
        "audio",
        "begin",
        "end",
        "start",
        "fps",
        "error",
        "drive",
        "strip",
        "stamp",
        "asked",
        "source",
        "silent",
    ),
    unknown="drop",
)


@dataclass(frozen=True)
class Story:
    """How a take came onto its line, as far as making a part of it anew needs it.

    audio: path of the sound, of which seconds `begin` to `end` were animated; stamp: what tells whether that file is
    still the same; start: scene frame of second 0 of the take; fps: the scene's rate; error: as in `BakeOptions`;
    drive: `Face.signature`, empty where nobody noted it; strip: the mark on the sound strip, empty for a line of a
    file; asked: the settings it was made with; source: the file that the take was read from, where it was;
    silent: seconds of the silence that a face listens through, 0 for a line that has a sound.
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
    source: str = ""
    silent: float = 0.0

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
        advice = "animate from audio again"
        what = f"What “{name}” remembers of itself"
        told = schema.loads(text, what, errors.TakeError, room=16 << 20, advice=advice)
        return Story(**_STORY.read(told, what, errors.TakeError, advice))


def stamp_of(path: str) -> str:
    """What tells a sound file from what it is later: its length and when it was written; empty where there is none."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return ""
    return f"{found.st_size} {found.st_mtime_ns // 1_000_000}"


_LARGE = 64 << 20
"""Bytes of a file that is read again rather than remembered."""


def take_bytes(take: "Take", shapes: FloatArray | None = None) -> bytes:
    """The .npz file of `take`; `shapes` as `save_take` has them."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "take.npz"
        takes.save_take(take, path, shapes)
        return path.read_bytes()


def take_of(line: Any) -> "Take":
    """The take of a line, not to be written into.  Raises TakeError."""
    return _take_in(bytes(line.file))


def kept(take: "Take") -> tuple["Take", bytes]:
    """A take as `take_of` will give it, for it is remembered, and the file that a line keeps of it."""
    data = take_bytes(take)
    return _take_in(data), data


def remembered(path: Path) -> tuple["Take", bytes]:
    """The take in a file, as `take_of` will give it, for it is remembered, and the file.  Raises TakeError.

    What is kept of one of vertices is another file, which whoever fits them makes: empty.
    """
    data = path.read_bytes()
    take = _take_in(data) if len(data) < _LARGE else takes.load_take(path)
    return take, data if take.space.has_names else b""


@lru_cache(maxsize=2)  # one edit asks for the same one several times
def _take_in(data: bytes) -> "Take":
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "take.npz"
        path.write_bytes(data)
        return takes.load_take(path)


def story_of(line: Any) -> Story:
    """How the take came onto its line.  Raises TakeError."""
    return Story.from_json(line.story, line.name)


def keep_record(line: Any, curves: Curves) -> None:
    """Keep the keys of curves as they were written, to tell later what an artist changed; its `revision` is another."""
    line.record = pack({name: {"frames": frames, "values": values} for name, (frames, values) in curves.items()})
    line.revision = secrets.randbelow(1 << 31)


def noted_curves(line: Any) -> Curves:
    """Frames and values of a line's curves as they were written.  Raises TakeError."""
    found = _of_now(_record_in(line.record, line.name), line)
    return {
        name: (parts["frames"].astype(np.int32, copy=False), parts["values"].astype(np.float32, copy=False))
        for name, parts in found.items()
    }


@lru_cache(maxsize=2)  # one edit asks for the same one several times
def _record_in(data: bytes, name: str) -> dict[str, Columns]:
    found = unpack(data, name)
    for columns in found.values():
        for column in columns.values():
            column.setflags(write=False)
    return found


def _of_now(curves: dict[str, Columns], line: Any) -> dict[str, Columns]:
    """Curves of a line by their names of now: what was written before Blender 4.4 named no slot, and has one since."""
    slots = compat.slots_of(line.id_data)
    handle = compat.handle_of_slot(slots[0]) if slots else 0
    if not handle:
        return curves
    return {f"{handle}{name}" if name.startswith("|") else name: columns for name, columns in curves.items()}


def hidden_of(line: Any) -> dict[str, Columns]:
    """The keys of a line that lie under other lines, by curve.  Raises TakeError."""
    return _of_now(unpack(line.hidden, line.name), line) if line.hidden else {}


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
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > len(data):
                raise ValueError("it would unpack to more than was packed")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            names, lengths = json.loads(str(file["names"][()])), file["lengths"].tolist()
            ends = np.cumsum(lengths).tolist()
            whole = {part: file[part] for part in file.files if part not in ("names", "lengths")}
        if (
            len(names) != len(lengths)
            or not all(isinstance(curve, str) for curve in names)
            or min(lengths, default=0) < 0
        ):
            raise ValueError("not as many curves as it says")
        if any(len(array) != sum(lengths) or not np.isfinite(array).all() for array in whole.values()):
            raise ValueError("not as many keys as it says, or some that are nowhere")
        spans = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        return {
            name: {part: array[span] for part, array in whole.items()} for name, span in zip(names, spans, strict=True)
        }
    except Exception as error:  # damaged archives and arrays raise almost anything
        raise errors.TakeError(f"“{name}” has lost its record: animate from audio again.") from error
