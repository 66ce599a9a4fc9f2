"""Animator: a sound to a take, and a take with edited keys to the next one, by whichever engine runs the network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .alignment import Alignment, Mark
from .audio import Sound
from .calibration import Calibration
from .edits import Edits, PlannedKey, Span, carry_over, plan, read_edits
from .edits.turns import turned
from .engines import STARTER_WEIGHTS
from .engines import load as load_network
from .errors import TakeError
from .events import Event
from .expression import Performer, Voices, notes_of, perform_job, remember_job
from .expression.edits import replayed
from .localize import frame_count_of, key_frames, localize, with_density
from .localize.neural import NeuralLocalizer
from .model.conditioning import TRUST, AlignedPhones
from .model.folder import model_hash
from .model.hearing import Memory
from .model.network import Network
from .model.performance import Performance
from .motion.spaces import SPACES
from .progress import Job, finish, within
from .settings import Settings
from .shaping import Shaping
from .take import Key, Take, Track

FloatArray: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Animator:
    """A trained network at work; `weights` is the checkpoint's folder and `weights_hash` its hash.

    `trust` (0 to 1), where it is not that of `TRUST`: how much phones that are told count beside what is heard.
    `calibration` makes it speak as an actor does; a take that is completed keeps the one it was made with.
    """

    network: Network
    weights: Path
    weights_hash: str
    trust: float | None = None
    calibration: Calibration | None = None
    _memory: Memory = field(default_factory=Memory, repr=False, compare=False)
    _voices: Voices = field(default_factory=Voices, repr=False, compare=False)

    @staticmethod
    def load(
        weights: str | Path | None = None, device: str = "auto", calibration: str | Path | None = None
    ) -> "Animator":
        """The network of a checkpoint folder (the starter weights where none is given), in 32-bit floats.

        Raises WeightsError for a checkpoint that cannot be used, KMTalkError for a device that is not there, or a file
        that is no calibration.
        """
        folder = STARTER_WEIGHTS if weights is None else Path(weights)
        actor = None if calibration is None else Calibration.load(Path(calibration))
        return Animator(load_network(folder, device), folder, model_hash(folder), calibration=actor)

    def afresh(self) -> "Animator":
        """The same, with nothing remembered of any sound."""
        return replace(self, _memory=Memory(), _voices=Voices())

    def animate(self, sound: Sound, **options: Any) -> Take:
        """`animate_job`, run to its end."""
        return finish(self.animate_job(sound, **options))

    def animate_job(
        self,
        sound: Sound,
        *,
        text: str | None = None,
        textgrid: str | Path | None = None,
        method: str = "auto",
        language: str = "en",
        begin: float = 0.0,
        settings: Mapping[str, Any] | None = None,
        marks: Sequence[Mark] = (),
        events: Sequence[Event] = (),
        keep: Take | None = None,
        pending: Sequence[Any] = (),
        keep_shift: float = 0.0,
    ) -> Job[Take]:
        """Find the key frames of `sound` and make its motion; however long it is, memory grows by the motion alone.

        `text`, `textgrid`, `method`, `language` and `begin` are those of `localize`, `settings` the fields of
        `Settings`.  `marks` tell of moods beside the transcript's, `events` stay as they are.  All that a hand did in
        the take `keep` is done to the new one too, with the `pending` edits that it has not got yet; this sound begins
        `keep_shift` seconds later than that take's.  Raises AlignmentError where an explicit method fails, TakeError
        for edits that make no sense.
        """
        wanted = Settings.of(settings)
        waiting = read_edits(pending, keep) if keep is not None else Edits()
        take = yield from self._animate_job(
            sound,
            wanted,
            {"method": method, "text": text, "textgrid": textgrid, "language": language, "begin": begin},
            marks,
            events,
        )
        hand = carry_over(keep, take, waiting, keep_shift) if keep is not None else []
        return (yield from self.complete_job(take, sound, hand)) if hand else take

    def _animate_job(
        self,
        sound: Sound,
        wanted: Settings,
        guide: Mapping[str, Any],
        marks: Sequence[Mark],
        events: Sequence[Event],
    ) -> Job[Take]:
        if guide["method"] == "auto" and self.network.config.keys == "uniform":
            guide = {**guide, "method": "uniform"}
        alignment = yield from localize(sound, **guide, ear=self._ear)
        alignment = replace(alignment, marks=tuple(sorted((*alignment.marks, *marks), key=lambda mark: mark.time)))
        return (yield from self._made_job(sound, wanted, alignment, guide["text"], events, self.calibration))

    def again(self, take: Take, sound: Sound, values: Mapping[str, Any]) -> Take:
        """`again_job`, run to its end."""
        return finish(self.again_job(take, sound, values))

    def again_job(self, take: Take, sound: Sound, values: Mapping[str, Any]) -> Job[Take]:
        """`take` with other `values` of its settings, from the phones it has: its sound is not localized again.

        What a hand did to its keys and events stays.  Raises TakeError for a sound or a take that does not fit,
        KMTalkError for a setting that is none.
        """
        self._check_fit(take, sound)
        wanted = Settings.of({**Settings.of_take(take.settings).to_json(), **values})
        method = str(take.settings.get("method", ""))
        alignment = Alignment(take.phones, sound.duration, method, marks=take.marks, words=take.words)
        actor = Calibration.of_take(take.settings)
        made = yield from self._made_job(sound, wanted, alignment, take.text, (), actor)
        made = replace(made, notes=take.notes)
        hand = carry_over(take, made)
        return (yield from self.complete_job(made, sound, hand)) if hand else made

    def _made_job(
        self,
        sound: Sound,
        wanted: Settings,
        alignment: Alignment,
        text: str | None,
        events: Sequence[Event],
        actor: Calibration | None,
    ) -> Job[Take]:
        """The take of a sound whose phones are known."""
        space = self.network.config.motion_space
        count = frame_count_of(sound.duration, space.fps)
        gap = round(wanted.minimum_key_gap * space.fps)
        keys = [
            PlannedKey(key.frame, key.time, key.label, key.confidence, "generated", None, is_changed=True)
            for key in with_density(
                key_frames(_delayed(alignment, wanted.delay), space.fps, count, gap), wanted.key_density
            )
        ]
        motion = np.empty((count, space.width), np.float32)
        performer = None
        if space.has_names:
            performer = yield from perform_job(
                sound,
                alignment,
                wanted,
                kept=events,
                listen=self._voices.voice_job,
            )
        performance = yield from self._performance(sound, count, alignment, wanted, performer, actor)
        yield from performance.motion_job(keys, 0, count, motion)
        tracks = [Track(space, motion)]
        if performer is not None:
            beside = performer.beside(np.arange(count) / space.fps - wanted.delay)
            tracks += [Track(SPACES[name], moved) for name, moved in beside.items()]
        return Take(
            tracks=tuple(tracks),
            events=performer.events if performer else (),
            keys=_keys_on(motion, keys),
            phones=alignment.phones,
            text=text,
            settings={
                **wanted.to_json(),
                "method": alignment.method,
                **({"drawn_from": performer.seed} if performer else {}),
                **_remembered(actor),
            },
            model={"name": self.network.config.name, "hash": self.weights_hash},
            audio={"name": sound.name, "digest": sound.digest, "duration": sound.duration},
            notes=sound.notes + alignment.notes + (notes_of(alignment) if performer else ()),
            marks=alignment.marks,
            words=alignment.words,
            fps=space.fps,
        )

    def complete(self, take: Take, sound: Sound | None, edits: Sequence[Any]) -> Take:
        """`complete_job`, run to its end."""
        return finish(self.complete_job(take, sound, edits))

    def complete_job(self, take: Take, sound: Sound | None, edits: Sequence[Any]) -> Job[Take]:
        """Apply `edits` (entries as in EDITS.json) to keys, phones and events of `take`, with new motion around them.

        Every edited, locked or added key is hit exactly, and a phone that was named or moved looks as if it had been
        heard so.  Only the spans between what changed and the keys beside it, and those of changed events, change; all
        else stays bit for bit.  Raises TakeError for edits that make no sense,
        without the sound, and for a sound or a take that does not fit.
        """
        asked = read_edits(edits, take)
        planned = plan(take, asked)
        self._check_fit(take, sound)
        if planned.phones != take.phones and not self.network.config.phone_conditioning:
            raise TakeError("These weights make motion from the sound alone, not from phones; pose the key instead.")
        assert sound is not None
        settings = Settings.of_take(take.settings)
        method = str(take.settings.get("method", ""))
        alignment = Alignment(planned.phones, sound.duration, method, marks=take.marks)
        performer = None
        if take.space.has_names and "liveliness" in take.settings:
            performer = yield from remember_job(
                sound, alignment, settings, planned.events, _seed(take), self._voices.voice_job
            )
            if planned.events != take.events:
                played = replayed(take, performer.of_events(take.events), performer, settings.delay)
                planned, take = plan(replace(played, events=take.events), asked), played
        motion = take.motion.copy()
        if planned.spans:
            performance = yield from self._performance(
                sound, take.frame_count, alignment, settings, performer, Calibration.of_take(take.settings)
            )
            for number, span in enumerate(planned.spans):
                fresh = np.empty((span.last + 1 - span.first, motion.shape[1]), np.float32)
                made = performance.motion_job(planned.keys, span.first, span.last + 1, fresh)
                yield from within(made, number / len(planned.spans), (number + 1) / len(planned.spans))
                _write_span(motion, fresh, span, planned.keys, performance.shaping)
        notes = take.notes
        if take.model.get("hash") != self.weights_hash and planned.spans:
            notes += ("Some spans were completed with other weights than the rest of the take.",)
        posed = turned(take, asked.keys, [key.frame for key in planned.keys])
        return posed.with_motion(
            motion,
            keys=_keys_on(motion, planned.keys),
            phones=planned.phones,
            words=planned.words,
            events=planned.events,
            deleted_keys=planned.deleted_keys,
            deleted_events=planned.deleted_events,
            base=None,
            notes=notes,
        )

    def _check_fit(self, take: Take, sound: Sound | None) -> None:
        if sound is None:
            raise TakeError("Completing a take needs the sound it was made from; give the audio file too.")
        if take.space != self.network.config.motion_space:
            made = self.network.config.space
            raise TakeError(
                f"The take is in the space {take.space.name!r}, these weights make {made!r}; use its own weights."
            )
        if take.fps != self.network.config.motion_space.fps:
            wanted = self.network.config.motion_space.fps
            raise TakeError(
                f"The take has {take.fps:g} frames a second where {wanted:g} are due; animate the sound again."
            )
        if frame_count_of(sound.duration, take.fps) != take.frame_count:
            lengths = f"{sound.name} lasts {sound.duration:.2f} s, the take {take.duration:.2f} s"
            raise TakeError(f"{lengths}; give the sound that the take was made from.")

    @property
    def _ear(self) -> NeuralLocalizer | None:
        """What hears phones: this network, where it can; else None, for the starter's."""
        if not self.network.config.encoder.hears_phones:
            return None
        return NeuralLocalizer(self.network, self._memory.statistics_job)

    def _performance(
        self,
        sound: Sound,
        count: int,
        alignment: Alignment,
        settings: Settings,
        performer: Performer | None,
        calibration: Calibration | None,
    ) -> Job[Performance]:
        space = self.network.config.motion_space
        hearing = yield from self._memory.hearing_job(self.network, sound, count, settings.delay)
        phones = AlignedPhones(alignment, space.fps, settings.delay)
        trust = TRUST.get(alignment.method, 0.0)
        trust = trust if self.trust is None or not trust else self.trust
        articulation = self.network.config.articulation
        shaping = Shaping(space, settings, alignment, performer, calibration, articulation)
        return Performance(self.network, hearing, phones, trust, shaping)


