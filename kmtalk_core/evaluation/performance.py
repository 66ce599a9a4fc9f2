"""How alive a take is beside its lips: blinks, gaze, head, brows, stillness and mood, as figures beside what people do.

Everything is read off the curves, never off the list of events, so that recordings are measured like takes.  Figures
are distributions over all takes together; a likeness frame by frame would mean nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import signal

from ..motion.arkit import EYE_TURNS
from ..take import Take

FloatArray: TypeAlias = npt.NDArray[np.float64]

BROWS = ("browInnerUp", "browOuterUp", "browDown")
_CAPTURED_BROWS = (("browInnerUp", ".29"), ("browOuterUp", ".20"), ("browDown", ".21"))
UPPER = (*BROWS, "cheekSquint", "eyeSquint", "eyeWide", "noseSneer", "mouthSmile")
_SHUT, _LONGEST_BLINK = 0.35, 0.67  # of the lids; seconds
_NEAR_PAUSE, _NEAR_STRESS = 0.3, 0.15  # seconds
_SACCADE_SPEED, _SMALLEST_SACCADE = np.radians(40.0), np.radians(1.5)  # a second
_LONG = 20.0  # seconds
_GAZE_RATE = 60.0
_SHIFTS = 100  # of the events in time, that tell what is chance
_NOD, _RAISE = np.radians(1.0), 0.1
_PAUSE = 0.5  # seconds
_BREATH = 0.4  # seconds before speech in which people open the mouth to breathe
_AFTER_SPEECH, _BEFORE_SPEECH = 0.15, 0.7  # seconds in which lips come to rest, and in which they begin to move
_HEAD = ("headPitch", "headYaw", "headRoll")
_SLOW = (*BROWS, "cheekSquint", "noseSneer", "mouthSmile")
"""What moves no faster than a muscle that shows a feeling; a smile, the last, also gives way to lips that speak."""
_TREMBLING, _HARDLY = 6.0, 0.005  # Hz; deviation
_GLANCE = np.radians(0.5)  # a frame at 30 a second
_STILL = 5e-4  # of a coefficient a frame
_STILL_TURN = np.radians(0.2)  # a second


@dataclass(frozen=True)
class Row:
    """One figure: what it is, its `value` (None where nothing can tell), and the least and greatest that is good."""

    name: str
    value: float | None
    low: float
    high: float
    captured: str

    @property
    def is_met(self) -> bool:
        return self.value is not None and bool(self.low <= self.value <= self.high)


@dataclass(frozen=True, eq=False)
class Heard:
    """What is measured of one take: its curves (frames,) by name, pauses (start, end) and stressed syllables (s)."""

    take: Take
    curves: dict[str, FloatArray]
    pauses: tuple[tuple[float, float], ...]
    stressed: FloatArray

    @property
    def seconds(self) -> float:
        return self.take.duration

    @property
    def fps(self) -> float:
        return self.take.fps

    @property
    def opening(self) -> FloatArray:
        """(frames,) how far the lips are seen apart."""
        parts = {name: self.curves[name] for name in ("jawOpen", "mouthClose", "mouthLowerDown", "mouthUpperUp")}
        jaw: FloatArray = np.clip(parts["jawOpen"] - parts["mouthClose"], 0, None)
        return np.asarray(jaw + 0.3 * parts["mouthLowerDown"] + 0.2 * parts["mouthUpperUp"], np.float64)


def heard(take: Take, stressed: Sequence[float]) -> Heard:
    """The curves of `take` (a space with ARKit's names): left and right as their mean, angles in radians."""
    names, motion = take.space.names, take.motion.astype(np.float64)
    curves: dict[str, FloatArray] = {}
    for index, name in enumerate(names):
        side = next((s for s in ("Left", "Right") if name.endswith(s) and name[: -len(s)] not in ("mouth", "jaw")), "")
        base = name.removesuffix(side)
        curves[base] = curves.get(base, 0) + motion[:, index] * (0.5 if side else 1.0)
        curves[name] = motion[:, index]
    out, inward = EYE_TURNS["Out"], EYE_TURNS["In"]
    left = out * curves["eyeLookOutLeft"] - inward * curves["eyeLookInLeft"]
    right = inward * curves["eyeLookInRight"] - out * curves["eyeLookOutRight"]
    curves["gazeLeft"] = 0.5 * (left + right)
    curves["gazeUp"] = EYE_TURNS["Up"] * curves["eyeLookUp"] - EYE_TURNS["Down"] * curves["eyeLookDown"]
    head = take.track("head")
    turns = np.zeros((take.frame_count, 3)) if head is None else head.motion.astype(np.float64)
    curves |= {name: turns[:, index] for index, name in enumerate(("headYaw", "headPitch", "headRoll"))}
    pauses = tuple((p.start, p.end) for p in take.phones if p.is_silence and p.end - p.start >= 0.2)
    return Heard(take, curves, pauses, np.asarray(stressed, float))


def rows(takes: Sequence[Heard]) -> list[Row]:
    """The figures of some takes together."""
    return [
        *_blink_rows(takes),
        *_upper_rows(takes),
        *_gaze_rows(takes),
        *_head_rows(takes),
        *_smooth_rows(takes),
        *_rest_rows(takes),
    ]


def mood_rows(neutral: Sequence[Heard], felt: Sequence[Heard], pose: dict[str, float]) -> list[Row]:
    """How much of a mood's `pose` shows, and what it does to the lips, beside the same takes without it."""
    shown = {name: _mean(felt, name) - _mean(neutral, name) for name in pose}
    size = float(np.sqrt(sum(value**2 for value in pose.values())))
    share = sum(shown[name] * pose[name] for name in pose) / max(size**2, 1e-9)
    pairs = [(a.opening, b.opening) for a, b in zip(neutral, felt, strict=True)]
    before, after = (np.concatenate([_closed(take) for take in takes]) for takes in (neutral, felt))
    lost = float(before.mean() - after.mean()) if len(before) else None
    return [
        Row("mood: share of its pose that shows on average", share, 0.7, 1.3, "–"),
        Row("mood: correlation of the mouth's opening with neutral", _correlation(pairs), 0.99, 1, "–"),
        Row("mood: share of closed lips that it opens", lost, -1, 0.01, "–"),
    ]


def _blink_rows(takes: Sequence[Heard]) -> list[Row]:
    found = [blinks(take) for take in takes]
    minutes = sum(take.seconds for take in takes) / 60
    times = [np.array([blink[0] for blink in each]) for each in found]
    long = [t for t, take in zip(times, takes, strict=True) if take.seconds >= _LONG] or times
    gaps = np.concatenate([np.diff(t) for t in long] or [np.zeros(0)])  # short takes cut long intervals off
    every = np.array([blink for each in found for blink in each]).reshape(-1, 4)
    ends = [np.array([start for start, _ in take.pauses if start > 0.05]) for take in takes]
    long_enough = [len(each) for each, take in zip(found, takes, strict=True) if take.seconds >= 2.5]
    apart = float(np.log(gaps).std()) if len(gaps) > 2 else None
    doubles = float((gaps < 0.6).mean()) if len(gaps) > 2 else None
    without = float(np.mean([n == 0 for n in long_enough])) if long_enough else None
    middle = [float(np.median(column)) if len(column) else None for column in every.T[1:]]
    return [
        Row("blinks a minute", len(every) / minutes, 15, 28, "21"),
        Row("deviation of ln of their intervals", apart, 0.8, 1.1, "1.03"),
        Row("share of intervals under .6 s", doubles, 0.05, 0.25, ".19"),
        Row("blinks at phrase ends, times chance", _over_chance(takes, times, ends, _NEAR_PAUSE), 1.5, np.inf, "–"),
        Row("share of takes without one", without, 0, 0.1, "0"),
        Row("lids close in, ms", middle[0], 60, 95, "69"),
        Row("lids open in, ms", middle[1], 100, 155, "129"),
        Row("how far lids close", middle[2], 0.53, 0.8, ".66"),
    ]


def _upper_rows(takes: Sequence[Heard]) -> list[Row]:
    jaw = "jawOpen"
    movers = (*BROWS, "cheekSquint", "mouthSmile")
    followed = max(abs(_correlation([(t.curves[name], t.curves[jaw]) for t in takes]) or 0.0) for name in movers)
    still = [name for name in UPPER if max(take.curves[name].max() for take in takes) < 0.02]
    raises = [_peaks(t, t.curves["browInnerUp"] + t.curves["browOuterUp"], _RAISE, 0.9) for t in takes]
    stressed = [take.stressed for take in takes]
    return [
        *(Row(f"deviation of {name}", _deviation(takes, name), 0.08, 0.3, c) for name, c in _CAPTURED_BROWS),
        Row("channels of the upper face that stand still", float(len(still)), 0, 0, "0"),
        Row("brows: 90 % of the power below, Hz", _power_below(takes, BROWS), 0, 1.2, ".5–.9"),
        Row("largest correlation with the jaw", followed, 0, 0.25, ".15–.26"),
        Row("brow raises to the stressed syllable, ms", _offset(raises, stressed), -60, 60, "−60"),
        Row("brow raises on it, times chance", _over_chance(takes, raises, stressed, _NEAR_STRESS), 1.5, np.inf, "–"),
    ]


def _gaze_rows(takes: Sequence[Heard]) -> list[Row]:
    sizes = np.degrees(np.concatenate([saccades(take) for take in takes] or [np.zeros(0)]))
    seconds = sum(take.seconds for take in takes)
    return [
        Row("saccades a second", len(sizes) / seconds, 0.5, 1.5, "1.26"),
        Row("their size, degrees", float(np.median(sizes)) if len(sizes) else None, 4, 7, "5.6"),
        Row("share of them under 15°", float((sizes < 15).mean()) if len(sizes) else None, 0.9, 0.97, ".94"),
    ]


def _head_rows(takes: Sequence[Heard]) -> list[Row]:
    ranges = (("headPitch", "1.2–7"), ("headYaw", "1.4–10"), ("headRoll", ".9–3"))
    nods, stressed = [_peaks(take, take.curves["headPitch"], _NOD, 1.0) for take in takes], [t.stressed for t in takes]
    speed = [_head_speed(takes, name) for name, _ in ranges]
    return [
        *(Row(f"deviation of {name}, degrees", np.degrees(_deviation(takes, name)), 0.5, 10, c) for name, c in ranges),
        Row("rms speed of the head's fastest axis, degrees a second", max(speed), 4, 37, "6–37"),
        Row("nods to the stressed syllable, ms", _offset(nods, stressed), -60, 60, "on it"),
        Row("nods on it, times chance", _over_chance(takes, nods, stressed, _NEAR_STRESS), 1.5, np.inf, "–"),
    ]


def _smooth_rows(takes: Sequence[Heard]) -> list[Row]:
    """What an eye takes offence at: pops, trembling, and a stare."""
    pops = [np.abs(np.diff(take.curves[name])).max(initial=0) * take.fps for take in takes for name in _SLOW]
    turns = [np.abs(np.diff(take.curves[name])).max(initial=0) * take.fps for take in takes for name in _HEAD]
    quick = [share for name in (*_SLOW[:-1], *_HEAD) if (share := _trembling(takes, name)) is not None]
    return [
        Row("fastest brow, cheek or nose, of the whole a second", float(max(pops)), 0, 6, "–"),
        Row("fastest turn of the head, degrees a second", float(np.degrees(max(turns))), 0, 120, "–"),
        Row("largest share of power over 6 Hz, brows to head", max(quick) if quick else None, 0, 0.02, "–"),
        Row("longest stare, seconds", max(stare(take) for take in takes), 0, 5, "–"),
    ]


def stare(take: Heard) -> float:
    """The longest time in seconds without a turn of the eyes by half a degree or more in a frame, or a blink."""
    turn = np.hypot(np.diff(take.curves["gazeLeft"]), np.diff(take.curves["gazeUp"]))
    seen = np.flatnonzero((turn > _GLANCE * 30 / take.fps) | (take.curves["eyeBlink"][1:] > _SHUT))
    return float(np.diff([0, *seen, len(turn)]).max() / take.fps)


def _trembling(takes: Sequence[Heard], name: str) -> float | None:
    """The share of a curve's power in all takes that lies over 6 Hz; None where it hardly moves."""
    over, total = 0.0, 0.0
    for take in takes:
        curve = take.curves[name] - take.curves[name].mean()
        if len(curve) >= 2 * take.fps and curve.std() > _HARDLY:
            hertz, power = signal.periodogram(curve, take.fps, window="hann")
            over, total = over + power[hertz > _TREMBLING].sum() * take.seconds, total + power.sum() * take.seconds
    return over / total if total else None


def _rest_rows(takes: Sequence[Heard]) -> list[Row]:
    frozen: list[FloatArray] = []
    for take in takes:
        motion = take.take.motion
        seen = np.abs(np.diff(motion[:, take.take.space.in_region("upper", "eyes")], axis=0)).max(axis=1) > _STILL
        for name in _HEAD:
            seen |= np.abs(np.diff(take.curves[name])) * take.fps > _STILL_TURN
        frozen += [~seen[first : last - 1] for first, last in _silences(take)]
    still = float(np.concatenate(frozen).mean()) if frozen else None
    resting = ("eyeBlink", *BROWS, "headPitch")
    ends = max(float(np.abs(take.curves[name][[0, -1]]).max()) for take in takes for name in resting)
    return [
        Row("share of silent frames that are frozen", still, 0, 0.01, "0"),
        *_opening_rows(takes),
        Row("largest value of lids, brows and head at a line's ends", ends, 0, 0.1, "–"),
    ]


def _opening_rows(takes: Sequence[Heard]) -> list[Row]:
    """What the mouth does where nobody speaks, beside what it does where somebody does."""
    quiet, loud, breaths = [], [], []
    for take in takes:
        opening, spoken = take.opening, np.ones(len(take.opening), bool)
        after, before = round(_AFTER_SPEECH * take.fps), round(_BEFORE_SPEECH * take.fps)
        for first, last in _silences(take):
            spoken[first:last] = False
            is_followed = last < len(opening)
            quiet.append(opening[first + after * (first > 0) : max(last - before * is_followed, 0)])
            if is_followed and (first == 0 or last - first >= take.fps):
                breaths.append(opening[max(last - round(_BREATH * take.fps), 0) : last])
        loud.append(opening[spoken])
    silence, speech, breath = (np.concatenate([np.zeros(0), *parts]) for parts in (quiet, loud, breaths))
    ajar = float(np.percentile(silence, 95) / np.percentile(speech, 95)) if len(silence) and len(speech) else None
    breathed = float(breath.mean() / speech.mean()) if len(breath) and len(speech) else None
    return [
        Row("the mouth's opening in silence but for breath, of that in speech", ajar, 0, 0.1, "–"),
        Row("its mean just before a line, of that in speech", breathed, 0.1, 1.6, "0–1.6"),
    ]


def _silences(take: Heard) -> list[tuple[int, int]]:
    """The first frame of each long pause, and the first behind it."""
    count = take.take.frame_count
    frames = ((round(start * take.fps), min(round(end * take.fps), count)) for start, end in take.pauses)
    return [(first, last) for first, last in frames if last - first >= _PAUSE * take.fps]


def blinks(take: Heard) -> list[tuple[float, float, float, float]]:
    """(time in s, closing and opening in ms from and to a tenth, how far) of the blinks that are whole."""
    lids, found = take.curves["eyeBlink"], []
    shut = np.flatnonzero(np.diff(np.concatenate([[0], lids > _SHUT, [0]]).astype(int))).reshape(-1, 2)
    for first, last in shut:
        if first == 0 or (last - first) / take.fps > _LONGEST_BLINK:
            continue
        peak = first + int(np.argmax(lids[first:last]))
        floor = 0.1 * lids[peak] + 0.9 * float(np.median(lids))
        before = _until(lids[peak::-1], floor) / take.fps
        after = _until(lids[peak:], floor) / take.fps
        found.append((peak / take.fps, 1000 * before, 1000 * after, float(lids[peak])))
    return found


def _until(values: FloatArray, level: float) -> float:
    """Frames until `values` have fallen to `level`, between frames too."""
    below = np.flatnonzero(values <= level)
    if not len(below):
        return float(len(values))
    place = int(below[0])
    if place == 0:
        return 0.0
    drop = values[place - 1] - values[place]
    return place - 1 + float((values[place - 1] - level) / max(drop, 1e-9))


def saccades(take: Heard) -> FloatArray:
    """Sizes in radians of the quick turns of the eyes, while lids are open."""
    frames = np.arange(take.take.frame_count) / take.fps
    clock = np.arange(0, take.seconds - 1 / take.fps, 1 / _GAZE_RATE)
    left, up, lids = (np.interp(clock, frames, take.curves[name]) for name in ("gazeLeft", "gazeUp", "eyeBlink"))
    if len(clock) < 3:
        return np.zeros(0)
    quick = (np.hypot(np.gradient(left), np.gradient(up)) * _GAZE_RATE > _SACCADE_SPEED) & (lids < 0.2)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quick, [0]]).astype(int))).reshape(-1, 2)
    first, last = np.maximum(edges[:, 0] - 1, 0), np.minimum(edges[:, 1], len(clock) - 1)
    size = np.hypot(left[last] - left[first], up[last] - up[first])
    return size[size > _SMALLEST_SACCADE]


