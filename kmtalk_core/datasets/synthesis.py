"""`synthesize --layout vocaset|biwi`: a small data set of synthetic speech on a head of our own, in a published layout.

It carries the names of the published subjects and sentences, so that every project's split reads it; its README says
that nothing in it was captured.
"""

import random
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import audio
from ..alignment import Alignment, Phone
from ..corpus import espeak, texts
from ..corpus.articulation import RATE, articulate, one_hot
from ..corpus.face import arkit_motion
from ..errors import CorpusError, DataSetError
from ..model.log_mel import statistics_job
from ..motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from ..motion.spaces import ARKIT, SPACES
from ..phones import CLASS_INDEX, PHONE_CLASSES, SILENCE
from ..progress import Job, Progress, finish
from ..textgrid import write_textgrid
from .alignments import TEXTGRIDS, TRANSCRIPTS
from .ply import TriangleMesh, write_ply
from .regions import BESIDE_DATA_SET
from .splits import LAYOUTS, Layout
from .styles import Style, shown, sized, style
from .templates import save_templates

if TYPE_CHECKING:
    from .heads import SyntheticHead

FloatArray: TypeAlias = npt.NDArray[np.float32]

_VARIANTS = ("f2", "m3", "f3", "m1", "f4", "m7", "f5", "m2", "f1", "m5", "m4", "m6", "klatt2", "klatt4")
_LONGEST_TEXT = 60  # characters: sentences of two to four seconds
_PAUSE = (0.15, 0.3)  # seconds of silence before and after
_NOISE = 2e-5  # metres: what a scanner adds
_BLINK = ((0.0, 0.0), (0.07, 1.0), (0.12, 1.0), (0.25, 0.0))  # seconds, closed
_SECONDS_A_BLINK = 4.0
_SOMEWHAT = 0.05  # how much heads and habits differ between subjects


@dataclass(frozen=True)
class SyntheticData:
    """What to make: `sentences` for each of `subjects` to train on (0: all), `held_out` for others (0: half as many).

    `rigid` keeps BIWI heads at one size and place; else each frame is centred and brought to an area of 1, as the
    public preprocessing does.  With `styles` the set is ill-posed: so many speakers share every sound, each with a face
    of their own (see `styles`).
    """

    folder: Path
    layout: str = "vocaset"
    sentences: int = 10
    subjects: int = 0
    seed: int = 1
    rigid: bool = False
    held_out: int = 0
    styles: int = 0


@dataclass(frozen=True)
class _Speaker:
    name: str
    voice: str
    words_per_minute: int
    pitch: int
    head: FloatArray  # (V, 3)
    shapes: FloatArray  # (52, 3 V)
    sounds: int  # speakers of one number say the same
    style: Style | None


def synthesize_job(wanted: SyntheticData) -> Job[Path]:
    """Make the data set and return its folder; what is there already is written again.

    Raises DataSetError for an unknown layout or a disk that is too small, CorpusError where eSpeak NG is missing.
    """
    if wanted.layout not in LAYOUTS:
        raise DataSetError(f"There is no layout {wanted.layout!r:.40}; choose one of {', '.join(LAYOUTS)}.")
    from .heads import synthetic_head

    layout, space = LAYOUTS[wanted.layout], SPACES[wanted.layout]
    planned = list(_plan(layout, wanted))
    _make_folders(wanted.folder, len(planned) * 4 * layout.captured_fps * space.width * 4)
    yield Progress("making a head", 0.0)
    head = synthetic_head(space.vertices)
    speakers = {name: _speaker(name, index, head, wanted) for index, name in enumerate(layout.subjects)}
    used = dict.fromkeys(subject for subject, _ in planned)
    for index, (subject, sentence) in enumerate(planned):
        name = f"{subject}_{layout.sentence_name}{sentence:02d}"
        _sequence(wanted, layout, speakers[subject], head.mesh, name)
        yield Progress("speaking", (index + 1) / len(planned))
    templates = {subject: _in_unit(speakers[subject].head[None], head.mesh, wanted)[0] for subject in used}
    save_templates(wanted.folder / "templates.pkl", templates)
    neutral = _in_unit(head.mesh.vertices[None], head.mesh, wanted)[0]
    write_ply(wanted.folder / "templates" / "head.ply", TriangleMesh(neutral, head.mesh.triangles))
    head.regions.save(wanted.folder / BESIDE_DATA_SET)
    (wanted.folder / "README.md").write_text(_card(wanted, layout, len(planned)), encoding="utf-8")
    return wanted.folder


