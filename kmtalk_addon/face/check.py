"""See and measure whether a face can speak: test poses as one picture, and what is wrong in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from .. import engine
from ..core import errors, poses, progress
from . import build, geometry, moving, sheet
from .recognise import find_face
from .targets import Face, KeyTarget

REPORT = "KMTalk Face Check"
_CROSSING = -0.04
_APART = 0.03
_OPEN = 0.12
"""Of the mouth's width: what counts as crossed, as not closed, and as open."""

_SILENT = frozenset({"sil", "sil_00", "X", "rest"})
"""Visemes that show a mouth at rest."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Request:
    """objects: session_uids of the meshes with keys of the face; parts: of all that is shown, the head first."""

    objects: tuple[int, ...]
    parts: build.Request
    names: tuple[str, ...]
    picture: Path | None


def request(
    objects: Sequence[Any], chosen: tuple[engine.Engine | None, tuple[str, ...]], picture: Path | None
) -> Request:
    """What to check on the face that `objects`, the head first, make up; its lips are measured where there is an
    engine.  Raises FaceError."""
    face = find_face(objects)
    head = next((mesh for mesh in _keys_of(face) if mesh.item == face.owner), _keys_of(face)[0])
    ordered = [head.item, *(item for item in objects if item != head.item)]
    asked = build.request(ordered, chosen, for_building=False)
    names, shown = _poses_of(face, head)
    linear, shift = (asked.turn.T @ matrix for matrix in geometry.to_world(head.item))
    np.savez(Path(asked.folder.name) / "poses.npz", poses=shown @ linear.T.astype(np.float32) + shift)
    return Request(tuple(mesh.item.session_uid for mesh in _keys_of(face)), asked, names, picture)


def _keys_of(face: Face) -> tuple[KeyTarget, ...]:
    """The shape keys of a face, whatever moves them.  Raises FaceError where it has none."""
    found = face.keys or face.meshes
    if not found:
        raise errors.FaceError("This face is moved by bones, which are seen in the viewport: Check Face looks at keys.")
    return found


def _poses_of(face: Face, head: KeyTarget) -> tuple[tuple[str, ...], Array]:
    """Names and vertices (P, N, 3) of the head: the test poses, then every key of the face alone."""
    neutral, offsets = _offsets(head)
    values = face.drive(poses.test_motion())
    channels = [channel for channel in head.shape_keys if channel in offsets]
    moves = np.stack([offsets[channel] for channel in channels]) if channels else np.zeros((0, *neutral.shape))
    moves = moves.astype(np.float32)
    shown = neutral + np.einsum("pk,knd->pnd", values[:, channels], moves)
    names = (*poses.TEST_POSES, *(head.shape_keys[channel] for channel in channels))
    return names, np.concatenate([shown, neutral + moves]).astype(np.float32)


def _offsets(mesh: KeyTarget) -> tuple[Array, dict[int, Array]]:
    """The neutral vertices of a mesh, with a mouth that was modelled open sealed, and each key's offsets by channel."""
    blocks = mesh.owner.key_blocks
    neutral = geometry.vertices_of(mesh.item).astype(np.float32)
    offsets = {
        channel: sheet.points_of(blocks[name]) - sheet.points_of(blocks[name].relative_key)
        for channel, name in mesh.shape_keys.items()
    }
    if build.SEAL in blocks:
        neutral = neutral + sheet.points_of(blocks[build.SEAL]) - sheet.points_of(blocks[build.SEAL].relative_key)
    return neutral, offsets


def check(asked: Request) -> progress.Job[str]:
    """Measure and photograph a face; leave the report in a text block and the picture as an image.  Returns one
    sentence.  Raises KMTalkError."""
    parts = asked.parts
    with parts.folder as folder:
        try:
            measured = (yield from parts.ask("check_face", poses=f"{folder}/poses.npz"))["checked"]
        except (errors.FaceError, engine.EngineError) as error:
            measured = {"sentence": str(error)}  # no human head, or no engine: it is looked at all the same
    face = find_face(build.find(asked.objects))
    lines = [*_about_keys(face), *_about_lips(asked.names, measured)]
    if "points" in measured:
        view = sheet.view_of(measured["points"], np.array(measured["axes"]), parts.turn)
    else:
        view = sheet.view_by_motion(face)
    image = yield from sheet.draw(face, build.find(parts.objects), view, asked.picture)
    _write_report(lines, image)
    wrong = [line for line in lines if not line.startswith(("·", "✓"))]
    if wrong:
        return " ".join(wrong)
    return f"{face.sentence} Nothing wrong was found{'' if 'gaps' in measured else '; the lips were not measured'}."


def _about_keys(face: Face) -> list[str]:
    """What was recognised, and the keys that move nothing on any mesh."""
    moved = {block.name for mesh in _keys_of(face) for block in _moving(mesh.item)}
    every = {block.name for mesh in _keys_of(face) for block in mesh.owner.key_blocks[1:]}
    still = [name for name in sorted(every - moved) if name not in _SILENT]
    return [f"✓ {face.sentence}", *([f"Keys with no effect: {', '.join(still)}."] if still else [])]


def _moving(item: Any) -> list[Any]:
    """The keys of a mesh that move something."""
    still = moving.still_keys(item)
    return [block for block in item.data.shape_keys.key_blocks[1:] if block.name not in still]


def _about_lips(names: Sequence[str], measured: Mapping[str, Any]) -> list[str]:
    if "gaps" not in measured:
        return [f"· {measured['sentence']} The lips were not measured."]
    gaps, openings = (dict(zip(names, measured[kind], strict=True)) for kind in ("gaps", "openings"))
    lines = [f"· {measured['sentence']}"]
    crossed = {n: v for n, v in openings.items() if v < _CROSSING and n not in ("mouthClose", build.SEAL)}
    if crossed:
        listed = ", ".join(f"{name} ({-value:.0%})" for name, value in sorted(crossed.items(), key=lambda p: p[1])[:8])
        lines.append(f"Lips cross, in widths of the mouth: {listed}.")
    if gaps["rest"] > _APART:
        lines.append(f"The mouth is open at rest by {gaps['rest']:.0%} of its width.")
    if gaps[poses.CLOSED] > max(_APART, gaps["rest"]):
        lines.append(f"Lips stay {gaps[poses.CLOSED]:.0%} of the mouth's width apart on p, b and m.")
    else:
        lines.append(f"✓ Lips close on p, b and m to {gaps[poses.CLOSED]:.1%} of the mouth's width.")
    if gaps[poses.OPEN] < _OPEN:
        lines.append(f"The mouth hardly opens: {gaps[poses.OPEN]:.0%} of its width on a.")
    return lines


def _write_report(lines: Sequence[str], image: Any) -> None:
    text = bpy.data.texts.get(REPORT) or bpy.data.texts.new(REPORT)
    text.from_string("\n".join([*lines, f"· The test poses are in the image “{image.name}”."]) + "\n")
