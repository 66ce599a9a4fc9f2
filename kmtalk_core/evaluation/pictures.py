"""The paper's pictures of an evaluation, as SVG with text that stays text: error maps, curves, strips."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment
from ..datasets.ply import TriangleMesh, find_mesh
from ..datasets.regions import Regions
from ..errors import DataSetError
from ..files import replacing
from ..phones import BILABIALS, VOWELS, classes_of
from ..progress import Job, Progress
from .evaluator import error_over_time
from .metrics import opening
from .render import Image, draw_head, heat, to_png
from .sources import Phones, Prediction, Truth

FloatArray: TypeAlias = npt.NDArray[np.float32]

_SKIN = np.array([205.0, 185.0, 175.0], np.float32)
_COLOURS = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Captured motion is black; methods take the others, which colour-blind readers tell apart."""

_HEAD, _LABEL, _GAP = 240, 28, 8  # pixels
_PLOT_WIDTH, _PLOT_HEIGHT, _LEFT = 960, 200, 64
_BRIGHTEST = 99.0  # percentile of the largest error that the colours end at
_MOST_SYLLABLES = 6
_AROUND_FACE, _AROUND_LIPS = 0.05, 0.9  # of the width of the regions


@dataclass(frozen=True)
class Pictured:
    """The files that were drawn."""

    files: tuple[Path, ...]


def draw_job(
    truth: Truth,
    methods: Mapping[str, Prediction],
    regions: Regions,
    phones: Phones | None,
    name: str,
    data_set: Path,
    out: Path,
) -> Job[Pictured]:
    """Draw what the methods made of the sequence `name`: where and when they err, and the faces beside each other.

    Raises DataSetError where the sequence is unknown or the data set has no mesh of its topology (a .ply).
    """
    if name not in truth.names:
        raise DataSetError(f"There is no sequence {name!r:.80} in this split; one is {truth.names[0]}.")
    mesh = find_mesh(data_set, truth.space.vertices)
    if mesh is None:
        raise DataSetError(
            f"Pictures need the topology: put a .ply of {truth.space.vertices} vertices into {data_set}."
        )
    captured = truth.motion(name)
    made: dict[str, FloatArray] = {}
    for label, method in methods.items():
        motion = next(iter(method.motions(name)))
        made[label] = motion[: len(captured)]
        yield Progress("predicting", len(made) / len(methods))
    said = phones(name) if phones is not None else None
    head = TriangleMesh(truth.template(name), mesh.triangles)
    mouth = _box(head.vertices[regions.lips], _AROUND_LIPS)
    face = _box(np.concatenate([head.vertices[regions.upper], mouth]), _AROUND_FACE)
    unit = truth.space.unit
    shown = captured[: min(len(motion) for motion in (captured, *made.values()))]
    has_lips = len(regions.upper_lip) and len(regions.lower_lip)
    moments = chosen_moments(said, truth.space.fps, len(shown), opening(shown, regions) if has_lips else None)
    files = []
    for file, svg in (
        ("error_map.svg", error_map(captured, made, head, unit, face)),
        ("error_curve.svg", curves(captured, made, regions, truth.space.fps, said, unit)),
        ("strip.svg", strip(captured, made, head, moments, mouth)),
    ):
        _write(out / file, svg)
        files.append(out / file)
        yield Progress("drawing", len(files) / 3)
    return Pictured(tuple(files))


def chosen_moments(
    phones: Alignment | None, fps: float, frames: int, wide: npt.NDArray[np.floating] | None = None
) -> list[tuple[int, str]]:
    """Frames worth looking at and what is said there: closures and open vowels by turns, else evenly spaced ones.

    Of a closure it is the frame where the captured lips are least open, of a vowel the one where they are most, by the
    opening `wide` (frames,); without it the phone's middle.
    """
    if phones is None:
        return [(int(frame), f"{frame / fps:.2f} s") for frame in np.linspace(0, frames - 1, _MOST_SYLLABLES)]
    found: list[tuple[int, str]] = []
    wanted = BILABIALS
    for phone in phones.phones:
        classes = set(classes_of(phone.label))
        frame = round((phone.start + phone.end) / 2 * fps)
        if not classes & wanted or frame >= frames:
            continue
        if wide is not None:
            first, last = max(round(phone.start * fps) - 1, 0), min(round(phone.end * fps) + 1, frames - 1)
            inside = wide[first : last + 1]
            frame = first + int(inside.argmin() if wanted is BILABIALS else inside.argmax())
        found.append((frame, f"{phone.label} {frame / fps:.2f} s"))
        wanted = VOWELS if wanted is BILABIALS else BILABIALS
    return found[:_MOST_SYLLABLES] or chosen_moments(None, fps, frames)