def _peaks(take: Heard, curve: FloatArray, height: float, rise: float) -> FloatArray:
    """Seconds at which the peaks that stand out by `height` have made `rise` of their way up."""
    found, about = signal.find_peaks(curve, prominence=height)
    times = []
    for peak, tall in zip(found, about["prominences"], strict=True):
        below = np.flatnonzero(curve[:peak] < curve[peak] - (1 - rise) * tall)
        times.append((peak if rise == 1.0 or not len(below) else below[-1] + 1) / take.fps)
    return np.array(times)


def _nearest(times: FloatArray, points: FloatArray) -> FloatArray:
    """How long after the nearest of `points` each of `times` is."""
    if not len(points):
        return np.full(len(times), np.inf)
    apart = times[:, None] - points
    return apart[np.arange(len(times)), np.abs(apart).argmin(axis=1)]


def _offset(times: Sequence[FloatArray], points: Sequence[FloatArray]) -> float | None:
    """Median milliseconds after the nearest point, of those within half a second."""
    apart = np.concatenate([_nearest(t, p) for t, p in zip(times, points, strict=True)] or [np.zeros(0)])
    near = apart[np.abs(apart) <= 0.5]
    return float(1000 * np.median(near)) if len(near) else None


def _over_chance(
    takes: Sequence[Heard], times: Sequence[FloatArray], points: Sequence[FloatArray], reach: float
) -> float | None:
    """Share of `times` within `reach` of a point, over what it is with all times shifted round their take by chance."""
    chance, count = np.random.default_rng(0), sum(len(t) for t in times)
    if not count:
        return None

    def near(shift: bool) -> float:
        hits = 0
        for take, t, p in zip(takes, times, points, strict=True):
            moved = (t + chance.uniform(0, take.seconds)) % take.seconds if shift else t
            hits += int((np.abs(_nearest(moved, p)) <= reach).sum())
        return hits / count

    by_chance = float(np.mean([near(shift=True) for _ in range(_SHIFTS)]))
    return near(shift=False) / by_chance if by_chance else None


