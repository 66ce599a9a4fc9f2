"""`python -m kmtalk_addon.demo.moving FILM.mp4 OUT.webp`: a film as a moving picture for a web page, without sound."""

import argparse
import sys
from fractions import Fraction
from pathlib import Path

WIDTH, RATE, QUALITY = 360, 15, 90
"""Pixels, pictures a second, and WebP's quality."""


def convert(film: Path, out: Path, width: int = WIDTH, rate: int = RATE, quality: int = QUALITY) -> int:
    """Write the pictures of `film` as an animated WebP that starts over at its end; returns how many.

    Needs PyAV (`pip install ".[media]"`).  Raises OSError or ValueError where a file cannot be read or
    written.
    """
    import av

    count = 0
    with av.open(str(film)) as source, av.open(str(out), "w", format="webp", options={"loop": "0"}) as target:
        shown = source.streams.video[0]
        height = round(shown.height * width / shown.width / 2) * 2
        stream = target.add_stream("libwebp_anim", rate=rate, options={"quality": str(quality)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in source.decode(shown):
            if frame.time is None or frame.time * rate < count:
                continue
            picture = frame.reformat(width, height, "yuv420p")
            picture.pts, picture.time_base = count, Fraction(1, rate)
            target.mux(stream.encode(picture))
            count += 1
        target.mux(stream.encode(None))
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="kmtalk_addon.demo.moving", description=__doc__)
    parser.add_argument("film", type=Path)
    parser.add_argument("out", type=Path, metavar="OUT.webp")
    options = parser.parse_args()
    try:
        count = convert(options.film, options.out)
    except ImportError:
        print('kmtalk: PyAV is not installed: pip install ".[media]"', file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"kmtalk: {options.film} could not be made a moving picture ({error}).", file=sys.stderr)
        return 2
    print(f"{options.out}: {count} pictures, {options.out.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
