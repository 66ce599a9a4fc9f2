"""A take as one file: an .npz with a JSON header, without pickles."""

import itertools
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import TakeError
from ..events import Event
from ..files import opened, write_npz
from ..motion.mixture import mixture
from ..motion.spaces import SPACES, MotionSpace
from ..schema import loads
from .entries import key_entry, key_of, mark_of, phone_entry, phone_of, time_of, turn_entry, turn_of, word_of
from .record import Take, Track

FloatArray: TypeAlias = npt.NDArray[np.float32]

FORMAT = 2
"""1 had no events and one track alone; it is still read.  `words` came later: takes without them are read too."""

_LARGEST_HEADER = 512 << 20  # bytes; an hour of speech takes about 30 MB
_HEADER_ROOM = 64 << 20  # bytes that a header may take unpacked, beside four times what it takes in the file
_LARGEST_COMPRESSED = 512 << 20  # bytes that a compressed member may unfold to; takes are saved uncompressed
_LARGEST_MIXED = 4 << 30  # bytes of motion that shapes and weights may make: ten minutes of BIWI
_LARGEST_VALUE = 1e6
_HEADER_FIELDS: dict[str, type | tuple[type, ...]] = {
    "format": int,
    "space": str,
    "fps": (int, float),
    "channels": list,
    "keys": list,
    "phones": list,
    "text": (str, type(None)),
    "settings": dict,
    "model": dict,
    "audio": dict,
}


def save_take(take: Take, path: str | Path, shapes: FloatArray | None = None) -> None:
    """Write `take` to `path` (.npz), beside it first and then renamed; raises TakeError where that cannot be done.

    With `shapes` (K, channels), the motion is kept as the nearest mixtures of these, which saves room where the
    channels are vertices; motion too large to be read back that way is kept whole.
    """
    path = Path(path)
    for track in take.tracks:
        if not _is_sane(track.motion):
            raise TakeError(
                f"{path} is not written: its motion holds numbers that are not finite or far too large, as weights "
                "make whose training went wrong; use other weights."
            )
    header = {
        "format": FORMAT,
        "space": take.space.name,
        "fps": take.fps,
        "channels": list(take.space.names),
        "tracks": [track.space.name for track in take.tracks],
        "keys": [key_entry(key) for key in take.keys],
        "events": [event.to_json() for event in take.events],
        "phones": [phone_entry(phone) for phone in take.phones],
        "words": [{"start": word.start, "end": word.end, "text": word.text} for word in take.words],
        "text": take.text,
        "settings": dict(take.settings),
        "model": dict(take.model),
        "audio": dict(take.audio),
        "notes": list(take.notes),
        "marks": [{"time": m.time, "name": m.name, "strength": m.strength} for m in take.marks],
        "deleted": {"keys": list(take.deleted_keys), "events": [event.to_json() for event in take.deleted_events]},
        "turns": [turn_entry(turn) for turn in take.turns],
    }
    if shapes is not None and take.motion.nbytes <= _LARGEST_MIXED:
        arrays = {"weights": mixture(take.motion, shapes), "shapes": shapes}
    else:
        poses = [key.pose for key in take.keys]
        arrays = {"motion": take.motion, "key_poses": np.reshape(poses, (len(poses), take.motion.shape[1]))}
    arrays |= {track.space.name: track.motion for track in take.tracks[1:]}
    if take.base is not None:
        header["base"] = {
            "settings": dict(take.base.settings),
            "keys": [key_entry(key) for key in take.base.keys],
            "turns": [turn_entry(turn) for turn in take.base.turns],
        }
        is_mixed = "weights" in arrays
        arrays["base"] = mixture(take.base.motion, arrays["shapes"]) if is_mixed else take.base.motion
        arrays |= {f"base_{track.space.name}": track.motion for track in take.base.tracks[1:]}
    text = np.array(json.dumps(header, ensure_ascii=False, separators=(",", ":")))
    try:
        write_npz(path, header=text, **{name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()})
    except OSError as error:
        raise TakeError(f"{path} cannot be written ({error.strerror}); choose a folder you may write to.") from error


