"""One run: a network trained on a data set from a seed and scored on its test split; finished runs are kept."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from ..datasets.alignments import AlignmentStore
from ..datasets.reader import MotionDataSet
from ..datasets.regions import Regions
from ..errors import TrainingError
from ..evaluation.evaluator import evaluate_job
from ..evaluation.metrics import Scores
from ..evaluation.predict import ModelPrediction
from ..evaluation.sources import SplitTruth
from ..files import replacing
from ..model.config import KMTalkConfig
from ..progress import Job, Progress
from ..training.first_weights import prepare_for_vertices
from ..training.vertex.data import KeyFinder, SequenceItems, collate
from ..training.vertex.network import VertexNetwork, build
from ..training.vertex.settings import VertexTraining
from ..training.vertex.trainer import train_job
from .methods import CodeTalkerStyle, FaceFormerStyle, SelfTalkStyle
from .scheme import DirectNetwork, KeyMotionGenerator, SchemeNetwork

_PRIOR_SHARE = 0.5  # of the steps: CodeTalker's first stage
_PRIOR_RATE = 2e-3

GENERATORS: Mapping[str, Callable[[KMTalkConfig], torch.nn.Module]] = {
    "KMD": KeyMotionGenerator,
    "FaceFormer": FaceFormerStyle,
    "CodeTalker": CodeTalkerStyle,
    "SelfTalk": SelfTalkStyle,
}


@dataclass(frozen=True)
class Row:
    """What one row of a table trains: KMTalk with `changes` to its configuration, or a `method` with or without the
    scheme; `paper` has the paper's LVE and FDD by motion space where it gives them: on BIWI-Test-A (×10⁻⁴, ×10⁻⁵), on
    VOCASET (LVE alone, ×10⁻⁵)."""

    label: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    method: str = ""
    scheme: bool = True
    paper: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def config(self, base: KMTalkConfig) -> KMTalkConfig:
        return replace(base, **self.changes)

    def network(self, base: KMTalkConfig, encoder: Path | None) -> VertexNetwork:
        """A new network; its weights follow from PyTorch's seed."""
        config = self.config(base)
        if not self.method:
            return build(config, encoder)[0]
        donor = build(config, encoder)[0].model
        kind = SchemeNetwork if self.scheme else DirectNetwork
        network = kind(config, GENERATORS[self.method](config))
        prepare_for_vertices(network)
        network.audio_encoder.load_state_dict(donor.audio_encoder.state_dict())
        return network


@dataclass(frozen=True)
class Bench:
    """Where rows are tried: data, what is measured, the base configuration and the recipe; finished runs in `out`.

    With `leave_one_out` each seed is tested on another subject, on what the others taught: `parts` are then benches of
    which each has `left_out` one.
    """

    data: MotionDataSet
    store: AlignmentStore
    regions: Regions
    base: KMTalkConfig
    settings: VertexTraining
    out: Path
    encoder: Path | None = None
    leave_one_out: bool = False
    left_out: str = ""

    def parts(self) -> "tuple[Bench, ...]":
        """What the seeds of a row are trained and tested on in turn.  Raises DataSetError for a single subject."""
        if not self.leave_one_out:
            return (self,)
        whole = replace(self, leave_one_out=False)
        return tuple(
            replace(whole, data=self.data.tested_on(subject), left_out=subject) for subject in self.data.subjects
        )

    def run_job(self, row: Row, seed: int) -> Job[Scores]:
        """Train `row` from `seed` and score it; at once where that was done before."""
        kept = self._folder(row, seed) / "scores.json"
        if kept.is_file():
            return _scores(kept)
        network = yield from self.trained_job(row, seed)
        scores = yield from self.score_job(network, None)
        _keep(kept, scores)
        return scores

    def trained_job(self, row: Row, seed: int) -> Job[VertexNetwork]:
        """The network of `row` after training; what was trained before is read."""
        settings = replace(self.settings, seed=seed)
        torch.manual_seed(seed)
        network = row.network(self.base, self.encoder)
        weights = self._folder(row, seed) / "weights.safetensors"
        if weights.is_file():
            from safetensors.torch import load_file

            network.load_state_dict(load_file(weights))
            return network.eval()
        training, validation = (self._items(which, network.config) for which in ("train", "validation"))
        if row.method == "CodeTalker":
            yield from _train_prior(network, training, settings)
        yield from train_job(network, training, validation, self.regions, settings)
        from safetensors.torch import save_file

        weights.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, weights)
        return network

    def score_job(self, network: VertexNetwork, keys: KeyFinder | None) -> Job[Scores]:
        """Score a trained network on the test split, with its own keys or with others."""
        truth = SplitTruth(self.data, "test")
        made = ModelPrediction(network, self.data, self.store, keys)
        found = yield from evaluate_job(truth, {"it": made}, self.regions, self.store.find)
        return found.methods["it"].overall

    def _items(self, which: str, config: KMTalkConfig) -> SequenceItems:
        return SequenceItems(self.data, self.data.split(which), config, self.store, with_phones=True)

    def _folder(self, row: Row, seed: int) -> Path:
        """Where a run is kept: its name says what it is, its digest all that it follows from."""
        parts = {"base": self.base.to_json(), "row": [dict(row.changes), row.method, row.scheme], "seed": seed,
                 "recipe": self.settings.identity(), "length": [self.settings.epochs, self.settings.steps],
                 "data": str(self.data.root.resolve()),
                 "encoder": str(self.encoder and self.encoder.resolve())}  # fmt: skip
        if self.left_out:
            parts["left_out"] = self.left_out
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        name = "".join(c if c.isalnum() else "-" for c in row.label.lower())[:40]
        return self.out / "runs" / f"{name}-seed{seed}-{digest}"


def _train_prior(network: VertexNetwork, items: SequenceItems, settings: VertexTraining) -> Job[None]:
    """CodeTalker's first stage: the codebook learns the training motion, then it is frozen."""
    generator = network.generator
    assert isinstance(generator, CodeTalkerStyle)
    prior = generator.prior
    optimizer = torch.optim.Adam(prior.parameters(), _PRIOR_RATE)
    steps = max(round(_PRIOR_SHARE * (settings.steps or settings.epochs * len(items))), 1)
    shuffled = torch.Generator().manual_seed(settings.seed)
    done = 0
    while done < steps:
        for batch in DataLoader(items, settings.batch, shuffle=True, generator=shuffled, collate_fn=collate):
            loss = prior.loss(batch.motion[batch.frame_mask] * network.config.motion_scale)
            if not bool(torch.isfinite(loss)):
                raise TrainingError(f"The motion prior's loss is not a number on {', '.join(batch.names)}.")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
            yield Progress(f"motion prior, loss {loss.item():.4g}", min(done / steps, 1.0))
            if done == steps:
                break
    generator.freeze_prior()


def _keep(path: Path, scores: Scores) -> None:
    with replacing(path) as file:
        file.write(json.dumps(asdict(scores)).encode())


def _scores(path: Path) -> Scores:
    return Scores(**json.loads(path.read_text(encoding="utf-8")))
