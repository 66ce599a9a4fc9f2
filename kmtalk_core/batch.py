"""Many sounds, one command: resumes where it stopped, keeps the model warm, and no bad file stops the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import audio, textgrid, transcript
from .calibration import Calibration
from .client import Worker
from .engines import STARTER_WEIGHTS
from .errors import KMTalkError
from .files import folded, is_there, read_at_most, require_free, spelt, typed_path
from .model.folder import model_hash
from .settings import Settings
from .take import export_csv, load_take, read_header

ATTEMPTS = 2

_LONGEST_LIST = 16 << 20  # bytes


@dataclass(frozen=True)
class BatchItem:
    """One sound of a batch, its transcript and its TextGrid where there are such, and where its take goes."""

    source: Path
    out: Path
    text: str | None = None
    textgrid: Path | None = None

    @property
    def csv(self) -> Path:
        return self.out.with_suffix(".csv")


@dataclass(frozen=True)
class Listing:
    """What is to be done, and what of the list or folder was not taken as it stands, in sentences."""

    items: tuple[BatchItem, ...]
    notes: tuple[str, ...] = ()
    reads: tuple[Path, ...] = ()
    """Files beside the sounds that were read: nothing is written over them."""


@dataclass(frozen=True)
class Work:
    """How the takes of a batch are made: with these settings, the weights of this hash, an actor's calibration or
    none, and as CSV too or not."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    csv: bool = False
    weights_hash: str = ""
    calibration: Mapping[str, Any] | None = None

    @staticmethod
    def of(settings: Mapping[str, Any], weights: Path | None, csv: bool, calibration: Path | None = None) -> "Work":
        """Raises WeightsError for weights that are not there, KMTalkError for a file that is no calibration."""
        actor = None if calibration is None else Calibration.load(calibration).to_json()
        return Work(settings, csv, model_hash(STARTER_WEIGHTS if weights is None else weights), actor)

    def is_done(self, item: BatchItem) -> bool:
        """Whether the take of `item` is there, of this very sound and transcript, and made as it is asked now."""
        try:
            header = read_header(item.out)
            if header.get("text") != item.text or header["model"].get("hash") != self.weights_hash:
                return False
            if header["settings"].get("calibration") != self.calibration:
                return False
            grid = None if item.textgrid is None else textgrid.digest(item.textgrid)
            if header["settings"].get("textgrid") != grid:
                return False
            wanted = Settings.of(self.settings).to_json()
            if any(header["settings"].get(name, ...) != value for name, value in wanted.items()):
                return False
            if header["audio"]["digest"] != audio.load(item.source).digest:
                return False
            load_take(item.out)  # a header says nothing of what a disk lost behind it
            return True
        except (KMTalkError, KeyError, TypeError, AttributeError, OSError):
            return False

    def export_missing(self, item: BatchItem) -> bool:
        """Write the CSV of a take that is there where it is asked for and missing or older.  Raises KMTalkError."""
        if not self.csv:
            return False
        try:
            written = item.csv.stat()
            if written.st_size and written.st_mtime_ns >= item.out.stat().st_mtime_ns:
                return False
        except OSError:
            pass
        export_csv(load_take(item.out), item.csv)
        return True


@dataclass(frozen=True)
class BatchStep:
    """What happened to one item: `state` is started, progress, done, skipped or failed; `notes` are its take's."""

    item: BatchItem
    state: str
    fraction: float = 0.0
    message: str = ""
    notes: tuple[str, ...] = ()