def load_take(path: str | Path) -> Take:
    """Read a take that `save_take` wrote; raises TakeError for anything that is not one, however it is broken."""
    path = Path(path)
    with _Archive(path) as archive:
        header = _checked_header(archive.header(), path)
        space = SPACES[header["space"]]
        motion, poses = archive.mixed(space.width) if archive.is_mixed else archive.plain(space.width)
        others = [archive.track(SPACES[name]) for name in header["tracks"][1:]]
        base = archive.base(header) if "base" in header else None
    if not len(motion):
        raise _broken(path, "it has no frames")
    if any(len(track.motion) != len(motion) for track in (*others, *(base or ()))):
        raise _broken(path, "its tracks are not of one length")
    if poses is None:
        poses = motion[[_frame(entry, len(motion), path) for entry in header["keys"]]]
    if len(poses) != len(header["keys"]):
        raise _broken(path, "its key poses are not as many as its keys")
    for array in (motion, poses, *(track.motion for track in (*others, *(base or ())))):
        if not _is_sane(array):
            raise _broken(path, "its motion holds numbers that are not finite")
    try:
        keys = tuple(key_of(entry, pose, len(motion)) for entry, pose in zip(header["keys"], poses, strict=True))
        phones = tuple(phone_of(entry) for entry in header["phones"])
        events = tuple(Event.from_json(entry) for entry in header["events"])
        marks = tuple(mark_of(entry) for entry in header["marks"])
        words = tuple(word_of(entry) for entry in header["words"])
        names = {name for track in others for name in track.space.names}
        turns = tuple(turn_of(entry, len(motion), names) for entry in header["turns"])
        deleted_keys = tuple(time_of(value) for value in header["deleted"].get("keys", ()))
        deleted_events = tuple(Event.from_json(entry) for entry in header["deleted"].get("events", ()))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise _broken(path, "a key, phone, word, mark, event or turn in its header is malformed") from error
    if any(after.frame <= before.frame for before, after in itertools.pairwise(keys)):
        raise _broken(path, "its keys are not in rising order")
    if len({event.id for event in events}) < len(events):
        raise _broken(path, "two of its events have one id")
    take = Take(
        tracks=(Track(space, motion), *others),
        keys=keys,
        phones=phones,
        events=events,
        text=header["text"],
        settings=header["settings"],
        model=header["model"],
        audio=header["audio"],
        notes=tuple(str(note) for note in header["notes"]),
        marks=marks,
        words=words,
        deleted_keys=deleted_keys,
        deleted_events=deleted_events,
        turns=turns,
        fps=float(header["fps"]),
    )
    return take if base is None else replace(take, base=_based(take, base, header["base"], path))


def _is_sane(array: FloatArray) -> bool:
    """Whether all numbers are finite and of a size that motion may have."""
    return not array.size or bool(array.min() > -_LARGEST_VALUE and array.max() < _LARGEST_VALUE)  # false for NaN too


def read_header(path: str | Path) -> dict[str, Any]:
    """The JSON header of a saved take without its motion; raises TakeError as `load_take` does."""
    path = Path(path)
    with _Archive(path) as archive:
        return _checked_header(archive.header(), path)


class _Archive:
    """An .npz from anyone: what a member claims to unfold to is checked before it is unfolded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = opened(path)
            self._zip = zipfile.ZipFile(self._file)
        except OSError as error:
            raise TakeError(f"{path} cannot be read ({error.strerror or error}); check the path.") from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise _broken(path, "the file is damaged, or something else") from error

    def __enter__(self) -> "_Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def header(self) -> Any:
        array = self._read("header.npy", "U", 0, _LARGEST_HEADER)
        stored = self._zip.getinfo("header.npy").compress_size
        return loads(
            str(array[()]),
            f"{self.path} is no usable take: its header",
            TakeError,
            room=_HEADER_ROOM + 4 * stored,
            advice="animate the sound again",
        )

    @property
    def is_mixed(self) -> bool:
        """Whether the motion is kept as mixtures of shapes."""
        return "shapes.npy" in self._zip.namelist()

    def plain(self, width: int) -> tuple[FloatArray, FloatArray]:
        """Motion and key poses."""
        return self._array("motion.npy", width), self._array("key_poses.npy", width)

    def mixed(self, width: int) -> tuple[FloatArray, None]:
        """Motion out of shapes and their weights; its rows are the key poses."""
        return self._mixed("weights", width), None

    def _mixed(self, name: str, width: int) -> FloatArray:
        shapes = self._array("shapes.npy", width)
        weights = self._array(f"{name}.npy", len(shapes))
        if len(weights) * width * 4 > _LARGEST_MIXED:
            raise _broken(self.path, "its motion claims to be far too large")
        return weights @ shapes

    def track(self, space: MotionSpace) -> Track:
        """The motion in a space beside the first."""
        return Track(space, self._array(f"{space.name}.npy", space.width))

    def base(self, header: Mapping[str, Any]) -> list[Track]:
        """The tracks of a take before it was reshaped."""
        spaces = [SPACES[name] for name in header["tracks"]]
        width = spaces[0].width
        first = self._mixed("base", width) if self.is_mixed else self._array("base.npy", width)
        others = [Track(space, self._array(f"base_{space.name}.npy", space.width)) for space in spaces[1:]]
        return [Track(spaces[0], first), *others]

    def _array(self, name: str, width: int) -> FloatArray:
        """The float32 member (n, width)."""
        array = self._read(name, "f", 2, None)
        if array.shape[1] != width:
            raise _broken(self.path, f"{name} is {array.shape[1]} wide where its motion space has {width} channels")
        return array

    def _read(self, name: str, kind: str, dimensions: int, limit: int | None) -> npt.NDArray[Any]:
        try:
            return self._read_member(name, kind, dimensions, limit)
        except TakeError:
            raise
        except OSError as error:
            raise TakeError(f"{self.path} cannot be read ({error.strerror}); check the disk.") from error
        except Exception as error:  # archives and headers of arrays that are damaged raise almost anything
            raise _broken(self.path, f"{name.removesuffix('.npy')} is missing or damaged") from error

    def _read_member(self, name: str, kind: str, dimensions: int, limit: int | None) -> npt.NDArray[Any]:
        info = self._zip.getinfo(name)
        is_plain = info.compress_type == zipfile.ZIP_STORED and info.file_size <= self.path.stat().st_size
        if limit is not None and not is_plain:
            limit = min(limit, _LARGEST_COMPRESSED // 8)
        if info.file_size > (limit or info.file_size) or not (is_plain or info.file_size <= _LARGEST_COMPRESSED):
            raise _broken(self.path, f"{name.removesuffix('.npy')} claims to be far too large")
        with self._zip.open(info) as member:
            shape, order, dtype = _npy_layout(member)
            size = math.prod(shape) * dtype.itemsize
            if dtype.kind != kind or len(shape) != dimensions or (kind == "f" and dtype != np.dtype("<f4")):
                raise ValueError("of another type or shape")
            if size != info.file_size - member.tell():
                raise ValueError("not as long as it says")
            data = member.read(size)
            return np.frombuffer(data, dtype).reshape(shape, order="F" if order else "C")


def _npy_layout(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, Fortran order and dtype of an .npy stream, which is left at its first value."""
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError("of an unknown version")
    return np.lib.format.read_array_header_1_0(member)