def _plan(layout: Layout, wanted: SyntheticData) -> Iterator[tuple[str, int]]:
    """Subjects and sentence numbers, spread evenly over what the published splits take."""
    for which, part in layout.parts.items():
        training = which == "train"
        count = max(1, wanted.sentences if training else wanted.held_out or wanted.sentences // 2)
        subjects = part.subjects[: wanted.subjects or None] if training else part.subjects
        if wanted.subjects and not training:
            subjects = subjects[: max(1, min(wanted.subjects, len(subjects)))]
        if which == "test_b":
            count = 1
        count = min(count, part.last - part.first + 1)
        for subject in subjects:
            for sentence in np.linspace(part.first, part.last, count).round().astype(int):
                yield subject, int(sentence)


def _make_folders(root: Path, size: float) -> None:
    try:
        for name in ("wav", "vertices_npy", "templates", TRANSCRIPTS, TEXTGRIDS):
            (root / name).mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(root).free
    except OSError as error:
        raise DataSetError(f"{root} cannot be written ({error.strerror}); choose another folder.") from error
    if size > 0.9 * free:
        raise DataSetError(
            f"{root} needs about {size / 1e9:.1f} GB and has {free / 1e9:.1f}; ask for fewer --sentences."
        )


def _speaker(name: str, index: int, head: "SyntheticHead", wanted: SyntheticData) -> _Speaker:
    """A subject of its own: a stretched head, livelier or calmer shapes, a voice."""
    rng = np.random.default_rng([wanted.seed, index])
    stretch = rng.normal(1, _SOMEWHAT, 3).clip(0.9, 1.1).astype(np.float32)
    lively = rng.normal(1, _SOMEWHAT, (len(ARKIT_NAMES), 1)).clip(0.85, 1.15).astype(np.float32)
    shapes = (head.shapes.reshape(len(ARKIT_NAMES), -1, 3) * stretch).reshape(len(ARKIT_NAMES), -1) * lively
    sounds = index // wanted.styles if wanted.styles else index
    voice = np.random.default_rng([wanted.seed, sounds, 1]) if wanted.styles else rng
    return _Speaker(
        name=name,
        voice=f"en-us+{_VARIANTS[sounds % len(_VARIANTS)]}",
        words_per_minute=int(voice.integers(135, 185)),
        pitch=int(voice.integers(30, 70)),
        head=head.mesh.vertices * stretch,
        shapes=shapes,
        sounds=sounds,
        style=style(index % wanted.styles, wanted.seed) if wanted.styles else None,
    )


def _sequence(wanted: SyntheticData, layout: Layout, speaker: _Speaker, mesh: TriangleMesh, name: str) -> None:
    """Write sound, transcript, phones and vertices of one sentence."""
    import soundfile

    own = random.Random(f"{wanted.seed} {name}")
    chance = own if speaker.style is None else random.Random(f"{wanted.seed} {speaker.sounds} {name.split('_')[-1]}")
    short = [sentence for sentence in texts.sentences("en") if len(sentence) <= _LONGEST_TEXT]
    said = chance.choice(short)
    utterance = espeak.say(said, speaker.voice, speaker.words_per_minute, speaker.pitch)
    if utterance is None:
        raise CorpusError(f"eSpeak NG said nothing for “{said}”; check the package espeakng-loader.")
    before, after = (round(chance.uniform(*_PAUSE) * audio.RATE) for _ in range(2))
    samples = np.pad(utterance.samples, (before, after))
    start = before / audio.RATE
    phones = [Phone(start + low, start + high, PHONE_CLASSES[index]) for low, high, index in utterance.segments]
    alignment = Alignment.covering(phones, len(samples) / audio.RATE, "synthesis")
    coefficients = _coefficients(samples, alignment, own, speaker.style)
    motion = _at_rate(coefficients, len(samples) / audio.RATE, layout.captured_fps)
    noise = np.random.default_rng(zlib.crc32(f"{wanted.seed} {name}".encode()))
    vertices = speaker.head.ravel() + motion @ speaker.shapes
    vertices += noise.normal(0, _NOISE, vertices.shape).astype(np.float32)
    vertices = _in_unit(vertices.reshape(len(vertices), -1, 3), mesh, wanted).reshape(len(vertices), -1)
    np.save(wanted.folder / "vertices_npy" / f"{name}.npy", vertices)
    soundfile.write(wanted.folder / "wav" / f"{name}.wav", samples, audio.RATE)
    (wanted.folder / TRANSCRIPTS / f"{name}.txt").write_text(said + "\n", encoding="utf-8")
    write_textgrid(alignment, wanted.folder / TEXTGRIDS / f"{name}.TextGrid")


def _coefficients(
    samples: npt.NDArray[np.int16], alignment: Alignment, chance: random.Random, speaker: Style | None
) -> FloatArray:
    """ARKit motion (frames at 30 fps, 52): the rules of speech, by a style, and lids that close now and then."""
    sound = audio.from_samples(samples, audio.RATE)
    loudness = finish(statistics_job(sound)).loudness
    labels = np.full(len(loudness), CLASS_INDEX[SILENCE])
    rng = np.random.default_rng(chance.getrandbits(64)) if speaker is not None else None
    phones = list(alignment.phones) if speaker is None or rng is None else shown(alignment.phones, speaker, rng)
    for phone in phones:
        labels[round(phone.start * RATE) : round(phone.end * RATE)] = CLASS_INDEX[phone.label]
    motion = arkit_motion(articulate(one_hot(labels)), loudness)
    if speaker is not None and rng is not None:
        motion = sized(motion, phones, speaker, rng)
    clock = np.arange(len(motion)) / ARKIT.fps
    times, lids = np.array(_BLINK).T
    time = chance.uniform(0, _SECONDS_A_BLINK)
    while time < clock[-1]:
        closed = np.interp(clock - time, times, lids)
        for side in ("eyeBlinkLeft", "eyeBlinkRight"):
            motion[:, ARKIT_INDEX[side]] = np.maximum(motion[:, ARKIT_INDEX[side]], closed)
        time += chance.uniform(0.5, 1.5) * _SECONDS_A_BLINK
    return motion


def _at_rate(motion: FloatArray, duration: float, fps: float) -> FloatArray:
    """Motion at 30 fps resampled to the frames of `fps` that `duration` seconds take."""
    frames = max(round(duration * fps), 1)
    position = np.minimum(np.arange(frames) / fps * ARKIT.fps, len(motion) - 1)
    below = np.minimum(position.astype(int), max(len(motion) - 2, 0))
    share = (position - below)[:, None].astype(np.float32)
    return motion[below] * (1 - share) + motion[np.minimum(below + 1, len(motion) - 1)] * share


def _in_unit(vertices: FloatArray, mesh: TriangleMesh, wanted: SyntheticData) -> FloatArray:
    """Metres (frames, V, 3) to the unit of the layout: as they are, or centred heads of area 1."""
    if wanted.layout != "biwi":
        return vertices
    frames = vertices if not wanted.rigid else mesh.vertices[None]
    centre = frames.mean(axis=1, keepdims=True)
    size = np.sqrt([_area(frame, mesh.triangles) for frame in frames]).astype(np.float32)
    return (vertices - centre) / size[:, None, None]


def _area(vertices: FloatArray, triangles: npt.NDArray[np.int64]) -> float:
    first, second, third = (vertices[triangles[:, corner]] for corner in range(3))
    return float(0.5 * np.linalg.norm(np.cross(second - first, third - first), axis=1).sum())


def _card(wanted: SyntheticData, layout: Layout, count: int) -> str:
    space = SPACES[layout.name]
    styles = (
        (
            f"It is ill-posed on purpose (`--styles {wanted.styles}`): {wanted.styles} speakers at a time say the same "
            "sounds, each in a style of their own, with chance in the time and size of every phone.\n\n"
        )
        if wanted.styles
        else ""
    )
    return (
        f"# Synthetic data in the layout of {layout.name}\n\n"
        f"{count} sequences of eSpeak NG's voices with articulation by rule on a head of {space.vertices} vertices, "
        f"made by `python -m kmtalk_core synthesize --layout {layout.name} --sentences {wanted.sentences} "
        f"--held-out {wanted.held_out} --seed {wanted.seed}`. **Nothing here was captured and nobody is shown**: "
        "subjects bear the names of the published ones so that published splits apply. Use it to try code, never to "
        "report results.\n\n"
        f"{styles}"
        "Lids blink by chance, which no method can hear, so the FDD says little here.\n\n"
        f"- `wav/` 16 kHz; `vertices_npy/` (frames, {space.width}) at {layout.captured_fps:g} fps in {space.unit}s; "
        "`templates.pkl` subject → (V, 3)\n"
        "- `text/` what is said; `textgrids/` exact phones; `templates/head.ply` the topology; `regions.npz` lips and "
        "upper face of this head\n"
    )