def error_map(
    captured: FloatArray,
    made: Mapping[str, FloatArray],
    mesh: TriangleMesh,
    unit: str = "",
    show: FloatArray | None = None,
) -> str:
    """The mean Euclidean error of every vertex, as colours on the head; one scale for all methods."""
    scale, unit = _readable(unit)
    errors = {label: scale * _vertex_errors(motion, captured) for label, motion in made.items()}
    highest = max(float(np.percentile(error, _BRIGHTEST)) for error in errors.values())
    images = [draw_head(mesh.vertices, mesh, heat(error, highest), _HEAD, show) for error in errors.values()]
    labels = [f"{label}: mean {error.mean():.3g} {unit}" for label, error in errors.items()]
    bar = "".join(
        f'<rect x="{_GAP + index * 3}" y="{_HEAD + _LABEL + _GAP}" width="3" height="12" '
        f'fill="rgb({r:.0f},{g:.0f},{b:.0f})"/>'
        for index, (r, g, b) in enumerate(heat(np.linspace(0, 1, 60).astype(np.float32), 1.0))
    )
    text = f'<text x="{_GAP + 190}" y="{_HEAD + _LABEL + _GAP + 11}">0 to {highest:.3g} {unit}</text>'
    width = len(images) * (_HEAD + _GAP) + _GAP
    return _svg(max(width, 400), _HEAD + _LABEL + 32, _row(images, labels, 0) + bar + text)


def curves(
    captured: FloatArray,
    made: Mapping[str, FloatArray],
    regions: Regions,
    fps: float,
    phones: Alignment | None,
    unit: str = "",
) -> str:
    """Over time: the lip error of each method, and the lips' opening against the captured one, with the phones."""
    scale, unit = _readable(unit)
    errors = {label: scale * error_over_time(motion, captured, regions) for label, motion in made.items()}
    plots: list[tuple[str, Mapping[str, npt.NDArray[np.floating]]]] = [(f"lip error, {unit}", errors)]
    if len(regions.upper_lip) and len(regions.lower_lip):
        wide = {"captured": captured, **made}
        openings = {label: scale * opening(motion, regions) for label, motion in wide.items()}
        plots.append((f"lip opening beyond the neutral head's, {unit}", openings))
    colours = {"captured": _COLOURS[0], **dict(zip(made, _cycle(_COLOURS[1:]), strict=False))}
    parts, top = [], 0
    for title, tracks in plots:
        parts.append(_plot(title, tracks, colours, fps, phones, len(captured), top))
        top += _PLOT_HEIGHT + 72
    return _svg(_LEFT + _PLOT_WIDTH + 16, top, "".join(parts))


def strip(
    captured: FloatArray,
    made: Mapping[str, FloatArray],
    mesh: TriangleMesh,
    moments: Sequence[tuple[int, str]],
    show: FloatArray | None = None,
) -> str:
    """Faces side by side: captured above, a row a method, a column a moment."""
    rows = {"captured": captured, **made}
    skin = np.broadcast_to(_SKIN, mesh.vertices.shape)
    content, height = "", 0
    for label, motion in rows.items():
        images = [draw_head(mesh.vertices + motion[f].reshape(-1, 3), mesh, skin, _HEAD, show) for f, _ in moments]
        names = [f"{label} · {what}" if index == 0 else what for index, (_, what) in enumerate(moments)]
        content += _row(images, names, height)
        height += _HEAD + _LABEL
    return _svg(len(moments) * (_HEAD + _GAP) + _GAP, height + _GAP, content)


