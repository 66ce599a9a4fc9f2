"""`calibrate`: an actor's amplitudes, rests and poses of phones, from seconds of their face and voice.

Ridge regression of what was captured on what the network makes of the same sound, shrunk towards no change: a phone
that was hardly heard keeps the network's pose.  How much it is shrunk, and how much of it counts in the end, is what
serves best on stretches that were not learnt from.
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..animate import Animator
from ..audio import load_job
from ..calibration import LEAST_GAIN, MOST_GAIN, Calibration, keep_shut, opening_of, shares
from ..datasets.captures import Capture, find
from ..datasets.captures.command import add_folder, in_time, in_time_job
from ..datasets.captures.lag import PLAIN, correlation
from ..errors import DataSetError, KMTalkError
from ..files import require_free
from ..motion.closures import closures_met
from ..motion.opening import visible_opening
from ..motion.spaces import ARKIT
from ..phones import PHONE_CLASSES
from ..progress import Job, Progress, finish

Doubles: TypeAlias = npt.NDArray[np.float64]
HeldOut: TypeAlias = tuple[float, float, int]

LEAST_SECONDS = 8.0
"""Less than this holds most phones not even once."""

_FOLDS = 5
_WEIGHTS = (0.1, 0.3, 1.0, 3.0, 30.0)  # seconds of no change that are mixed into what was captured
_STRENGTHS = (0.25, 0.5, 0.75, 1.0)
_MATCHES = (1.0, 0.0)
"""How much of the amplitude that a regression loses it gets back: an error a little larger is better than dull lips."""
MATCHED = 0.25
"""What that is worth, in shares of the error."""

SAME = 1e-4  # correlations that differ less are the same
_OPENING = ARKIT.indices_of(
    ("jawOpen", "mouthClose", *(f"mouth{lip}{side}" for lip in ("LowerDown", "UpperUp") for side in ("Left", "Right")))
)
_PARTS = opening_of(ARKIT)
_MOST_MATCHED = 2.0
_GAIN = 3.0  # the weight of no change for gains, which every frame tells
_OWN = 3.0  # how much more a phone's own pose is shrunk than that of its like
_LOOSE = 0.02  # the same for the rest, which a second tells well enough


_KINDS = ("sil", "p b m", "f v", "θ t d n s z l", "ʃ tʃ", "k ɡ ŋ h x j", "ɹ r w", "i ɪ e ɛ", "æ a ʌ ə ɜ", "ɔ o ʊ u y ø")
"""Phones that look alike: what few seconds tell of one holds for the others too."""
_KIND_OF: Doubles = np.array([[phone in kind.split() for kind in _KINDS] for phone in PHONE_CLASSES], np.float64)


@dataclass(frozen=True)
class Learnt:
    """A calibration from some `seconds`, and what it does on stretches that were held out: the correlation of the
    opening, the error of the channels that move and the closures met, `before` and `after`."""

    calibration: Calibration
    seconds: float
    before: HeldOut
    after: HeldOut

    @property
    def is_better(self) -> bool:
        return self.calibration.strength > 0

    @property
    def sentence(self) -> str:
        """What was learnt, to a person."""
        if not self.is_better:
            return f"{self.seconds:.0f} s taught nothing that holds on parts that were not learnt from: record more"
        channels, (r, error, _), (new_r, new_error, _) = len(self.calibration.gains), self.before, self.after
        return (
            f"Learnt {channels} channels from {self.seconds:.0f} s: on parts that were held out the error of the mouth "
            f"fell by {1 - new_error / error:.0%}, its opening fits by {new_r:.2f} (before: {r:.2f})"
        )


@dataclass(frozen=True)
class _Fit:
    """Gains and rests (52,), and poses (classes, 52)."""

    gains: Doubles
    rests: Doubles
    poses: Doubles


@dataclass(frozen=True)
class Material:
    """Frames of one take: captured (n, 52) and `made` (n, 52) by the network, the phones around them (n, classes), and
    the mask of channels (52,) that move."""

    captured: Doubles
    made: Doubles
    phones: Doubles
    moving: npt.NDArray[np.bool_]

    def part(self, rows: npt.NDArray[np.bool_]) -> "Material":
        return replace(self, captured=self.captured[rows], made=self.made[rows], phones=self.phones[rows])


def calibrate_job(takes: Sequence[Capture], animator: Animator, name: str, seconds: float | None = None) -> Job[Learnt]:
    """Learn from takes that have a sound, or the first `seconds` of them.

    Raises DataSetError where that is too little, or nothing in it moves.
    """
    plain = replace(animator, calibration=None)
    parts: list[Material] = []
    left = np.inf if seconds is None else seconds * ARKIT.fps
    for number, take in enumerate(takes):
        yield Progress(take.name, number / len(takes))
        if left > 0:
            found = yield from material_job(take, plain)
            parts.append(found.part(np.arange(len(found.made)) < left))
            left -= len(parts[-1].made)
    frames = sum(len(part.made) for part in parts)
    if frames < LEAST_SECONDS * ARKIT.fps:
        raise DataSetError(
            f"{frames / ARKIT.fps:.1f} s of a captured face with its sound are too little: give {LEAST_SECONDS:g} s."
        )
    together = Material(
        np.concatenate([part.captured for part in parts]),
        np.concatenate([part.made for part in parts]),
        np.concatenate([part.phones for part in parts]),
        np.any([part.moving for part in parts], axis=0) & np.all([take.captured for take in takes], axis=0),
    )
    if not together.moving[ARKIT.in_region("mouth")].any():
        raise DataSetError("Nothing of the mouth moves in these takes; there is nothing to learn from them.")
    return _learnt(together, name)


def material_job(take: Capture, animator: Animator) -> Job[Material]:
    assert take.sound is not None
    sound = yield from load_job(take.sound)
    made = yield from animator.animate_job(sound, settings=PLAIN)
    if made.space is not ARKIT:
        raise KMTalkError(f"A calibration is of ARKit's channels, these weights move {made.space.name}; give others.")
    times = np.arange(made.frame_count) / made.fps
    seen = (times + take.lag >= 0) & (times + take.lag <= take.duration)
    moving = take.moving.copy()
    outside = np.setdiff1d(np.arange(ARKIT.width), ARKIT.in_region("mouth"))
    moving[outside] = False  # brows, lids and gaze are drawn by chance, not said
    return Material(
        take.at(times).astype(np.float64),
        made.motion.astype(np.float64),
        shares(made.phones, times).astype(float),
        moving,
    ).part(seen)


def _learnt(material: Material, name: str) -> Learnt:
    count = len(material.made)
    fold = np.arange(count) * _FOLDS // count
    before = held_out_scores(material, material.made, fold)
    best, most = None, 0.0
    for weight, match, modest in itertools.product(_WEIGHTS, _MATCHES, (False, True)):
        fits = [_fitted(material.part(fold != number), weight, match, modest) for number in range(_FOLDS)]
        for strength in _STRENGTHS:
            changed = np.empty_like(material.made)
            for number, fit in enumerate(fits):
                there = fold == number
                changed[there] = _applied(material.part(there), fit, strength)
            after = held_out_scores(material, changed, fold)
            worth = merit(after, before) + MATCHED * match * strength
            is_sound = after[2] >= before[2] and after[0] > before[0] - SAME
            if is_sound and after[1] < before[1] and worth > most:
                best, most = (weight, match, modest, strength, after), worth
    if best is None:
        return Learnt(
            _calibration(material, _fitted(material, 1.0, 0.0, True), 0.0, name), count / ARKIT.fps, before, before
        )
    weight, match, modest, strength, after = best
    fit = _fitted(material, weight, match, modest)
    return Learnt(_calibration(material, fit, strength, name), count / ARKIT.fps, before, after)


def merit(after: HeldOut, before: HeldOut) -> float:
    """How much is gained of what was missing, in the opening's correlation and in the error together."""
    missing = max(1 - before[0], 1e-3)
    return (after[0] - before[0]) / missing + (before[1] - after[1]) / max(before[1], 1e-9)