def read_list(source: Path, out: Path) -> Listing:
    """What a folder of sounds, or a text file of lines `path[<tab>transcript]`, asks for.

    In a folder `<name>.txt` beside a sound is its transcript, and `<name>.TextGrid` holds its phones.
    Relative paths in a list start at the list's folder; a file that is listed twice, however it is spelt, is one job.
    Raises KMTalkError where there is nothing to do.
    """
    notes: list[str] = []
    reads: list[Path] = []
    if source.is_dir():
        pairs = [(path, _transcript_beside(path, notes, reads)) for path in _sounds_in(source, notes)]
        if not pairs:
            raise KMTalkError(f"{source} holds no sounds; give a folder with WAV, FLAC, OGG or MP3 files, or a list.")
    else:
        pairs = [(spelt(path), text) for path, text in _read_lines(source)]
        reads.append(source)
        if not pairs:
            raise KMTalkError(f"{source} names no sounds; write one path a line, optionally a tab and its transcript.")
    items: dict[tuple[Path, str | None], BatchItem] = {}
    for path, text in pairs:
        key = (_identity(path), text)
        if key in items:
            notes.append(f"{path} is listed twice and animated once.")
            continue
        grid = _textgrid_beside(path, notes, reads) if source.is_dir() else None
        items[key] = BatchItem(path, out / f"{path.stem}.npz", text, grid)
    return Listing(tuple(items.values()), tuple(notes), tuple(reads))


def run_batch(listing: Listing, work: Work, *, workers: int, arguments: Sequence[str] = ()) -> Iterator[BatchStep]:
    """Do the `work` over `workers` processes, telling of each step; a process that dies costs its own item only.

    `arguments` go to each worker (`--weights`, `--device`).  Closing the iterator ends the workers.
    """
    todo: list[BatchItem] = []
    for item, refusal in zip(listing.items, _refusals(listing, work), strict=True):
        if refusal:
            yield BatchStep(item, "failed", message=refusal)
        elif work.is_done(item):
            yield _already_there(item, work)
        elif _is_edited(item.out):
            why = f"{item.out} holds keys edited by hand and was made otherwise; move it away, or give another --out."
            yield BatchStep(item, "failed", message=why)
        else:
            todo.append(item)
    if todo:
        pool = _Pool(todo, work, size=min(workers, len(todo)), arguments=arguments)
        try:
            yield from pool.run()
        finally:
            pool.close()


def _already_there(item: BatchItem, work: Work) -> BatchStep:
    try:
        return BatchStep(item, "done" if work.export_missing(item) else "skipped", 1.0)
    except KMTalkError as error:
        return BatchStep(item, "failed", message=str(error))


def _is_edited(out: Path) -> bool:
    """Whether `out` is a take with work of somebody's hand, which a batch must not undo."""
    try:
        header = read_header(out)
    except KMTalkError:
        return False
    touched = [*header["keys"], *header.get("events", ())]
    return any(isinstance(item, dict) and item.get("state", "generated") != "generated" for item in touched)


def _refusals(listing: Listing, work: Work) -> Iterator[str]:
    """Why each item cannot be done, empty where it can: results go over no source, nor over another's results."""
    folders = {item.out.parent for item in listing.items}
    names = {
        folder: folded((i.out.name for i in listing.items if i.out.parent == folder), folder) for folder in folders
    }
    places = {folder: iter(found) for folder, found in names.items()}
    taken: dict[tuple[Path, str], BatchItem] = {}
    sources = [*(item.source for item in listing.items), *listing.reads]
    for item in listing.items:
        first = taken.setdefault((item.out.parent, next(places[item.out.parent])), item)
        if first is not item:
            if _identity(first.source) == _identity(item.source):
                yield f"it is listed with two transcripts, and the first is used; name {item.source.name} once."
            else:
                yield f"it would overwrite the take of {first.source}; rename one of the two."
            continue
        try:
            for path in (item.out, item.csv) if work.csv else (item.out,):
                require_free(path, *(sources if is_there(path) else ()))
        except KMTalkError as error:
            yield str(error)
        else:
            yield ""


