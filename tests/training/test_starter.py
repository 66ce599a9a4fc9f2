from kmtalk_core.corpus.build import CorpusConfig
from kmtalk_core.model import checkpoint
from kmtalk_core.progress import finish
from kmtalk_core.training.acoustic import AcousticTraining
from kmtalk_core.training.motion import MotionTraining
from kmtalk_core.training.starter import StarterTraining, record_scores, train_starter_job


def test_one_job_goes_from_nothing_to_weights_with_a_card(tmp_path):
    config = StarterTraining(
        corpus=CorpusConfig(tmp_path / "corpus", minutes=0.1, engines=("espeak",)),
        acoustic=AcousticTraining(steps=1, batch=1, frames=60),
        motion=MotionTraining(steps=1, batch=1, frames=30),
        scratch=tmp_path / "scratch",
        weights=tmp_path / "weights",
    )
    steps = []
    folder = finish(train_starter_job(config), steps.append)
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert checkpoint.load(folder).config.space == "arkit"
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "gpl-3.0-or-later" in card
    assert "eSpeak NG" in card
    assert "Not measured yet" in card

    record_scores(folder, {"r": 0.5}, "Made-up clips.")
    record_scores(folder, {"r": 0.654, "hits": 0.9}, "Other clips.")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| r | 0.654 |" in card
    assert "Made-up" not in card
    assert card.index("## Scores") < card.index("Other clips.") < card.index("## Limits")
    checkpoint.load(folder)