def held_out_scores(material: Material, motion: Doubles, fold: npt.NDArray[np.intp]) -> HeldOut:
    """Correlation of the opening, mean of the folds, the root of the mean squared error of what moves, and how many of
    the captured closures are met."""
    shown = np.clip(motion, 0, 1)
    seen, own = _opening(material.captured), _opening(shown)
    opened = float(np.mean([correlation(seen[fold == n], own[fold == n]) for n in range(_FOLDS)]))
    error = float(np.sqrt(np.mean((shown - material.captured)[:, material.moving] ** 2)))
    return opened, error, sum(closures_met(seen, own, ARKIT.fps))


def _opening(motion: Doubles) -> Doubles:
    return visible_opening(motion.astype(np.float32)).astype(np.float64)


def _fitted(material: Material, weight: float, match: float, modest: bool) -> _Fit:
    """With `weight` seconds of no change mixed in, and `match` (0 to 1) of the captured amplitude given back.

    A `modest` one scales the whole opening of the mouth and leaves its shape: what few seconds can tell.
    """
    fit = _regressed(material, weight)
    applied = _applied(material, fit)
    lost = material.captured.std(axis=0) / np.maximum(applied.std(axis=0), 1e-6)
    scale = np.where(material.moving, np.clip(lost, 1, _MOST_MATCHED), 1.0) ** match
    gains = np.clip(fit.gains * scale, LEAST_GAIN, MOST_GAIN)
    rests, poses = fit.rests * scale + (1 - scale) * applied.mean(axis=0), fit.poses * scale
    if modest:
        gains[_OPENING] = np.clip(_opening(material.captured).std() / max(_opening(material.made).std(), 1e-6), 0.5, 2)
        rests[_OPENING], poses[:, _OPENING] = 0, 0
    return _Fit(gains, rests, poses)


