"""From files to files: the jobs that the command line, the worker and batches share."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from . import audio, textgrid, transcript
from .errors import KMTalkError
from .files import OutputError, is_same, read_at_most, replacing, require_free
from .localize import frame_count_of, key_frames, localize
from .motion.spaces import ARKIT
from .progress import Job
from .reshaping import reshape
from .schema import loads
from .take import Take, export_csv, load_take, save_take

if TYPE_CHECKING:
    from .animate import Animator

Span: TypeAlias = tuple[float, float | None]
"""The part of a sound from a begin to an end, in seconds; None for its own end."""

Load: TypeAlias = Callable[[Path, Span | None], Job[audio.Sound]]
"""What reads a sound file, or a part of it: `sound_job`, or whatever plays sounds where this runs."""


def animate_file(
    animator: "Animator",
    source: Path,
    out: Path,
    *,
    csv: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    span: Span | None = None,
    load: Load | None = None,
    keep: Path | None = None,
    pending: Sequence[Any] = (),
    keep_shift: float = 0.0,
    **localization: Any,
) -> Job[Take]:
    """Animate the sound in `source`, save the take as `out` and its coefficients as `csv`; return the take.

    Only the `span` of it where one is given, and the take's time starts there.  `load` reads it (`sound_job` where none
    is given).  What a hand did in the take `keep` is done to this one too, with the `pending` edits that are not in it
    yet; this sound begins `keep_shift` seconds later than that take's.  `localization` says how phones are found:
    `text`, `textgrid`, `method`, `language`, as `localize` takes them, or `transcript`, a file with the text.
    """
    _require_free((out, csv), source, localization.get("textgrid"), localization.get("transcript"))
    localization, notes = _with_text(localization)
    sound = yield from (load or sound_job)(source, span)
    begin = span[0] if span else 0.0
    old = None if keep is None else load_take(keep)
    take = yield from animator.animate_job(
        sound, settings=settings, begin=begin, keep=old, pending=pending, keep_shift=keep_shift, **localization
    )
    take = replace(take, notes=notes + take.notes)
    if take.settings.get("method") == "textgrid":
        take = replace(take, settings={**take.settings, "textgrid": textgrid.digest(Path(localization["textgrid"]))})
    save_take(take, out)
    if csv is not None:
        export_csv(take, csv)
    return take


def complete_file(
    animator: "Animator",
    take_path: Path,
    source: Path,
    edits: Sequence[Mapping[str, Any]],
    out: Path,
    span: Span | None = None,
    load: Load | None = None,
) -> Job[Take]:
    """Apply `edits` (as in EDITS.json) to a saved take, regenerate beside them, save as `out`; return the take."""
    _require_free((out,), source, take_path)
    take = load_take(take_path)
    sound = yield from (load or sound_job)(source, span)
    completed = yield from animator.complete_job(take, sound, edits)
    digest = take.audio.get("digest")
    if load is None and isinstance(digest, str) and digest != sound.digest:
        note = f"{sound.name} is not sample for sample what the take was made from; what is new follows it."
        completed = replace(completed, notes=tuple(dict.fromkeys((*completed.notes, note))))
    save_take(completed, out)
    return completed


def reshape_file(take_path: Path, out: Path, values: Mapping[str, Any], *, csv: Path | None = None) -> Take:
    """Give a saved take other strengths, smoothing or delay, save it as `out` and its coefficients as `csv`."""
    _require_free((out, csv), take_path)
    take = reshape(load_take(take_path), values)
    save_take(take, out)
    if csv is not None:
        export_csv(take, csv)
    return take


def _require_free(outs: Sequence[Path | None], *sources: Any) -> None:
    """Before long work: its results take the place of nothing that it reads, nor of each other.  Raises OutputError."""
    wanted = [path for path in outs if path is not None]
    for path in wanted:
        require_free(path, *(Path(source) for source in sources if source is not None))
    if len({path.absolute() for path in wanted}) < len(wanted) or (len(wanted) == 2 and is_same(*wanted)):
        raise OutputError(f"{wanted[0]} is asked for twice; give the take and the CSV two names.")


def _with_text(localization: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`localization` with the text of its file, and what is to be said of how that was read.  Raises AlignmentError."""
    found = dict(localization)
    path = found.pop("transcript", None)
    if path is None:
        return found, ()
    found["text"], notes = transcript.read_file(path)
    return found, notes


def sound_job(source: Path, span: Span | None) -> Job[audio.Sound]:
    """The sound in `source`, or the `span` of it.  Raises AudioError."""
    sound = yield from audio.load_job(source)
    if span is None:
        return sound
    return (yield from audio.part_job(sound, *span))


def localize_file(
    source: Path,
    *,
    fps: float = ARKIT.fps,
    weights: Path | None = None,
    load: Load | None = None,
    **localization: Any,
) -> Job[dict[str, Any]]:
    """Phones and key frames of the sound in `source`, laid out as `localize --json` writes them."""
    localization, notes = _with_text(localization)
    sound = yield from (load or sound_job)(source, None)
    alignment = yield from localize(sound, weights=weights, **localization)
    keys = key_frames(alignment, fps, frame_count_of(sound.duration, fps))
    return {
        "phones": [
            {"start": round(p.start, 4), "end": round(p.end, 4), "label": p.label, "confidence": round(p.confidence, 4)}
            for p in alignment.phones
        ],
        "keys": [
            {"frame": k.frame, "time": round(k.time, 4), "label": k.label, "confidence": round(k.confidence, 4)}
            for k in keys
        ],
        "words": [{"start": round(w.start, 4), "end": round(w.end, 4), "text": w.text} for w in alignment.words],
        "fps": fps,
        "method": alignment.method,
        "marks": [{"time": m.time, "name": m.name, "strength": m.strength} for m in alignment.marks],
        "notes": [*notes, *sound.notes, *alignment.notes],
    }


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON beside `path`, then rename, so that no half file is ever seen."""
    try:
        with replacing(path) as file:
            file.write(json.dumps(value, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise KMTalkError(f"{path} cannot be written ({error.strerror}); choose a folder you may write to.") from error


def read_json(path: Path, limit: int = 64 << 20) -> Any:
    """Read a JSON file of at most `limit` bytes.  Raises KMTalkError."""
    try:
        content = read_at_most(path, limit)
    except OSError as error:
        raise KMTalkError(f"{path} cannot be read ({error.strerror}); check the path, or give another file.") from error
    return loads(content, str(path), room=1 << 30, advice="fix it or export it again")