def _box(points: FloatArray, around: float) -> FloatArray:
    """Two corners (2, 3) of a box around `points`, with `around` of its width on every side."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = around * (high[0] - low[0])
    return np.stack([low - margin, high + margin])


def _readable(unit: str) -> tuple[float, str]:
    """What to multiply lengths in `unit` by for people, and what they are then."""
    return (1000.0, "mm") if unit == "metre" else (1.0, f"{unit} units")


def _vertex_errors(motion: FloatArray, captured: FloatArray) -> FloatArray:
    total = np.zeros(captured.shape[1] // 3)
    for predicted, wanted in zip(motion, captured, strict=False):
        total += np.linalg.norm((predicted - wanted).reshape(-1, 3), axis=1)
    return (total / min(len(motion), len(captured))).astype(np.float32)


def _row(images: Sequence[Image], labels: Sequence[str], top: int) -> str:
    parts = []
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        left = _GAP + index * (_HEAD + _GAP)
        data = base64.b64encode(to_png(image)).decode()
        parts.append(f'<text x="{left}" y="{top + 19}">{escape(label)}</text>')
        parts.append(
            f'<image x="{left}" y="{top + _LABEL}" width="{_HEAD}" height="{_HEAD}" '
            f'href="data:image/png;base64,{data}"/>'
        )
    return "".join(parts)


def _plot(
    title: str,
    tracks: Mapping[str, npt.NDArray[np.floating]],
    colours: Mapping[str, str],
    fps: float,
    phones: Alignment | None,
    frames: int,
    top: int,
) -> str:
    low = min(0.0, *(float(track.min()) for track in tracks.values()))
    high = max(float(track.max()) for track in tracks.values())
    across, up = _PLOT_WIDTH / max(frames - 1, 1), _PLOT_HEIGHT / max(high - low, 1e-30)
    top, base = top + 24, top + 24 + _PLOT_HEIGHT

    def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
        return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'

    parts = [f'<text x="{_LEFT}" y="{top - 8}">{escape(title)}</text>']
    for value in (low, 0.0, high):
        if value != 0 and abs(value) < 0.1 * (high - low):
            continue
        height = base - (value - low) * up
        parts.append(line(_LEFT, height, _LEFT + _PLOT_WIDTH, height, "#cccccc"))
        parts.append(f'<text x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end" font-size="11">{value:.2g}</text>')
    for phone in phones.phones if phones else ():
        x, end = (_LEFT + time * fps * across for time in (phone.start, phone.end))
        closes = bool(BILABIALS & set(classes_of(phone.label)))
        parts.append(line(x, top, x, base, "#e8e8e8"))
        look = ' font-weight="bold"' if closes else ' fill="#666666"'
        parts.append(
            f'<text x="{(x + end) / 2:.1f}" y="{base + 15}" text-anchor="middle" font-size="11"{look}>'
            f"{escape(phone.label)}</text>"
        )
    seconds = (frames - 1) / fps
    for tick in np.arange(0, seconds + 1e-9, 0.5 if seconds < 8 else 2.0):
        x = _LEFT + tick * fps * across
        parts.append(line(x, base, x, base + 4, "#666666"))
        parts.append(f'<text x="{x:.1f}" y="{base + 32}" text-anchor="middle" font-size="11">{tick:g} s</text>')
    for index, (label, track) in enumerate(tracks.items()):
        points = " ".join(f"{_LEFT + i * across:.1f},{base - (v - low) * up:.1f}" for i, v in enumerate(track))
        colour = colours[label]
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round" points="{points}"/>'
        )
        x = _LEFT + _PLOT_WIDTH - 150 * (len(tracks) - index) + 150
        parts.append(f'<text x="{x}" y="{top - 8}" text-anchor="end" fill="{colour}">{escape(label)}</text>')
    return "".join(parts)


def _cycle(colours: Sequence[str]) -> Iterator[str]:
    while True:
        yield from colours


def _svg(width: int, height: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>{content}</svg>\n'
    )


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise DataSetError(f"{path} cannot be written ({error.strerror}); choose a folder you may write to.") from error