def _regressed(material: Material, weight: float) -> _Fit:
    count = len(material.made)
    gains, rests = np.ones(ARKIT.width), np.zeros(ARKIT.width)
    poses = np.zeros((len(PHONE_CLASSES), ARKIT.width))
    kinds, own = _KIND_OF, len(PHONE_CLASSES)
    for channel in np.flatnonzero(material.moving):
        made = material.made[:, channel]
        regressors = np.column_stack([made, np.ones(count), material.phones @ kinds, material.phones])
        spread = max(made.var(), 1e-4)
        shrink = ARKIT.fps * np.r_[_GAIN * spread, _LOOSE, np.full(kinds.shape[1], weight), np.full(own, _OWN * weight)]
        wanted = material.captured[:, channel] - made
        solved = np.linalg.solve(regressors.T @ regressors + np.diag(shrink), regressors.T @ wanted)
        gain = float(np.clip(1 + solved[0], LEAST_GAIN, MOST_GAIN))
        if gain != 1 + solved[0]:  # the rest and the poses for the gain that is allowed
            others, wanted = regressors[:, 1:], wanted - (gain - 1) * made
            solved[1:] = np.linalg.solve(others.T @ others + np.diag(shrink[1:]), others.T @ wanted)
        gains[channel], rests[channel] = gain, solved[1]
        poses[:, channel] = kinds @ solved[2:-own] + solved[-own:]
    return _Fit(gains, rests, poses)


def _applied(material: Material, fit: _Fit, strength: float = 1.0) -> Doubles:
    """(n, 52) as `calibration` applies it."""
    added: Doubles = strength * (fit.rests + material.phones @ fit.poses)
    keep_shut(material.made, added, _PARTS)
    return material.made * (1 + strength * (fit.gains - 1)) + added


