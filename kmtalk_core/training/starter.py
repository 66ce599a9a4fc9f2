"""The starter weights, from nothing: corpus → encoder → KMTalk → a checkpoint folder with its card.

    python -m kmtalk_core train-starter

Each stage goes on where it was interrupted, and the same seed on the same machine gives the same weights.
"""

import argparse
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from ..corpus import build
from ..corpus.build import CorpusConfig, CorpusSummary
from ..files import replacing
from ..model import checkpoint
from ..model.config import STARTER_ARTICULATION
from ..model.log_mel import FRAME_RATE
from ..motion.spaces import ARKIT
from ..progress import Job, within
from .acoustic import AcousticTraining, train_encoder_job
from .motion import MotionTraining, train_motion_job

Result = TypeVar("Result")

_SCORES = "## Scores"
_NO_SCORES = "Not measured yet."
_CORPUS, _ENCODER, _MOTION = (0.0, 0.3), (0.3, 0.6), (0.6, 1.0)  # shares of the whole job's time


@dataclass(frozen=True)
class StarterTraining:
    """Everything the starter weights depend on, and where things lie.

    `scratch` keeps the checkpoints of both stages until they are deleted by hand.
    """

    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    acoustic: AcousticTraining = field(default_factory=AcousticTraining)
    motion: MotionTraining = field(default_factory=MotionTraining)
    scratch: Path = Path(".cache/starter")
    weights: Path = Path("weights/starter")


def train_starter_job(config: StarterTraining) -> Job[Path]:
    """Make the starter weights and return their folder.

    Raises `CorpusError` where no voice works and `WeightsError` where the folder cannot be written.
    """
    folder = yield from within(build.synthesize_job(config.corpus), *_CORPUS)
    encoder = yield from within(
        train_encoder_job(build.clips(folder), config.acoustic, config.scratch / "encoder.pt"), *_ENCODER
    )
    model = yield from within(
        train_motion_job(build.clips(folder), encoder, config.motion, config.scratch / "motion.pt"), *_MOTION
    )
    model.config = replace(model.config, articulation=STARTER_ARTICULATION)
    checkpoint.save(model, config.weights, card(config, build.summary(folder)))
    return config.weights


def card(config: StarterTraining, corpus: CorpusSummary) -> str:
    """The model card (Markdown) of starter weights."""
    engines: dict[str, list[str]] = {}
    for voice in corpus.voices:
        engine, name = voice.split(":", 1)
        engines.setdefault(engine, []).append(name)
    voices = "\n".join(f"- {_ENGINES[engine]}: {_listed(names)}" for engine, names in sorted(engines.items()))
    missing = "".join(f"- {line}\n" for line in corpus.missing)
    return _CARD.format(
        minutes=corpus.minutes,
        hours=corpus.clip_minutes / 60,
        voices=voices,
        missing=f"\nMissing when it was made:\n{missing}" if missing else "",
        acoustic=config.acoustic,
        motion=config.motion,
        seconds_encoder=config.acoustic.frames / FRAME_RATE,
        seconds_motion=config.motion.frames / ARKIT.fps,
        heard=config.motion.heard_share,
        bent=config.motion.bent_share,
        settings=json.dumps(
            {"acoustic": asdict(config.acoustic), "motion": asdict(config.motion), "seed": config.corpus.seed}, indent=1
        ),
        scores=f"{_SCORES}\n\n{_NO_SCORES}\n",
    )


def _listed(names: list[str]) -> str:
    if len(names) <= 20:
        return ", ".join(names)
    languages = sorted({name.split("+")[0] for name in names})
    return f"{len(names)} combinations of voice and variant in {', '.join(languages)}"