def _seed(take: Take) -> int:
    """What the performance of a take was drawn from; takes of earlier versions know no more than their setting."""
    seed = take.settings.get("drawn_from")
    return seed if type(seed) is int and 0 <= seed < 2**31 else Settings.of_take(take.settings).seed


def _remembered(actor: Calibration | None) -> dict[str, Any]:
    """What a take remembers of the calibration, so that it is completed alike."""
    return {} if actor is None else {"calibration": actor.to_json()}


def _delayed(alignment: Alignment, delay: float) -> Alignment:
    """`alignment` as the face shows it, `delay` seconds after the sound."""
    if not delay:
        return alignment
    phones = [replace(p, start=p.start + delay, end=p.end + delay) for p in alignment.phones]
    return Alignment.covering(phones, alignment.duration, alignment.method)


def _keys_on(motion: FloatArray, keys: Sequence[PlannedKey]) -> tuple[Key, ...]:
    """Keys whose poses are the motion's rows: what is seen is what a key holds."""
    return tuple(Key(k.frame, k.time, k.label, k.confidence, motion[k.frame], k.state) for k in keys)


def _write_span(
    motion: FloatArray, fresh: FloatArray, span: Span, keys: Sequence[PlannedKey], shaping: Shaping
) -> None:
    """Put `fresh` (the span's frames) into `motion`, bent so that it meets the keys that stay and those set by hand.

    The correction runs smoothly from key to key, flat at each, so that it adds no corner to the motion.
    """
    wanted = {key.frame: key.pose for key in keys if span.first <= key.frame <= span.last and key.pose is not None}
    if span.holds_first:
        wanted[span.first] = motion[span.first]
    if span.holds_last:
        wanted[span.last] = motion[span.last]
    low, high = shaping.bounds(np.stack(list(wanted.values()))) if wanted else shaping.bounds(fresh)
    first, last = span.first + span.holds_first, span.last + 1 - span.holds_last
    bent = fresh + _correction(wanted, fresh, span) if wanted else fresh
    motion[first:last] = np.clip(bent, low, high)[first - span.first : last - span.first]
    for frame, row in wanted.items():
        motion[frame] = row


def _correction(wanted: Mapping[int, FloatArray], fresh: FloatArray, span: Span) -> FloatArray:
    """What takes the span's frames to the `wanted` rows, flat at each of them."""
    frames = sorted(wanted)
    rows = np.stack([wanted[frame] for frame in frames])
    offsets = rows - fresh[[frame - span.first for frame in frames]]
    at = np.arange(span.first, span.last + 1)
    after = np.searchsorted(frames, at).clip(0, len(frames) - 1)
    before = np.searchsorted(frames, at, side="right").clip(1, len(frames)) - 1
    known = np.asarray(frames)
    gap = np.maximum(known[after] - known[before], 1)
    share = ((at - known[before]) / gap).clip(0, 1)
    ease = (share * share * (3 - 2 * share)).astype(np.float32)[:, None]
    result: FloatArray = offsets[before] + ease * (offsets[after] - offsets[before])
    return result
