"""One live performance: a thread listens and makes frames, the window shows the latest, the end puts all back."""

import collections
import contextlib
import math
import threading
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
import numpy.typing as npt

from ..core import audio, errors, live, property_drives, spaces
from ..face.targets import Curve, Face, Target

if TYPE_CHECKING:
    from kmtalk_core.calibration import Calibration
    from kmtalk_core.stream.live import Frame

FloatArray = npt.NDArray[np.float32]
Blocks = Iterator[FloatArray]

_KEPT = 240  # frames that may wait for the window
_PATIENCE = 2.0  # seconds for the thread to end


class Session:
    """Plays the blocks of a voice to a face until they end or `end` is called.

    `record` is the WAV file that keeps the voice, `actor` whom the face speaks as; None for none.  Raises FaceError for
    a face that has not all that it is said to move.
    """

    def __init__(
        self,
        face: Face,
        blocks: Blocks,
        settings: Mapping[str, Any],
        look_ahead: float,
        record: Path | None = None,
        actor: "Calibration | None" = None,
    ) -> None:
        self._face, self._blocks = face, blocks
        self._settings, self._look_ahead, self._actor = dict(settings), look_ahead, actor
        self._record = record
        self._was = [
            (target, curve, _value(target, curve)) for target in face.targets for curve in target.curves.values()
        ]
        self._drawings = [
            _Drawing(target.drive) if isinstance(target.drive, property_drives.StepDrive) else None
            for target in face.targets
        ]
        self._frames: collections.deque[Frame] = collections.deque(maxlen=_KEPT)
        self._asked, self._done = threading.Event(), threading.Event()
        self.failure: Exception | None = None
        self.seconds = 0.0
        """Of sound that was heard."""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def recording(self) -> Path | None:
        """What was recorded; None for nothing."""
        return self._record if self.seconds > 0 else None

    @property
    def is_ended(self) -> bool:
        """Whether nothing more comes."""
        return self._done.is_set() and not self._frames

    def show(self, *, every: bool = False) -> bool:
        """Show the latest frame there is, or the next where `every` one is wanted; whether there was one.

        Raises FaceError where the face is gone.
        """
        frames: list[Frame] = []
        while self._frames and not (every and frames):
            frames.append(self._frames.popleft())
        if not frames:
            return False
        try:
            for target, drawing in zip(self._face.targets, self._drawings, strict=True):
                _show(target, frames, drawing)
        except ReferenceError as error:
            raise errors.FaceError("The face was removed while it was live.") from error
        return True

    def stop(self) -> None:
        """Stop listening; what was heard is still there."""
        self._asked.set()

    def end(self) -> None:
        """Stop listening, and give everything the value it had."""
        self._asked.set()
        self._thread.join(_PATIENCE)
        for target, curve, value in self._was:
            with contextlib.suppress(ReferenceError):  # removed meanwhile
                curve.set(target.owner, value)
        for target in self._face.targets:
            with contextlib.suppress(ReferenceError):
                if target.owner is not None:
                    target.tag()

    def _listen(self) -> None:
        try:
            with _Recorder(self._record) as recorder:
                face = live.LiveFace(
                    live.network_of(),
                    live.Settings.of(self._settings),
                    look_ahead=self._look_ahead,
                    calibration=self._actor,
                )
                for block in self._blocks:
                    if self._asked.is_set():
                        break
                    recorder.take(block)
                    self.seconds += len(block) / audio.RATE
                    self._frames.extend(face.push(block))
                if not self._asked.is_set():
                    self._frames.extend(face.stop())
        except Exception as error:  # told by the window; a thread has nobody to tell
            self.failure = error
        finally:
            close = getattr(self._blocks, "close", None)
            if close is not None:
                close()
            self._done.set()


class _Recorder:
    """Writes blocks to a WAV file of 16 bits as they come; None for nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._file: Any = None
        if path is not None:
            self._file = wave.open(str(path), "wb")  # noqa: SIM115 - closed by __exit__
            self._file.setparams((1, 2, audio.RATE, 0, "NONE", ""))

    def take(self, block: FloatArray) -> None:
        if self._file is not None:
            self._file.writeframes((np.clip(block, -1, 1) * 32767).astype("<i2").tobytes())

    def __enter__(self) -> "_Recorder":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._file is not None:
            self._file.close()


class Stage:
    """Who is live now: one at most."""

    def __init__(self) -> None:
        self.session: Session | None = None

    def start(self, make: Callable[[], Session]) -> Session:
        """End who is live, and let another begin."""
        self.clear()
        self.session = make()
        return self.session

    def clear(self, *_: Any) -> None:
        """End who is live; for handlers too, before a file is saved, loaded or an undo is made."""
        if self.session is not None:
            ended, self.session = self.session, None
            ended.end()


_stage = Stage()


def stage() -> Stage:
    return _stage


def free_path() -> Path:
    """Where the next recording goes: beside the .blend file, or into Blender's temporary folder where there is none."""
    saved = bool(bpy.data.filepath)
    folder = Path(bpy.data.filepath).parent if saved else Path(bpy.app.tempdir)
    stem = Path(bpy.data.filepath).stem if saved else "voice"
    number = 1
    while (path := folder / f"{stem}_voice_{number:03}.wav").exists():
        number += 1
    return path


def _value(target: Target, curve: Curve) -> float:
    """What a curve's property has now.  Raises FaceError where it is gone."""
    try:
        return curve.get(target.owner)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise errors.FaceError(
            f"“{target.name}” has no {curve.name} that could move: choose what moves the face again (Face ▸ Settings)."
        ) from error


class _Drawing:
    """Drawings while they are live: one stays as long as it has to, counted in frames of the live face, and the next is
    what was strongest since then, so that closed lips are seldom left out."""

    def __init__(self, drive: property_drives.StepDrive) -> None:
        self._drive, self._hold = drive, max(drive.least, 2 if drive.twos else 1)
        self._strongest: FloatArray | None = None
        self._shown, self._since = math.nan, -self._hold

    def at(self, number: int, motion: FloatArray) -> float:
        """The value that shows the frame of that number, which rises."""
        weights = self._drive.base(motion[None])
        self._strongest = weights if self._strongest is None else np.maximum(self._strongest, weights)
        if number - self._since >= self._hold and not (self._drive.twos and number % 2):
            wanted, self._strongest = float(self._drive.chosen(self._strongest)[0]), None
            if wanted != self._shown:
                self._shown, self._since = wanted, number
        return self._shown


def _show(target: Target, frames: Sequence["Frame"], drawing: _Drawing | None) -> None:
    """Show the last of `frames`."""
    if target.owner is None:
        raise errors.FaceError(f"The shape keys of “{target.name}” were removed while it was live.")
    moved = ({**f.beside, spaces.ARKIT.name: f.motion}.get(target.drive.space.name) for f in frames)
    motions = [motion for motion in moved if motion is not None]  # None: the settings leave it alone
    if not motions:
        return
    if drawing is None:
        values = target.drive(motions[-1][None])[0]
    else:
        values = np.array(
            [drawing.at(frame.number, motion) for frame, motion in zip(frames, motions, strict=True)][-1:]
        )
    for number, curve in target.curves.items():
        curve.set(target.owner, float(values[number]))
    target.tag()
