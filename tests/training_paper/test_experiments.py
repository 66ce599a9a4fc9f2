"""Tables of the paper on a synthetic data set: every row trains, is kept, and is compared with the full method."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kmtalk_core.datasets.alignments import AlignmentStore, phoneme_keys, uniform_keys
from kmtalk_core.datasets.reader import MotionDataSet
from kmtalk_core.datasets.regions import regions_for
from kmtalk_core.experiments import command
from kmtalk_core.experiments.methods import AutoregressiveTrunk, CodeTalkerStyle, FaceFormerStyle, MotionPrior
from kmtalk_core.experiments.runs import GENERATORS, Bench, Row
from kmtalk_core.experiments.scheme import Request
from kmtalk_core.experiments.tables import COMPONENTS, LOCALIZATIONS, SCHEME, shifted, table_job, to_markdown
from kmtalk_core.phones import PHONE_CLASSES
from kmtalk_core.progress import finish
from kmtalk_core.training.vertex.data import SequenceItems, collate
from kmtalk_core.training.vertex.network import loss_of
from kmtalk_core.training.vertex.settings import CONFIGS, VertexTraining

SMALL = CONFIGS["vocaset-small"]


@pytest.fixture
def bench(data_set: MotionDataSet, tmp_path: Path) -> Bench:
    settings = VertexTraining(epochs=100, steps=2, batch=2, rate=1e-3, validate_every=100)
    store, regions = AlignmentStore.of(data_set), regions_for("vocaset", data_set.root)
    return Bench(data_set, store, regions, SMALL, settings, tmp_path)


def request(frames: int = 12, wide: int = SMALL.motion_space.width) -> Request:
    torch.manual_seed(0)
    at = torch.arange(frames)[None]
    return Request(torch.randn(1, frames, SMALL.width), at, torch.ones(1, frames, dtype=torch.bool),
                   torch.ones(1, frames, dtype=torch.bool), torch.randn(1, frames, wide),
                   torch.softmax(torch.randn(1, frames, len(PHONE_CLASSES)), -1))  # fmt: skip


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("scheme", [False, True])
def test_every_method_learns_with_and_without_the_scheme(bench: Bench, name: str, scheme: bool) -> None:
    torch.manual_seed(0)
    network = Row("x", method=name, scheme=scheme).network(SMALL, None).train()
    items = SequenceItems(bench.data, bench.data.split("train"), SMALL, bench.store, with_phones=True)
    batch = collate([items[0], items[1]])
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    losses = []
    for _ in range(6):
        parts = loss_of(network(batch), batch, bench.settings)
        assert ("keys" in parts) == scheme
        losses.append(parts["motion"].item())
        optimizer.zero_grad()
        parts["total"].backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in network.audio_encoder.parameters())


@pytest.mark.parametrize("kind", [FaceFormerStyle, CodeTalkerStyle])
def test_autoregressive_methods_never_look_ahead(kind: type) -> None:
    method = kind(SMALL).eval()
    for parameter in method.parameters():
        torch.nn.init.normal_(parameter, 0, 0.2)
    asked = request()
    later = asked._replace(audio=torch.cat([asked.audio[:, :7], asked.audio[:, 7:] + 1], dim=1))
    with torch.inference_mode():
        before, after = method(asked).motion, method(later).motion
    torch.testing.assert_close(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


def test_what_came_before_counts(bench: Bench) -> None:
    method = FaceFormerStyle(SMALL).eval()
    for parameter in method.parameters():
        torch.nn.init.normal_(parameter, 0, 0.2)
    asked = request()
    other = asked._replace(audio=torch.cat([asked.audio[:, :3] + 1, asked.audio[:, 3:]], dim=1))
    with torch.inference_mode():
        assert not torch.allclose(method(asked).motion[:, 8:], method(other).motion[:, 8:])


def test_periods_bias_attention_towards_the_recent_past() -> None:
    trunk = AutoregressiveTrunk(SMALL, 4)
    assert trunk.period == 30
    torch.testing.assert_close(trunk.position[:1], trunk.position[30 % trunk.period][None])
    assert (trunk.slopes > 0).all() and (trunk.slopes.diff() < 0).all()


def test_the_motion_prior_speaks_in_words_of_its_codebook() -> None:
    torch.manual_seed(0)
    prior = MotionPrior(SMALL)
    motion = torch.randn(40, SMALL.motion_space.width)
    words = prior.nearest(prior.encode(motion)).unflatten(-1, (8, -1))
    assert (words.flatten(0, 1)[:, None] == prior.codes).all(dim=-1).any(dim=1).all()
    optimizer = torch.optim.Adam(prior.parameters(), 2e-3)
    losses = []
    for _ in range(15):
        losses.append(prior.loss(motion))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0]


def test_the_scheme_around_the_key_motion_decoder_is_kmtalk(bench: Bench) -> None:
    torch.manual_seed(0)
    ours = Row("KMTalk").network(SMALL, None).eval()
    scheme = Row("scheme", method="KMD").network(SMALL, None).eval()
    for parameter in ours.parameters():  # heads start at zero
        torch.nn.init.normal_(parameter, 0, 0.05)
    renamed = {
        name.removeprefix("model.").replace("key_motion_decoder.", "generator.decoder."): value
        for name, value in ours.state_dict().items()
    }
    scheme.load_state_dict(renamed)
    items = SequenceItems(bench.data, bench.data.split("test"), SMALL, bench.store, with_phones=True)
    batch = collate([items[0]])
    with torch.inference_mode():
        one, other = ours(batch), scheme(batch)
    assert one.motion.abs().max() > 1e-3
    torch.testing.assert_close(other.key_motions, one.key_motions)
    torch.testing.assert_close(other.motion, one.motion)


def test_finished_runs_are_kept(bench: Bench) -> None:
    first = finish(bench.run_job(COMPONENTS[0], 0))
    weights = next(bench.out.glob("runs/*/weights.safetensors"))
    before = weights.stat().st_mtime_ns
    assert finish(bench.run_job(COMPONENTS[0], 0)) == first
    assert weights.stat().st_mtime_ns == before
    other = finish(replace(bench, settings=replace(bench.settings, steps=3)).run_job(COMPONENTS[0], 0))
    assert other != first


def test_a_table_has_every_row_with_its_spread_and_the_papers_numbers(bench: Bench) -> None:
    table = finish(table_job(bench, "components", 2))
    assert set(table.rows) == {row.label for row in COMPONENTS}
    assert all(len(seeds) == 2 and seeds[0].lve != seeds[1].lve for seeds in table.rows.values())
    text = to_markdown(table, bench)
    assert "±" in text and "of 2 seeds" in text and bench.regions.name in text
    assert "2.2639" in text and "3.9654" not in text, "the paper's numbers are those of this data set"


def test_no_number_of_the_papers_stands_beside_a_localizer_that_it_did_not_try() -> None:
    assert {label for label, paper in LOCALIZATIONS.values() if paper} == {"as trained", "keys shifted by one frame"}


def test_localizations_test_one_network_with_other_keys(bench: Bench) -> None:
    table = finish(table_job(bench, "localization", 1))
    assert {"as trained", "keys shifted by one frame", "uniform at test alone"} <= set(table.rows)
    scores = {label: seeds[0].lve for label, seeds in table.rows.items()}
    assert scores["as trained"] != scores["uniform at test alone"]
    assert len(list(bench.out.glob("runs/*/weights.safetensors"))) == 1


def test_each_seed_may_leave_another_subject_out(bench: Bench) -> None:
    data = bench.data
    for subject in data.subjects:
        splits = data.tested_on(subject).splits
        tested, taught = ({s.subject for s in splits[which]} for which in ("test", "train"))
        assert tested == {subject} and taught and subject not in taught
        assert not {s.name for s in splits["validation"]} & {s.name for s in (*splits["train"], *splits["test"])}
    parts = replace(bench, leave_one_out=True).parts()
    assert tuple(part.left_out for part in parts) == data.subjects
    assert [part.data.subjects for part in parts] == [data.subjects] * len(parts)


def test_keys_can_be_off_by_one_frame(data_set: MotionDataSet) -> None:
    sequence = data_set.split("test")[0]
    frames = data_set.frame_count(sequence)
    keys = phoneme_keys(AlignmentStore.of(data_set).get(sequence.name), data_set, sequence)
    moved = shifted(keys, frames)
    assert moved[0] == 0 and moved[-1] == frames - 1
    assert set(keys[1:-1] + 1) - {frames} <= set(moved)
    assert list(uniform_keys(8)) == [0, 3, 6, 7]


def test_the_command_writes_its_table(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = ["scheme", "--dataset", root, "--out", tmp_path, "--seeds", 1, "--steps", 1, "--batch", 1]
    command.run(parser.parse_args([str(argument) for argument in arguments]))
    assert capsys.readouterr().out == (tmp_path / "scheme.md").read_text()
    rows = json.loads((tmp_path / "scheme.json").read_text())["rows"]
    assert set(rows) == {row.label for row in SCHEME}
    assert all(np.isfinite(scores["lve"]) for seeds in rows.values() for scores in seeds)