def _deviation(takes: Sequence[Heard], name: str) -> float:
    apart = np.concatenate([take.curves[name] - take.curves[name].mean() for take in takes])
    return float(np.sqrt((apart**2).mean()))


def _mean(takes: Sequence[Heard], name: str) -> float:
    return float(np.concatenate([take.curves[name] for take in takes]).mean())


def _correlation(pairs: Sequence[tuple[FloatArray, FloatArray]]) -> float | None:
    centred = [(a - a.mean(), b - b.mean()) for a, b in pairs]
    over = np.sqrt(sum((a @ a) for a, _ in centred) * sum((b @ b) for _, b in centred))
    return float(sum((a @ b) for a, b in centred) / over) if over > 1e-9 else None


def _power_below(takes: Sequence[Heard], names: Sequence[str], share: float = 0.9) -> float | None:
    """Hz below which that share of the power of some curves lies; None of takes shorter than eight seconds."""
    total, hertz = np.zeros(96), np.arange(96) / 8
    for take in takes:
        for name in names:
            curve, length = take.curves[name], round(8 * take.fps)
            if len(curve) >= length:
                power = signal.welch(curve - curve.mean(), take.fps, nperseg=length)[1][:96]
                total[: len(power)] += power * take.seconds
    total[0] = 0
    return float(hertz[np.searchsorted(np.cumsum(total), share * total.sum())]) if total.sum() > 0 else None


def _head_speed(takes: Sequence[Heard], name: str) -> float:
    """Root mean square of the speed in degrees a second, of what lies below 6 Hz."""
    speeds = []
    for take in takes:
        if take.take.frame_count > 30 and take.fps > 13:
            calm = signal.sosfiltfilt(signal.butter(2, 6, fs=take.fps, output="sos"), take.curves[name])
            speeds.append(np.gradient(calm) * take.fps)
    return float(np.degrees(np.sqrt((np.concatenate(speeds) ** 2).mean()))) if speeds else 0.0


def _closed(take: Heard) -> FloatArray:
    """Whether the lips come together at each p, b and m."""
    narrow = 0.15 * np.percentile(take.opening, 95)
    frames = [(round(p.start * take.fps), round(p.end * take.fps) + 1) for p in take.take.phones if p.label in "pbm"]
    return np.array([take.opening[first:last].min(initial=np.inf) < narrow for first, last in frames], float)