def _calibration(material: Material, fit: _Fit, strength: float, name: str) -> Calibration:
    gains, rests, poses = fit.gains, fit.rests, fit.poses
    changed = (gains != 1) | (rests != 0) | poses.any(axis=0)
    channels = [(ARKIT.names[i], i) for i in np.flatnonzero(changed)]
    heard = np.flatnonzero(np.abs(poses).max(axis=1) > 1e-4)
    return Calibration(
        name[:200],
        strength,
        {channel: round(float(gains[i]), 4) for channel, i in channels},
        {channel: round(float(np.clip(rests[i], -2, 2)), 4) for channel, i in channels},
        {
            PHONE_CLASSES[k]: {channel: round(float(np.clip(poses[k, i], -2, 2)), 4) for channel, i in channels}
            for k in heard
        },
    )


def learn_job(
    recording: Path, animator: Animator, name: str = "", sounds: Mapping[str, Path] | None = None
) -> Job[tuple[Learnt, tuple[str, ...]]]:
    """Learn from all takes of a folder, or from the take of one file; also whole sentences on what is to be known.

    `sounds` are of takes, by name, where they are not those that lie beside them.  Raises DataSetError.
    """
    yield Progress("looking for takes", 0.0)
    takes = recorded(recording)
    takes = tuple(replace(take, sound=(sounds or {}).get(take.name, take.sound)) for take in takes)
    silent = [take.name for take in takes if take.sound is None]
    if len(silent) == len(takes):
        raise DataSetError(f"{recording} has no sounds beside its takes: lay each take's sound or film beside it.")
    kept, notes = yield from in_time_job(takes, animator)
    learnt = yield from calibrate_job(kept, animator, name or recording.resolve().stem)
    if silent:
        notes += (f"{', '.join(silent)} have no sound and were not learnt from.",)
    return learnt, notes


def recorded(recording: Path) -> tuple[Capture, ...]:
    """The takes in a folder, or the one of a file.  Raises DataSetError where there is none."""
    if recording.is_dir():
        return find(recording).takes
    if not recording.is_file():
        raise DataSetError(f"There is no recording at {recording}; choose another.")
    takes = [take for take in find(recording.parent).takes if recording in (take.path, take.sound)]
    if not takes:
        raise DataSetError(
            f"{recording.name} is no recording of a face: choose the CSV that Live Link Face wrote, or its folder."
        )
    return tuple(takes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `calibrate` takes."""
    add_folder(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="ACTOR.json", help="where the calibration goes")
    parser.add_argument("--takes", nargs="+", default=[], metavar="NAME", help="learn from these alone (default: all)")
    parser.add_argument("--seconds", type=float, help="learn from so many seconds alone")
    parser.add_argument("--name", help="the actor (default: the folder's name)")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Learn how an actor speaks from takes of their face and voice; held-out stretches decide how much of it counts."""
    require_free(options.out)
    found = find(options.folder, options.sounds)
    named = found.named(options.takes)
    takes = tuple(take for take in named if take.sound is not None)
    if not takes:
        raise DataSetError(f"{options.folder} has no sounds beside its takes; lay them there or give --sounds DIR.")
    for take in named:
        if take.sound is None:
            print(f"kmtalk: note: {take.name} has no sound and is not learnt from.", file=sys.stderr)
    animator = Animator.load(options.weights, options.device)
    takes = in_time(takes, animator, show)
    name = options.name or options.folder.resolve().name
    learnt: Learnt = show(calibrate_job(takes, animator, name, options.seconds))
    learnt.calibration.save(options.out)
    actor, (r, error, met), (new_r, new_error, new_met) = learnt.calibration, learnt.before, learnt.after
    channels, phones = len(actor.gains), len(actor.poses)
    print(f"learnt from {learnt.seconds:.1f} s of {len(takes)} takes: {channels} channels, {phones} phones")
    print(
        f"held out: opening r {r:.3f} → {new_r:.3f}, error {error:.4f} → {new_error:.4f}, closures {met} → {new_met}; "
        f"strength {actor.strength:g}"
    )
    if not learnt.is_better:
        said = "nothing was better than no calibration on what was held out, so this one changes nothing"
        print(f"kmtalk: note: {said}; give more seconds.", file=sys.stderr)
    return 0