def _checked_header(header: Any, path: Path) -> dict[str, Any]:
    if not isinstance(header, dict):
        raise _broken(path, "its header is no object")
    for name, kind in _HEADER_FIELDS.items():
        value = header.get(name, ...)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise _broken(path, f"{name} is missing from its header or malformed")
    for name, usual in (
        ("notes", []),
        ("marks", []),
        ("words", []),
        ("events", []),
        ("turns", []),
        ("tracks", [header["space"]]),
    ):
        if not isinstance(header.setdefault(name, usual), list):
            raise _broken(path, f"{name} in its header is malformed")
    if not isinstance(header.setdefault("deleted", {}), dict):
        raise _broken(path, "deleted in its header is malformed")
    if not 1 <= header["format"] <= FORMAT:
        raise TakeError(f"{path} is of format {header['format']}, this version reads up to {FORMAT}; update KMTalk.")
    tracks = header["tracks"]
    for name in (header["space"], *tracks):
        if not isinstance(name, str) or name not in SPACES:
            raise TakeError(f"{path} is in the motion space {name!r:.60}, which this version does not know.")
    if tracks[:1] != [header["space"]] or len(set(tracks)) < len(tracks):
        raise _broken(path, "tracks in its header is malformed")
    if not 1 <= header["fps"] <= 1000:
        raise _broken(path, "its fps is absurd")
    if header["channels"] != list(SPACES[header["space"]].names):
        raise _broken(path, "its channels are not those of its motion space")
    return header


def _based(take: Take, tracks: list[Track], entry: Any, path: Path) -> Take:
    """`take` before it was reshaped."""
    motion = tracks[0].motion
    try:
        keys = tuple(key_of(key, motion[_frame(key, len(motion), path)], len(motion)) for key in entry["keys"])
        settings = dict(entry["settings"])
        names = {name for track in tracks[1:] for name in track.space.names}
        turns = tuple(turn_of(turn, len(motion), names) for turn in entry.get("turns", ()))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise _broken(path, "its base is malformed") from error
    if any(after.frame <= before.frame for before, after in itertools.pairwise(keys)):
        raise _broken(path, "the keys of its base are not in rising order")
    return replace(take, tracks=tuple(tracks), keys=keys, settings=settings, turns=turns)


def _frame(entry: Any, frame_count: int, path: Path) -> int:
    frame = entry.get("frame") if isinstance(entry, dict) else None
    if type(frame) is not int or not 0 <= frame < frame_count:
        raise _broken(path, "a key or phone in its header is malformed")
    return frame


def _broken(path: Path, why: str) -> TakeError:
    return TakeError(f"{path} is no usable take: {why}; animate the sound again.")
