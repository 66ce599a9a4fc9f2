"""Build the corpus in a cache folder: speech by shards, then clips of features and phone times, over all processors.

Everything follows from the seed and the voices that are installed.  What is there already is kept, so an interrupted
build goes on where it stopped; a build of another configuration starts afresh.
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import CorpusError
from ..progress import Job, Progress
from . import speech
from .clips import Clip, make_clips
from .clips import load as load_clips
from .clips import save as save_clips
from .speech import Shard

VERSION = 1  # of the files; a cache of another version is made again
CLEAN, NOISY = "clean", "noisy"
_PASSES = ((CLEAN, 0), (NOISY, 1), (NOISY, 2))
_BABBLE_SHARDS, _BABBLE_VOICES = 6, 40
_PATIENCE = 0.25  # seconds between signs of life
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class CorpusConfig:
    """Where the corpus lies, how much speech it has of which `engines`, and its seed.

    `processes` 0 means one a processor.
    """

    folder: Path = Path(".cache/corpus")
    minutes: float = 180.0
    seed: int = 1
    engines: tuple[str, ...] = speech.ENGINES
    processes: int = 0


@dataclass(frozen=True)
class CorpusSummary:
    """What a finished corpus holds: minutes of speech, voices, and engines that were missing when it was made."""

    minutes: float
    clip_minutes: float
    voices: tuple[str, ...]
    missing: tuple[str, ...]


def synthesize_job(config: CorpusConfig) -> Job[Path]:
    """Make the corpus (or what is left to make of it) and return its folder.

    Raises `CorpusError` where no voice works.  A process a shard is started with `spawn`: a script that calls this
    guards its own start with `if __name__ == "__main__"`.
    """
    shards, missing = speech.plan(60 * config.minutes, config.seed, config.engines)
    stamp = {"version": VERSION, "minutes": config.minutes, "seed": config.seed, "shards": [asdict(s) for s in shards]}
    _claim(config.folder, stamp)
    for line in missing:
        yield Progress(line, 0.0)
    processes = config.processes or os.cpu_count() or 1
    spoken = [config.folder / f"speech-{shard.name}.npz" for shard in shards]
    unspoken = [(shard, path) for shard, path in zip(shards, spoken, strict=True) if not path.exists()]
    yield from _side_by_side(_speak, unspoken, processes, "speaking", 0.0, 0.25)
    unmixed = [
        (path, _clip_path(path, kind, number), kind == NOISY, config.seed + number, _neighbours(spoken, index))
        for kind, number in _PASSES
        for index, path in enumerate(spoken)
        if not _clip_path(path, kind, number).exists()
    ]
    yield from _side_by_side(_make, unmixed, processes, "mixing", 0.25, 1.0)
    summary = _summarise(config.folder, spoken, missing)
    _write_json(config.folder / "summary.json", asdict(summary))
    return config.folder


def clips(folder: Path) -> Iterator[Clip]:
    """Every clip of a finished corpus, clean ones first.  Raises `CorpusError` where there is none."""
    summary(folder)
    for kind in (CLEAN, NOISY):
        for path in sorted(folder.glob(f"clips-{kind}-*.npz")):
            yield from load_clips(path)


def summary(folder: Path) -> CorpusSummary:
    """What the corpus in `folder` holds.  Raises `CorpusError` where it is not finished."""
    try:
        stored = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CorpusError(
            f"There is no finished corpus in {folder}: run `python -m kmtalk_core synthesize`."
        ) from error
    return CorpusSummary(stored["minutes"], stored["clip_minutes"], tuple(stored["voices"]), tuple(stored["missing"]))


def _claim(folder: Path, stamp: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "corpus.json"
    if path.exists() and path.read_text(encoding="utf-8") == _as_json(stamp):
        return
    for pattern in ("speech-*.npz", "clips-*.npz", "summary.json"):
        for stale in folder.glob(pattern):
            stale.unlink()
    _write_json(path, stamp)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_text(_as_json(content), encoding="utf-8")
    temporary.replace(path)


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)


def _clip_path(spoken: Path, kind: str, number: int) -> Path:
    return spoken.with_name(f"clips-{kind}-{number}-{spoken.name.removeprefix('speech-')}")


def _neighbours(paths: Sequence[Path], index: int) -> list[Path]:
    """Other shards to take babble from, the same ones every time."""
    step = max(1, len(paths) // _BABBLE_SHARDS)
    return [paths[(index + 1 + k * step) % len(paths)] for k in range(min(_BABBLE_SHARDS, len(paths)))]


def _side_by_side(
    work: Callable[..., None], tasks: Sequence[tuple], processes: int, stage: str, start: float, end: float
) -> Generator[Progress, None, None]:
    """Run `work(*task)` for all tasks, each in a fresh process; leaving the generator stops them."""
    if not tasks:
        return
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), context.Pool(min(processes, len(tasks)), maxtasksperchild=1) as pool:
        waiting = [pool.apply_async(work, task) for task in tasks]
        done = 0
        while done < len(tasks):
            waiting[done].wait(_PATIENCE)
            while done < len(tasks) and waiting[done].ready():
                waiting[done].get()
                done += 1
            yield Progress(stage, start + (end - start) * done / len(tasks))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start meanwhile compute in one thread: a process a core with a thread a core wait in turn."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _speak(shard: Shard, path: Path) -> None:
    speech.save(path, list(speech.utterances(shard)))


def _make(spoken: Path, path: Path, noisy: bool, seed: int, babble: Iterable[Path]) -> None:
    voices = [u.samples for other in babble for u in speech.load(other)[:_BABBLE_VOICES]] if noisy else []
    save_clips(path, make_clips(speech.load(spoken), noisy, f"{spoken.stem}-{seed}", voices))


def _summarise(folder: Path, spoken: Iterable[Path], missing: tuple[str, ...]) -> CorpusSummary:
    seconds, voices, frames = 0.0, set(), 0
    for path in spoken:
        for utterance in speech.load(path):
            seconds += utterance.duration
            voices.add(utterance.voice)
    for path in folder.glob("clips-*.npz"):
        frames += sum(len(clip.features) for clip in load_clips(path))
    return CorpusSummary(round(seconds / 60, 1), round(frames / 6000, 1), tuple(sorted(voices)), missing)
