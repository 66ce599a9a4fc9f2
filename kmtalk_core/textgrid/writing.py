"""TextGrids of what was found, for Praat and for people."""

from pathlib import Path

from ..alignment import Alignment
from ..errors import AlignmentError
from ..files import replacing


def write_textgrid(alignment: Alignment, path: str | Path) -> None:
    """Save `alignment` as a TextGrid with a tier “phones”, and one of “words” where they are known.

    Silences are empty, as MFA writes them.
    """
    path = Path(path)
    text = textgrid_of(alignment)
    try:
        with replacing(path) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise AlignmentError(f"“{path}” cannot be written ({error.strerror}); choose another folder.") from error


def textgrid_of(alignment: Alignment) -> str:
    """Text of a TextGrid in the long form."""
    tiers = {"phones": [(p.start, p.end, "" if p.is_silence else p.label) for p in alignment.phones]}
    if alignment.words:
        tiers = {"words": _without_gaps(alignment), **tiers}
    span = f"xmin = 0\n{{indent}}xmax = {alignment.duration:.6f}"
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", span.format(indent="")]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for place, (name, rows) in enumerate(tiers.items(), 1):
        lines += [f"    item [{place}]:", '        class = "IntervalTier"']
        lines += [f'        name = "{name}"', "        " + span.format(indent=" " * 8)]
        lines += [f"        intervals: size = {len(rows)}"]
        for number, (start, end, text) in enumerate(rows, 1):
            quoted = text.replace('"', '""')
            lines += [f"        intervals [{number}]:", f"            xmin = {start:.6f}"]
            lines += [f"            xmax = {end:.6f}", f'            text = "{quoted}"']
    return "\n".join(lines) + "\n"


def _without_gaps(alignment: Alignment) -> list[tuple[float, float, str]]:
    """The words, and nothing between them."""
    rows: list[tuple[float, float, str]] = []
    time = 0.0
    for word in alignment.words:
        if word.start > time:
            rows.append((time, word.start, ""))
        rows.append((word.start, word.end, word.text))
        time = word.end
    return rows if time >= alignment.duration else [*rows, (time, alignment.duration, "")]
