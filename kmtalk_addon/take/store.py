"""Takes inside the .blend: as properties of the action that plays them.

An action goes wherever its character goes, so the take survives saving, appending, linking and copying with it; a
text or a file beside would stay behind.
"""

import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import compat
from ..core import errors
from ..core import take as takes
from . import drafts, fcurves
from .bake import BakeOptions
from .timing import FloatArray, Timeline

if TYPE_CHECKING:
    from kmtalk_core.take import Take


Curves: TypeAlias = Mapping[str, tuple[npt.NDArray[np.int32], FloatArray]]
"""Frames and values of the keys of curves, by `fcurves.full_name`."""


@dataclass(frozen=True)
class Story:
    """How a take came onto its action, as far as making a part of it anew needs it.

    audio: path of the sound, of which seconds `begin` to `end` were animated; fps: the scene's rate; error: as in
    BakeOptions; drive: `drive.signature` of the face, empty where nobody noted it.
    """

    name: str
    audio: str
    begin: float
    end: float | None
    start: float
    fps: float
    foreign: str
    timeline_markers: bool
    error: float
    drive: str = ""

    @property
    def options(self) -> BakeOptions:
        foreign: Any = self.foreign
        return BakeOptions(self.name, self.start, foreign, self.timeline_markers, self.error)

    @property
    def timeline(self) -> Timeline:
        return Timeline(self.fps, self.start)

    def take_frame(self, frame: int, take: "Take") -> int:
        """The frame of the take that is nearest to a frame of the scene."""
        return min(max(round(self.timeline.time_at(frame) * take.fps), 0), take.frame_count - 1)


def is_ours(action: Any) -> bool:
    """Whether `action` carries a take."""
    return action is not None and drafts.TAG in action and bool(action.kmtalk_take.story)


def take_bytes(take: "Take", shapes: FloatArray | None = None) -> bytes:
    """The .npz file of `take`; `shapes` as `save_take` has them."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_") as folder:
        path = Path(folder) / "take.npz"
        takes.save_take(take, path, shapes)
        return path.read_bytes()


def keep(action: Any, data: bytes, story: Story, record: bytes) -> None:
    """Put a take's file and its story on `action`, with the record of the keys that its curves have."""
    action.kmtalk_take.file = data
    action.kmtalk_take.story = json.dumps(asdict(story))
    action.kmtalk_take.record = record


def take_of(action: Any) -> "Take":
    """The take that `action` carries.  Raises TakeError."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_") as folder:
        path = Path(folder) / "take.npz"
        path.write_bytes(action.kmtalk_take.file)
        return takes.load_take(path)


def story_of(action: Any) -> Story:
    """How the take came onto `action`.  Raises TakeError."""
    try:
        return Story(**json.loads(action.kmtalk_take.story))
    except (KeyError, TypeError, ValueError) as error:
        raise errors.TakeError(f"“{action.name}” was written by another KMTalk: animate from audio again.") from error


def record_of(curves: Curves) -> bytes:
    """The keys of curves as they were written, to tell later what an artist changed."""
    file = io.BytesIO()
    np.savez(
        file,
        names=np.array(json.dumps(list(curves))),
        lengths=np.array([len(frames) for frames, _ in curves.values()], np.int64),
        frames=np.concatenate([frames for frames, _ in curves.values()] or [np.zeros(0, np.int32)]),
        values=np.concatenate([values for _, values in curves.values()] or [np.zeros(0, np.float32)]),
    )
    return file.getvalue()


def curves_now(action: Any) -> Curves:
    """The keys that the curves of `action` have."""
    return {name: fcurves.positions(curve)[:2] for name, curve in curves_by_name(action).items()}


def noted_curves(action: Any) -> Curves:
    """Frames and values of the curves as they were written, by the names of `curves_by_name`.  Raises TakeError."""
    try:
        with np.load(io.BytesIO(action.kmtalk_take.record), allow_pickle=False) as file:
            cuts = np.cumsum(file["lengths"])[:-1]
            frames, values = np.split(file["frames"], cuts), np.split(file["values"], cuts)
            names = json.loads(str(file["names"][()]))
        return dict(zip(names, zip(frames, values, strict=True), strict=True))
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise errors.TakeError(f"“{action.name}” has lost its record: animate from audio again.") from error


def curves_by_name(action: Any) -> dict[str, Any]:
    """Every curve of an action by slot and data path."""
    slots = action.slots if compat.HAS_SLOTS else (None,)
    found = ((slot.handle if slot else 0, curve) for slot in slots for curve in compat.read_curves(action, slot))
    return {fcurves.full_name(handle, curve.data_path): curve for handle, curve in found}
