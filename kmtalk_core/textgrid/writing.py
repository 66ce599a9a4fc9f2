"""TextGrids of what was found, for Praat and for people."""

from pathlib import Path

from ..alignment import Alignment
from ..errors import AlignmentError
from ..files import replacing


def write_textgrid(alignment: Alignment, path: str | Path) -> None:
    """Save `alignment` as a TextGrid with one tier “phones”, silences empty as MFA writes them."""
    path = Path(path)
    text = textgrid_of(alignment)
    try:
        with replacing(path) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise AlignmentError(f"“{path}” cannot be written ({error.strerror}); choose another folder.") from error


def textgrid_of(alignment: Alignment) -> str:
    """Text of a TextGrid in the long form."""
    span = f"xmin = 0\n{{indent}}xmax = {alignment.duration:.6f}"
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", span.format(indent="")]
    lines += ["tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"']
    lines += ['        name = "phones"', "        " + span.format(indent=" " * 8)]
    lines += [f"        intervals: size = {len(alignment.phones)}"]
    for number, phone in enumerate(alignment.phones, 1):
        label = "" if phone.is_silence else phone.label.replace('"', '""')
        lines += [f"        intervals [{number}]:", f"            xmin = {phone.start:.6f}"]
        lines += [f"            xmax = {phone.end:.6f}", f'            text = "{label}"']
    return "\n".join(lines) + "\n"
