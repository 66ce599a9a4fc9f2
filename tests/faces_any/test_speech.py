"""Built faces speak: what the starter weights make of a sentence closes the lips where it has to."""

from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.faces.build.face import SEAL, build_face
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.phones import BILABIALS, classes_of
from kmtalk_core.progress import finish
from kmtalk_core.take import Take
from tests.conftest import SENTENCE

STARTER = Path(__file__).parents[2] / "weights" / "starter"


@pytest.fixture(scope="module")
def spoken(speech: Path) -> Take:
    if not (STARTER / "model.safetensors").exists():
        pytest.skip("the starter weights are not there")
    from kmtalk_core.animate import Animator

    return Animator.load(STARTER, "cpu").animate(finish(audio.load_job(speech)), text=SENTENCE)


@pytest.mark.parametrize("name", ["demo", "flame", "biwi"])
def test_lips_meet_on_every_p_b_and_m(request: pytest.FixtureRequest, demo_parts, spoken: Take, name: str) -> None:
    parts = demo_parts if name == "demo" else [request.getfixturevalue(name)]
    built = build_face(parts)
    shapes = built.shapes[built.skin]
    rest = np.asarray(parts[built.skin].vertices, float) + shapes.get(SEAL, 0.0)
    driven = {ARKIT_INDEX[channel]: offsets for channel, offsets in shapes.items() if channel in ARKIT_INDEX}

    def gap(frame: int) -> float:
        return built.gauge.gap(rest + sum(spoken.motion[frame, c] * offsets for c, offsets in driven.items()))

    closed = [phone for phone in spoken.phones if BILABIALS.intersection(classes_of(phone.label))]
    assert len(closed) == 6
    for phone in closed:
        frames = range(round(phone.start * spoken.fps), round(phone.end * spoken.fps) + 1)
        assert min(map(gap, frames)) < 0.03, phone
    assert max(map(gap, range(spoken.frame_count))) > 0.15
