"""Many sounds, one command: resumes where it stopped, keeps the model warm, and no bad file stops the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import audio
from .client import Worker
from .errors import KMTalkError
from .settings import Settings
from .take import read_header

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"}
)
ATTEMPTS = 2


@dataclass(frozen=True)
class BatchItem:
    """One sound of a batch, its transcript where there is one, and where its take goes."""

    source: Path
    out: Path
    text: str | None = None

    def is_done(self, settings: Mapping[str, Any]) -> bool:
        """Whether `out` already holds a whole take of this very sound and transcript, made with these settings."""
        try:
            header = read_header(self.out)
            if header.get("text") != self.text:
                return False
            if not Settings.of(settings).to_json().items() <= header["settings"].items():
                return False
            return bool(header["audio"]["digest"] == audio.load(self.source).digest)
        except (KMTalkError, KeyError, TypeError, AttributeError):
            return False


@dataclass(frozen=True)
class BatchStep:
    """What happened to one item: `state` is started, progress, done, skipped or failed."""

    item: BatchItem
    state: str
    fraction: float = 0.0
    message: str = ""


def read_list(source: Path, out: Path) -> list[BatchItem]:
    """The items that a folder of sounds, or a text file of lines `path[<tab>transcript]`, asks for.

    In a folder `<name>.txt` beside a sound is its transcript.  Relative paths in a list start at the list's folder.
    """
    if source.is_dir():
        files = sorted(p for p in source.iterdir() if p.suffix.lower() in AUDIO_SUFFIXES and not p.name.startswith("."))
        pairs = [(path, _transcript_beside(path)) for path in files]
        if not pairs:
            raise KMTalkError(f"{source} holds no sounds; give a folder with WAV, FLAC, OGG or MP3 files, or a list.")
    else:
        pairs = list(_read_lines(source))
        if not pairs:
            raise KMTalkError(f"{source} names no sounds; write one path a line, optionally a tab and its transcript.")
    return [BatchItem(path, out / f"{path.stem}.npz", text) for path, text in pairs]


def run_batch(
    items: Sequence[BatchItem],
    *,
    csv: bool,
    workers: int,
    settings: Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[BatchStep]:
    """Animate `items` over `workers` processes, telling of each step; a process that dies costs its own item only.

    `settings` are those of `Settings`; `arguments` go to each worker (`--weights`, `--device`).  Closing the iterator
    ends the workers.
    """
    todo: list[BatchItem] = []
    taken: dict[Path, Path] = {}
    for item in items:
        first = taken.setdefault(item.out, item.source)
        if first != item.source:
            yield BatchStep(item, "failed", message=f"it would overwrite the take of {first}; rename one of the two.")
        elif item.is_done(settings or {}):
            yield BatchStep(item, "skipped", 1.0)
        else:
            todo.append(item)
    if todo:
        pool = _Pool(todo, csv=csv, size=min(workers, len(todo)), settings=settings or {}, arguments=arguments)
        try:
            yield from pool.run()
        finally:
            pool.close()


@dataclass
class _Slot:
    worker: Worker
    item: BatchItem | None = None
    number: int = 0


@dataclass
class _Pool:
    """Workers that share one queue of items."""

    todo: list[BatchItem]
    csv: bool
    size: int
    settings: Mapping[str, Any]
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
            "settings": dict(self.settings),
        }
        if self.csv:
            request["csv"] = str(item.out.with_suffix(".csv").absolute())
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
            yield BatchStep(item, "done", 1.0)
        else:
            yield BatchStep(item, "progress", float(message.get("progress", 0.0)), str(message.get("stage", "")))


def _read_lines(source: Path) -> Iterator[tuple[Path, str | None]]:
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise KMTalkError(
            f"{source} cannot be read ({error.strerror}); give a folder of sounds or a text file of paths."
        ) from error
    except UnicodeDecodeError as error:
        raise KMTalkError(f"{source} is not UTF-8 text; give a folder of sounds or a text file of paths.") from error
    for line in lines:
        path, _, text = line.partition("\t")
        if path.strip():
            yield source.parent / path.strip(), text.strip() or None


def _transcript_beside(path: Path) -> str | None:
    try:
        return path.with_suffix(".txt").read_text(encoding="utf-8-sig").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
