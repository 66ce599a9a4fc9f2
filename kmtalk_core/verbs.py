"""What a worker can do: one table of verbs, each with the fields of its request and the job that answers it."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from . import __version__
from .alignment import Mark
from .calibration import Calibration
from .errors import KMTalkError, RequestError
from .events import KINDS, STATES, Event
from .files import opened
from .progress import Job, Progress
from .schema import Anything, Choice, Flag, Kind, ListOf, MapOf, Maybe, Number, PathText, Record, Text, Whole

if TYPE_CHECKING:
    from .animate import Animator
    from .jobs import Load

_LATEST = 1e6  # seconds


class Server(Protocol):
    """What a job may ask of the worker that runs it."""

    weights: Path | None
    animator: "Animator | None"

    @property
    def load(self) -> "Load | None":
        """What reads sounds here, None for what the core reads by itself."""

    def loaded(self) -> "Animator": ...


Answer: TypeAlias = Job[dict[str, Any]]


@dataclass(frozen=True)
class Verb:
    """The fields that a request has besides `id` and `do`, and what answers it."""

    fields: Record
    job: Callable[[Server, dict[str, Any]], Answer]


def verb(request: Mapping[str, Any], server: Server) -> Answer:
    """The job that answers `request`.  Raises RequestError for one that no verb of the table takes."""
    do = request.get("do")
    found = VERBS.get(do) if isinstance(do, str) else None
    if found is None:
        known = ", ".join([*VERBS, "cancel and quit"])
        raise KMTalkError(f"This worker cannot {do!r:.60}; it knows {known}.")
    given = {name: value for name, value in request.items() if name not in ("id", "do") and value is not None}
    return found.job(server, found.fields.read(given, f"The request {do}", RequestError))


def _hello(server: Server, asked: dict[str, Any]) -> Answer:
    yield Progress("hello", 0.0)
    animator = server.loaded() if asked.get("load") else server.animator
    device = animator.network.device if animator else None
    return {"hello": {"version": __version__, "python": platform.python_version(), "device": device}}


def _animate(server: Server, asked: dict[str, Any]) -> Answer:
    from . import jobs

    yield Progress("loading", 0.0)
    animator = server.loaded()
    if "calibration" in asked:
        animator = replace(animator, calibration=Calibration.of(asked["calibration"], error=RequestError))
    take = yield from jobs.animate_file(
        animator,
        Path(asked["audio"]),
        Path(asked["out"]),
        csv=Path(asked["csv"]) if "csv" in asked else None,
        settings=asked.get("settings"),
        marks=[Mark(**mark) for mark in asked.get("marks", ())],
        events=[Event(**event) for event in asked.get("events", ())],
        span=_span(asked),
        load=server.load,
        keep=Path(asked["keep"]) if "keep" in asked else None,
        pending=_with_poses({"edits": [], **asked}),
        keep_shift=asked.get("keep_shift", 0.0),
        **_localization(asked),
    )
    return {"take": asked["out"], "notes": list(take.notes)}


def _complete(server: Server, asked: dict[str, Any]) -> Answer:
    from . import jobs

    yield Progress("loading", 0.0)
    take = yield from jobs.complete_file(
        server.loaded(),
        Path(asked["take"]),
        Path(asked["audio"]),
        _with_poses(asked),
        Path(asked["out"]),
        _span(asked),
        server.load,
    )
    return {"take": asked["out"], "notes": list(take.notes)}


def _localize(server: Server, asked: dict[str, Any]) -> Answer:
    from . import jobs

    fps = {"fps": asked["fps"]} if "fps" in asked else {}
    options = {**_localization(asked), **fps}
    found = yield from jobs.localize_file(Path(asked["audio"]), weights=server.weights, load=server.load, **options)
    return {"localization": found}


def _learn(server: Server, asked: dict[str, Any]) -> Answer:
    from .training.calibrate import learn_job

    yield Progress("loading", 0.0)
    sounds = {name: Path(path) for name, path in asked.get("sounds", {}).items()}
    learnt, notes = yield from learn_job(Path(asked["recording"]), server.loaded(), asked.get("name", ""), sounds)
    answer = {"calibration": learnt.calibration.to_json(), "better": learnt.is_better, "sentence": learnt.sentence}
    return {**answer, "notes": list(notes)}


def _landmarks(server: Server, asked: dict[str, Any]) -> Answer:
    from .faces import files

    return {"landmarks": (yield from files.landmarks_job(Path(asked["face"])))}


def _check_face(server: Server, asked: dict[str, Any]) -> Answer:
    from .faces import check

    return {"checked": (yield from check.check_job(Path(asked["face"]), Path(asked["poses"])))}


def _build_face(server: Server, asked: dict[str, Any]) -> Answer:
    from .faces import files

    by_hand = asked.get("placed"), asked.get("laid_out"), asked.get("sure", False)
    return {"built": (yield from files.build_job(Path(asked["face"]), Path(asked["out"]), *by_hand))}


def _localization(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in _GUIDES if name in asked}


def _span(asked: dict[str, Any]) -> tuple[float, float | None] | None:
    """The part of the sound that a request is about."""
    if "span" not in asked:
        return None
    begin, end = asked["span"]
    if begin is None:
        raise RequestError("The request's span must begin somewhere: give its begin in seconds.")
    return begin, end


def _with_poses(asked: dict[str, Any]) -> list[Any]:
    """The edits of a request, with those poses that came by file.  Raises RequestError."""
    if "poses" not in asked:
        return list(asked["edits"])
    import numpy as np

    try:
        with opened(Path(asked["poses"])) as file:
            poses = np.load(file, allow_pickle=False)
        if poses.ndim != 2:
            raise ValueError("not two-dimensional")
    except Exception as error:  # damaged arrays raise almost anything
        raise RequestError(f"{asked['poses']} holds no poses; send the request again.") from error
    edits = []
    for edit in asked["edits"]:
        row = edit.get("pose_row") if isinstance(edit, dict) else None
        if row is None:
            edits.append(edit)
            continue
        if type(row) is not int or not 0 <= row < len(poses):
            raise RequestError(f"{asked['poses']} has no pose {row!r:.20}; send the request again.")
        edits.append({**{name: value for name, value in edit.items() if name != "pose_row"}, "pose": poses[row]})
    return edits


_MARK = Record(
    {"time": Number(-_LATEST, _LATEST), "name": Text(200), "strength": Maybe(Number(0, 1))}, optional=("strength",)
)
_EVENT = Record(
    {
        "id": Text(64, 1),
        "kind": Choice(KINDS),
        "time": Number(-_LATEST, _LATEST),
        "duration": Number(0, _LATEST),
        "size": Number(-10, 10),
        "direction": Number(-360, 360),
        "seed": Whole(0),
        "state": Choice(STATES),
    },
    optional=("direction", "seed", "state"),
)
_GUIDES: dict[str, Kind] = {
    "text": Text(10_000_000),
    "transcript": PathText(),
    "textgrid": PathText(),
    "method": Text(40),
    "language": Text(40),
}
_POINTS = MapOf(ListOf(Number(-1e9, 1e9), 3, 3), 1000)
_SPAN = ListOf(Maybe(Number(-_LATEST, _LATEST)), 2, 2)

VERBS: dict[str, Verb] = {
    "hello": Verb(Record({"load": Flag()}, optional=("load",)), _hello),
    "animate": Verb(
        Record(
            {
                "audio": PathText(),
                "out": PathText(),
                "csv": PathText(),
                "settings": MapOf(Anything()),
                "marks": ListOf(_MARK),
                "events": ListOf(_EVENT),
                "span": _SPAN,
                "keep": PathText(),
                "keep_shift": Number(-_LATEST, _LATEST),
                "edits": ListOf(Anything()),
                "poses": PathText(),
                "calibration": MapOf(Anything()),
                **_GUIDES,
            },
            optional=(
                "csv",
                "settings",
                "marks",
                "events",
                "span",
                "keep",
                "keep_shift",
                "edits",
                "poses",
                "calibration",
                *_GUIDES,
            ),
        ),
        _animate,
    ),
    "complete": Verb(
        Record(
            {
                "take": PathText(),
                "audio": PathText(),
                "edits": ListOf(Anything()),
                "poses": PathText(),
                "out": PathText(),
                "span": _SPAN,
            },
            optional=("poses", "span"),
        ),
        _complete,
    ),
    "localize": Verb(
        Record({"audio": PathText(), "fps": Number(1, 1000), **_GUIDES}, optional=("fps", *_GUIDES)), _localize
    ),
    "learn": Verb(
        Record(
            {"recording": PathText(), "name": Text(200), "sounds": MapOf(PathText(), 10_000)},
            optional=("name", "sounds"),
        ),
        _learn,
    ),
    "landmarks": Verb(Record({"face": PathText()}), _landmarks),
    "check_face": Verb(Record({"face": PathText(), "poses": PathText()}), _check_face),
    "build_face": Verb(
        Record(
            {"face": PathText(), "out": PathText(), "placed": _POINTS, "laid_out": _POINTS, "sure": Flag()},
            optional=("placed", "laid_out", "sure"),
        ),
        _build_face,
    ),
}