def _identity(path: Path) -> Path:
    """One path for all spellings of a file."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()


@dataclass
class _Slot:
    worker: Worker
    item: BatchItem | None = None
    number: int = 0


@dataclass
class _Pool:
    """Workers that share one queue of items."""

    todo: list[BatchItem]
    work: Work
    size: int
    arguments: Sequence[str]
    slots: list[_Slot] = field(default_factory=list)
    attempts: dict[Path, int] = field(default_factory=dict)

    def run(self) -> Iterator[BatchStep]:
        self.todo = list(reversed(self.todo))
        self.slots = [_Slot(Worker(arguments=self.arguments)) for _ in range(self.size)]
        while True:
            for slot in self.slots:
                if slot.item is None and self.todo:
                    yield self._start(slot)
            busy = [slot for slot in self.slots if slot.item is not None]
            if not busy:
                return
            for slot in busy:
                message = slot.worker.poll(timeout=0.2 / len(busy))
                if message is not None:
                    yield from self._hear(slot, message)

    def close(self) -> None:
        for slot in self.slots:
            slot.worker.close(patience=0.2)

    def _start(self, slot: _Slot) -> BatchStep:
        item = self.todo.pop()
        request: dict[str, Any] = {
            "audio": str(item.source.absolute()),
            "out": str(item.out.absolute()),
            "text": item.text,
            "settings": dict(self.work.settings),
        }
        if item.textgrid is not None:
            request["textgrid"] = str(item.textgrid.absolute())
        if self.work.csv:
            request["csv"] = str(item.csv.absolute())
        slot.item, slot.number = item, slot.worker.send("animate", **request)
        return BatchStep(item, "started")

    def _hear(self, slot: _Slot, message: dict[str, Any]) -> Iterator[BatchStep]:
        item = slot.item
        assert item is not None
        if "died" in message:
            slot.worker.close()
            slot.item, slot.worker = None, Worker(arguments=self.arguments)
            self.attempts[item.out] = self.attempts.get(item.out, 0) + 1
            if self.attempts[item.out] < ATTEMPTS:
                self.todo.append(item)
            else:
                yield BatchStep(
                    item, "failed", message=f"the worker died twice on it: {message['died'] or message['code']}"
                )
        elif message.get("id") != slot.number:
            return
        elif "error" in message:
            slot.item = None
            yield BatchStep(item, "failed", message=str(message["error"]["message"]))
        elif "take" in message:
            slot.item = None
            yield BatchStep(item, "done", 1.0, notes=tuple(map(str, message.get("notes", ()))))
        else:
            yield BatchStep(item, "progress", float(message.get("progress", 0.0)), str(message.get("stage", "")))


def _sounds_in(folder: Path, notes: list[str]) -> list[Path]:
    """The sounds of a folder, and films that may or may not be read here: one that is not is counted and told."""
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise KMTalkError(f"{folder} cannot be read ({error.strerror}); check its permissions.") from error
    sounds = [path for path in found if path.suffix.lower() in audio.SUFFIXES]
    named = {path.stem: path for path in sounds}
    for path in found:
        if path.suffix.lower() not in audio.MEDIA_SUFFIXES:
            continue
        if path.stem in named:
            notes.append(f"{path} was left alone: {named[path.stem].name} beside it is used.")
        else:
            sounds.append(path)
    return sorted(sounds)


def _read_lines(source: Path) -> Iterator[tuple[Path, str | None]]:
    if source.suffix.lower() in audio.SUFFIXES | audio.MEDIA_SUFFIXES:
        raise KMTalkError(f"{source} is a sound; give the folder that holds it, or a text file of paths.")
    try:
        text = transcript.decode(read_at_most(source, _LONGEST_LIST))[0]
    except OSError as error:
        raise KMTalkError(
            f"{source} cannot be read ({error.strerror}); give a folder of sounds or a text file of paths."
        ) from error
    if "\0" in text:
        raise KMTalkError(f"{source} holds no text; give a folder of sounds or a text file of paths.")
    for line in text.splitlines():
        path, _, said = line.partition("\t")
        if path.strip():
            yield source.parent / typed_path(path), said.strip() or None


def _textgrid_beside(path: Path, notes: list[str], reads: list[Path]) -> Path | None:
    found, said = textgrid.beside(path)
    notes.extend(said)
    if found is not None:
        reads.append(found)
    return found


def _transcript_beside(path: Path, notes: list[str], reads: list[Path]) -> str | None:
    found = transcript.beside(path)
    if found is None:
        return None
    reads.append(found)
    try:
        text, said = transcript.read_file(found)
    except KMTalkError as error:
        notes.append(f"{error} It was not used.")
        return None
    notes.extend(said)
    return text.strip() or None
