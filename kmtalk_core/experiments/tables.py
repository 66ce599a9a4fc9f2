"""The paper's tables as rows to train, and what comes of them over several seeds, beside the paper's numbers."""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..datasets.alignments import AlignmentStore, phoneme_keys, prepare_job, uniform_keys
from ..datasets.reader import MotionSequence
from ..errors import KMTalkError
from ..evaluation.metrics import Scores
from ..evaluation.report import EXPONENTS
from ..progress import Job, Progress
from ..training.vertex.data import IndexArray, KeyFinder
from .runs import Bench, Row

_NO = float("nan")

FULL = Row("KMTalk", paper={"biwi": (3.9654, 2.5446), "vocaset": (2.2639, _NO)})

COMPONENTS = (
    FULL,
    Row("uniform keys, every third frame", {"keys": "uniform"}, paper={"biwi": (4.1648, 2.8713)}),
    Row("without KMD", {"key_motion": False}, paper={"biwi": (4.1381, 2.9546)}),
    Row("without audio guidance", {"audio_guidance": False}, paper={"biwi": (4.8859, 3.2780)}),
    Row("fixed fusion", {"fusion": "fixed"}),
    Row("no scheme: KMD makes every frame", method="KMD", scheme=False),
    Row("with phone conditioning", {"phone_conditioning": True}),
)
"""Parts taken out (the paper's ablations), and three rows of ours."""

_SCHEMED = " + scheme"

SCHEME = (
    Row(
        "FaceFormer style",
        method="FaceFormer",
        scheme=False,
        paper={"biwi": (5.3077, 4.6408), "vocaset": (4.1090, _NO)},
    ),
    Row("FaceFormer style" + _SCHEMED, method="FaceFormer", paper={"biwi": (5.2793, _NO), "vocaset": (3.9608, _NO)}),
    Row(
        "CodeTalker style",
        method="CodeTalker",
        scheme=False,
        paper={"biwi": (4.7914, 4.1170), "vocaset": (3.9445, _NO)},
    ),
    Row("CodeTalker style" + _SCHEMED, method="CodeTalker", paper={"biwi": (4.5096, _NO), "vocaset": (3.8473, _NO)}),
    Row("SelfTalk style", method="SelfTalk", scheme=False, paper={"biwi": (4.2485, 3.5761), "vocaset": (3.2238, _NO)}),
    Row("SelfTalk style" + _SCHEMED, method="SelfTalk", paper={"biwi": (4.1122, _NO), "vocaset": (2.6608, _NO)}),
    FULL,
)
"""The scheme on other methods."""

LOCALIZATIONS: Mapping[str, tuple[str, Mapping[str, tuple[float, float]]]] = {
    "": ("as trained", FULL.paper),
    "shifted": ("keys shifted by one frame", {"biwi": (3.9991, _NO)}),
    "transcript": ("transcript, forced alignment", {}),
    "allphone": ("all-phone recognition, no transcript", {}),
    "neural": ("neural, by the starter weights", {}),
    "uniform": ("uniform at test alone", {}),
}
"""Localizer → label, and the paper's numbers where it tried the same.

Its transcripts of Whisper-large (4.0718) and -tiny (4.0643) on BIWI are no row of ours."""


@dataclass(frozen=True)
class Table:
    """Scores by row and seed; `skipped` says which rows could not be had and why."""

    name: str
    rows: Mapping[str, Sequence[Scores]]
    paper: Mapping[str, Mapping[str, tuple[float, float]]]
    skipped: tuple[str, ...] = ()


def table_job(bench: Bench, name: str, seeds: int) -> Job[Table]:
    """Train and score what a table needs, three seeds or so a row."""
    if name == "localization":
        return (yield from _localization_job(bench, seeds))
    rows = {"components": COMPONENTS, "scheme": SCHEME}[name]
    found: dict[str, list[Scores]] = {}
    parts = bench.parts()
    for index, row in enumerate(rows):
        for seed in range(seeds):
            job = parts[seed % len(parts)].run_job(row, seed)
            done = (index * seeds + seed) / (len(rows) * seeds)
            found.setdefault(row.label, []).append((yield from _within(job, row, seed, done)))
    return Table(name, found, {row.label: row.paper for row in rows})


def _within(job: Job[Scores], row: Row, seed: int, part: float) -> Generator[Progress, None, Scores]:
    while True:
        try:
            step = next(job)
        except StopIteration as stop:
            return stop.value
        yield Progress(f"{row.label}, seed {seed}: {step.stage}", part)


def _localization_job(bench: Bench, seeds: int) -> Job[Table]:
    """The full network, trained once a seed, tested with keys of other localizers."""
    parts = bench.parts()
    keys: dict[str, list[KeyFinder | None]] = {}
    skipped: list[str] = []
    for method in LOCALIZATIONS:
        finders = []
        try:
            for part in parts:
                finders.append((yield from _keys_job(part, method)))
        except KMTalkError as error:
            skipped.append(f"{LOCALIZATIONS[method][0]}: {error}")
        else:
            keys[method] = finders
    found: dict[str, list[Scores]] = {}
    for seed in range(seeds):
        number = seed % len(parts)
        network = yield from parts[number].trained_job(FULL, seed)
        for method, finders in keys.items():
            scores = yield from parts[number].score_job(network, finders[number])
            found.setdefault(LOCALIZATIONS[method][0], []).append(scores)
    return Table("localization", found, dict(LOCALIZATIONS.values()), tuple(skipped))


