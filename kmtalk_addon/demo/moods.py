"""`python -m kmtalk_addon.demo.moods AUDIO OUT.png` draws moments of one sound in several moods, a row for each."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from kmtalk_core import audio
from kmtalk_core.animate import Animator
from kmtalk_core.errors import KMTalkError
from kmtalk_core.settings import MOODS

from ..as_module import leave

_CELL = (260, 290)
_GAP = 6


def main() -> int:
    options = _parse()
    from .. import registration

    registration.register()
    try:
        _draw(options)
        return 0
    except KMTalkError as error:
        print(f"moods: {error}", file=sys.stderr)
        return 2
    finally:
        registration.unregister()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="kmtalk_addon.demo.moods", description="One sound in several moods.")
    parser.add_argument("audio", type=Path)
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--moods", nargs="+", choices=MOODS, default=["happy", "sad", "angry", "surprised"])
    parser.add_argument("--columns", type=int, default=5, help="moments of the sound (default %(default)s)")
    parser.add_argument("--text", help="what is said")
    return parser.parse_args()


def _draw(options: argparse.Namespace) -> None:
    from . import film, scene, studio

    sound, animator = audio.load(options.audio), Animator.load()
    rows = []
    for mood in options.moods:
        take = animator.animate(sound, text=options.text, settings={"mood": mood, "seed": 1})
        frames = np.linspace(0.12, 0.9, options.columns) * (take.frame_count - 1)
        set_up = scene.played(take)
        if studio.can_draw():
            studio.set_workbench(set_up.scene)
        else:
            studio.set_cycles(set_up.scene, 6)
        rows.append(_row(film, set_up, [round(frame) + scene.START for frame in frames]))
        print(f"moods: {mood}", file=sys.stderr)
    gap = np.full((_GAP, rows[0].shape[1], 3), 0.04, np.float32)
    _write(np.concatenate([part for row in reversed(rows) for part in (row, gap)][:-1]), options.out)


def _row(film: Any, set_up: Any, frames: list[int]) -> Any:
    from . import sheet

    cells = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for frame in frames:
            path = Path(folder) / "cell.png"
            film.still(set_up.scene, path, frame, set_up.scene.camera, _CELL)
            picture = sheet.read(path)[..., :3]
            cells += [picture, np.full((picture.shape[0], _GAP, 3), 0.04, np.float32)]
    return np.concatenate(cells[:-1], axis=1)


def _write(picture: Any, out: Path) -> None:
    from . import sheet

    sheet.write(picture, out)


if __name__ == "__main__":
    leave(main())
