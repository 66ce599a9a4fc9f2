"""keys.png: the key motions of a take side by side, each with its phone and time."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import blf
import bpy
import imbuf
import numpy as np
import numpy.typing as npt

from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.phones import BILABIALS, SILENCE, VOWELS, classes_of

from ..take.labels import shown

if TYPE_CHECKING:
    from kmtalk_core.take import Key, Take

Picture = npt.NDArray[np.float32]
"""(height, width, 3) from 0 to 1, first row at the bottom, as Blender keeps them."""

CELL = (200, 240)
_COLUMNS = 8
CAPTION, HEADER, GAP = 40, 64, 6
_PAPER, _CARD = (0.075, 0.082, 0.092), (0.125, 0.135, 0.15)
_INK, _FAINT = (0.93, 0.94, 0.95), (0.58, 0.61, 0.65)
_CLOSED, _OPEN = (1.0, 0.55, 0.42), (0.5, 0.78, 1.0)


@dataclass(frozen=True)
class _Text:
    """A line of text at (x, y) pixels from the lower left; with `right`, it ends there."""

    text: str
    x: int
    y: int
    size: int
    color: tuple[float, float, float]
    right: bool = False


def choose(take: "Take", limit: int) -> list["Key"]:
    """At most `limit` keys in time order: closures and the widest vowels first, the rest spread over the clip."""
    keys = list(take.keys)
    if len(keys) <= limit:
        return keys
    share = max(limit // 3, 1)
    chosen = _spread([key for key in keys if _is_closure(key)], share)
    opening = {key.frame: _opening(key) for key in keys}
    bins: dict[int, Key] = {}
    for key in (key for key in keys if _is_vowel(key)):
        place = int(key.frame * share / take.frame_count)
        if place not in bins or opening[key.frame] > opening[bins[place].frame]:
            bins[place] = key
    frames = {key.frame for key in (*chosen, *bins.values())}
    frames |= {key.frame for key in _spread([key for key in keys if key.frame not in frames], limit - len(frames))}
    return [key for key in keys if key.frame in frames]


def compose(keys: Sequence["Key"], pictures: Sequence[Picture], title: str) -> Picture:
    """The sheet: one cell a key, `pictures` of size `CELL` above phone and time; `title` over all."""
    columns = min(_COLUMNS, len(keys))
    rows = -(-len(keys) // columns)
    step_x, step_y = CELL[0] + GAP, CELL[1] + CAPTION + GAP
    width, height = max(columns * step_x + GAP, 5 * step_x), rows * step_y + GAP + HEADER
    sheet = np.empty((height, width, 3), dtype=np.float32)
    sheet[:] = _PAPER
    texts = [
        _Text(_shortened(title, (width - 260) // 12), GAP + 4, height - 40, 22, _INK),
        _Text("lips meet", width - 90, height - 40, 18, _CLOSED, right=True),
        _Text("vowel", width - GAP - 4, height - 40, 18, _OPEN, right=True),
    ]
    for index, (key, picture) in enumerate(zip(keys, pictures, strict=True)):
        x = GAP + index % columns * step_x
        y = height - HEADER - (index // columns + 1) * step_y + GAP
        sheet[y : y + CELL[1] + CAPTION, x : x + CELL[0]] = _CARD
        sheet[y + CAPTION : y + CAPTION + CELL[1], x : x + CELL[0]] = picture
        color = _CLOSED if _is_closure(key) else _OPEN if _is_vowel(key) else _INK
        label = "silence" if key.label == SILENCE else _shortened(shown(key.label), 10)
        texts.append(_Text(label, x + 10, y + 12, 26 if len(label) < 5 else 18, color))
        texts.append(_Text(f"{key.time:.2f} s", x + CELL[0] - 10, y + 13, 16, _FAINT, right=True))
    _print(texts, sheet)
    return sheet


def _print(texts: Sequence[_Text], sheet: Picture) -> None:
    """Set the texts on the sheet, in place, in Blender's own font, which has the phonetic symbols."""
    height, width = sheet.shape[:2]
    for color in sorted({text.color for text in texts}):
        layer = imbuf.new((width, height))
        with blf.bind_imbuf(0, layer):  # type: ignore[func-returns-value]
            for text in (text for text in texts if text.color == color):
                blf.size(0, text.size)
                blf.color(0, 1.0, 1.0, 1.0, 1.0)
                left = text.x - (blf.dimensions(0, text.text)[0] if text.right else 0)
                blf.position(0, left, text.y, 0)
                blf.draw_buffer(0, text.text)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            imbuf.write(layer, filepath=str(Path(folder) / "text.png"))
            coverage = read(Path(folder) / "text.png")[..., 3:]
        sheet += coverage * (np.array(color, dtype=np.float32) - sheet)


def read(path: Path) -> npt.NDArray[np.float32]:
    """A picture file as (height, width, 4) from 0 to 1."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)


def write(sheet: Picture, path: Path) -> None:
    """Save a picture as PNG."""
    height, width = sheet.shape[:2]
    image = bpy.data.images.new("keys", width, height)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.ones((height, width, 4), dtype=np.float32)
    pixels[..., :3] = sheet
    image.pixels.foreach_set(pixels.ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _spread(keys: Sequence["Key"], count: int) -> list["Key"]:
    """`count` of `keys`, evenly."""
    if len(keys) <= count:
        return list(keys)
    return [keys[round(index * (len(keys) - 1) / max(count - 1, 1))] for index in range(count)]


def _opening(key: "Key") -> float:
    return float(key.pose[ARKIT_INDEX["jawOpen"]] - key.pose[ARKIT_INDEX["mouthClose"]])


def _is_closure(key: "Key") -> bool:
    return bool(BILABIALS.intersection(classes_of(key.label)))


def _is_vowel(key: "Key") -> bool:
    return bool(VOWELS.intersection(classes_of(key.label)))