def _keys_job(bench: Bench, method: str) -> Job[KeyFinder | None]:
    if not method:
        return None
    data = bench.data
    if method == "uniform":
        return lambda sequence: uniform_keys(data.frame_count(sequence))
    if method == "shifted":
        return lambda sequence: shifted(
            phoneme_keys(bench.store.get(sequence.name), data, sequence), data.frame_count(sequence)
        )
    store = AlignmentStore(bench.out / "alignments" / method, data)
    yield from prepare_job(data, store, method=method, only=data.split("test"))

    def finder(sequence: MotionSequence) -> IndexArray:
        return phoneme_keys(store.get(sequence.name), data, sequence)

    return finder


def shifted(keys: IndexArray, frame_count: int) -> IndexArray:
    """Every key one frame later, but for the first and the last, which stay."""
    moved = np.minimum(keys[1:-1] + 1, frame_count - 1)
    return np.unique(np.concatenate([[0], moved, [frame_count - 1]]))


def to_json(table: Table) -> str:
    """All seeds of all rows."""
    rows = {label: [asdict(scores) for scores in seeds] for label, seeds in table.rows.items()}
    content: dict[str, Any] = {"table": table.name, "rows": rows, "skipped": list(table.skipped)}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def to_markdown(table: Table, bench: Bench) -> str:
    """Mean ± deviation over the seeds, the paper's numbers, and how often each row is better than what it is beside."""
    space = bench.data.space.name
    scale, where = EXPONENTS[space], _PUBLISHED_ON[space]
    lve, fdd, mve = (10 ** scale[name] for name in ("lve", "fdd", "mve"))
    beside = "beside the same without" if table.name == "scheme" else f"beside {next(iter(table.rows))}"
    heads = ["", f"LVE ×1e-{scale['lve']}", f"FDD ×1e-{scale['fdd']}", f"\\|FDD\\| ×1e-{scale['fdd']}",
             f"MVE ×1e-{scale['mve']}", "p b m closed", beside,
             f"paper LVE, {where}", f"paper FDD, {where}"]  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for label, seeds in table.rows.items():
        cells = [
            label,
            _spread([s.lve * lve for s in seeds]),
            _spread([s.fdd * fdd for s in seeds]),
            _spread([s.fdd_absolute * fdd for s in seeds]),
            _spread([s.mve * mve for s in seeds]),
            _spread([100 * s.closed for s in seeds if s.closed is not None], "%"),
            _compared(table, label),
            *(_published(table.paper[label].get(space), index) for index in (0, 1)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    recipe, encoder = bench.settings, bench.encoder.name if bench.encoder else "random at first"
    lines += [
        "",
        f"{bench.data.root.name}: {_split(bench)}; configuration {bench.base.name}, audio "
        f"encoder {encoder}, {recipe.steps or recipe.epochs} {'steps' if recipe.steps else 'epochs'} of batch "
        f"{recipe.batch} at {recipe.rate:g}; region list “{bench.regions.name}”; mean ± deviation over "
        f"{len(next(iter(table.rows.values())))} seeds. The paper's columns are its own on captured data.",
        *(f"- not there: {line}" for line in table.skipped),
    ]
    return "\n".join(lines) + "\n"


def _split(bench: Bench) -> str:
    parts = bench.parts()
    if not bench.leave_one_out:
        train, test = (len(bench.data.split(which)) for which in ("train", "test"))
        return f"{train} sequences to train, {test} to test"
    tested = ", ".join(f"{part.left_out} ({len(part.data.split('test'))} sequences)" for part in parts)
    return f"each seed is tested on another of {tested} and taught by the others"


def _compared(table: Table, label: str) -> str:
    """In how many seeds a row's LVE is lower than the first row's, or than its method's without the scheme."""
    first = next(iter(table.rows))
    other = table.rows.get(label.removesuffix(_SCHEMED) if table.name == "scheme" else first)
    seeds = table.rows[label]
    if other is None or other is seeds:
        return "–"
    lower = sum(one.lve < two.lve for one, two in zip(seeds, other, strict=True))
    return f"LVE lower in {lower} of {len(seeds)} seeds"


def _spread(values: Sequence[float], unit: str = "") -> str:
    if not values:
        return "–"
    digits = 0 if unit else 3
    return f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}{' ' + unit if unit else ''}"


_PUBLISHED_ON = {"biwi": "BIWI-Test-A", "vocaset": "VOCASET"}


def _published(numbers: tuple[float, float] | None, index: int) -> str:
    return "–" if numbers is None or np.isnan(numbers[index]) else f"{numbers[index]:.4f}"
