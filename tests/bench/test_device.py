"""The script for a graphics device, at toy size on the processor: every figure is there, and agrees with itself."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kmtalk_core.bench import device  # noqa: E402
from kmtalk_core.errors import KMTalkError  # noqa: E402


def test_at_toy_size_it_measures_motion_and_training_and_nothing_fails(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    assert device.main(["--device", "cpu", "--quick", "--json", str(out)]) == 0
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["failed"] == []
    assert [row["weights"] for row in figures["animate"]] == ["starter", "vocaset", "biwi"]
    for row in figures["animate"]:
        assert row["largest_difference"] == 0.0  # the processor beside itself
        assert row["real_time"] > 0
    trained = {(row["config"], row["precision"]) for row in figures["training"]}
    assert trained == {(c, p) for c in ("vocaset", "biwi") for p in ("float32", "bfloat16")}
    assert all(row["frames_per_second"] > 0 for row in figures["training"])
    text = device.table(figures)
    assert text.startswith("cpu, torch ") and text.count("frames a second") == len(figures["training"])


def test_the_networks_that_it_compares_move(tmp_path: Path) -> None:
    from kmtalk_core import audio
    from kmtalk_core.animate import Animator

    folder = device._weights("vocaset", tmp_path, quick=True)
    chance = np.random.default_rng(0)
    sound = audio.from_samples(chance.normal(scale=0.1, size=audio.RATE).astype(np.float32), audio.RATE)
    assert float(np.ptp(Animator.load(folder, "cpu").animate(sound, method="uniform").motion)) > 0


def test_what_fails_is_told_and_the_rest_goes_on() -> None:
    figures = {"compile": [], "failed": []}

    def fails() -> list[dict[str, float]]:
        raise RuntimeError("no such kernel\nat line 3")

    device._measured(figures, "compile", fails)
    device._measured(figures, "compile", lambda: [{"ratio": 1.0}])
    assert figures == {"compile": [{"ratio": 1.0}], "failed": ["compile: RuntimeError: no such kernel"]}


def test_a_device_that_is_not_there_is_named() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(KMTalkError, match="cuda"):
        device.pick_device("cuda")
    assert device.main(["--device", "cuda", "--quick"]) == 2