def record_scores(weights: Path, scores: Mapping[str, float], measured_on: str) -> None:
    """Write `scores` (name → value) and what they were measured on into the card of `weights`."""
    path = weights / checkpoint.CARD_FILE
    text = path.read_text(encoding="utf-8")
    table = "\n".join(f"| {name} | {value:.3f} |" for name, value in scores.items())
    section = f"{_SCORES}\n\n{measured_on}\n\n| measure | value |\n|---|---|\n{table}\n"
    with replacing(path) as file:
        file.write(re.sub(rf"{_SCORES}\n.*?(?=\n## |\Z)", lambda _: section, text, flags=re.DOTALL).encode())


_ENGINES = {
    "espeak": "eSpeak NG (GPL-3.0-or-later)",
    "flite": "Flite (BSD-like)",
    "festival": "Festival (BSD-like, and the licences of its voices, all free software in Debian)",
}

_CARD = """---
license: gpl-3.0-or-later
---

# KMTalk starter weights

Speech in any language to 52 ARKit blendshape coefficients at 30 frames a second, learned from synthetic voices alone.

## Data

{minutes:.0f} minutes of synthetic speech with exact phone times, heard clean once and through random microphones,
rooms and noise twice, {hours:.1f} hours in all:

{voices}
{missing}
The face that goes with it is made by rule: each phone pulls the articulators with its own weight, neighbours share
them (dominance functions), and lips close on p, b and m.  The rule's table was chosen for its agreement with captured
motion of real speakers; nothing else of theirs is in these weights.  Beside captures it rounds lips too little and
spreads and lowers them too far: `articulation` in config.json says by how much each channel is shown otherwise.
Round lips keep two fifths of their parting.

## Training

1. The log-mel encoder: {acoustic.steps} steps of {acoustic.batch} × {seconds_encoder:.1f} s, AdamW at a rate of
   {acoustic.rate:g} after a warm-up; a running average of the weights is kept.  Loss: 10 × weighted squared error of
   the articulators (opening 4, closure 1.5, labiodental 1, round 1, spread 0.7) + 0.4 × cross-entropy of 39 phone
   classes + 0.6 × boundaries.
2. KMTalk on top of the frozen encoder: {motion.steps} steps of {motion.batch} × {seconds_motion:.1f} s, AdamW with a
   one-cycle rate up to {motion.rate:g}.  Loss: squared error of motion, velocity and key poses, 1 : 1 : 1, and of the
   visible opening with weight {motion.opening_weight:g}.  Phones and keys come from the encoder for {heard:.0%} of the
   crops, from the truth with errors for the others; {bent:.0%} have keys bent by chance, and motion to follow them.

Made again by `python build.py train-starter`.  All settings:

```json
{settings}
```

{scores}
## Limits

- The voices are synthetic: laughter, singing, whisper and shouting are beyond what was heard in training.
- A rule made the faces: mouths articulate clearly and alike, with no speaker's style. Moods, blinks, gaze, head and
  brows come from the performance that is laid over them when a take is made.
- Phones of languages other than the corpus's are heard as the nearest of 39 classes.
- Not tried yet: the voices of Kokoro-82M, festival's Marathi and Telugu ones, training on whisper, shouting or song.

## Licence

GPL-3.0-or-later, as the rest of KMTalk for Blender.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `train-starter` takes."""
    standard = StarterTraining()
    parser.add_argument("--out", type=Path, default=standard.weights, metavar="DIR", help="default %(default)s")
    parser.add_argument("--scratch", type=Path, default=standard.scratch, metavar="DIR", help="to resume from")
    parser.add_argument("--corpus", type=Path, default=standard.corpus.folder, metavar="DIR", help="made where missing")
    parser.add_argument(
        "--minutes", type=float, default=standard.corpus.minutes, help="of speech (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default %(default)s)")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any]) -> int:
    """Train; the folder of the weights goes to stdout."""
    config = StarterTraining(
        corpus=CorpusConfig(options.corpus, options.minutes, StarterTraining().corpus.seed + options.seed),
        acoustic=AcousticTraining(seed=options.seed, device=options.device),
        motion=MotionTraining(seed=options.seed, device=options.device),
        scratch=options.scratch,
        weights=options.out,
    )
    print(show(train_starter_job(config)))
    return 0
