import pytest
import torch

from kmtalk_core.model.log_mel_encoder import LogMelEncoder
from kmtalk_core.phones import PHONE_CLASSES


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return LogMelEncoder().eval()


def test_every_output_has_the_contracts_shape(encoder):
    evidence = encoder(torch.randn(2, 101, 81))
    assert evidence.hidden.shape == (2, 51, 128)
    assert evidence.articulation.shape == (2, 51, 5)
    assert evidence.phones.shape == (2, 51, len(PHONE_CLASSES))
    assert evidence.boundaries.shape == (2, 51, 2)
    assert evidence.articulation.min() >= 0
    assert evidence.articulation.max() <= 1


def test_a_window_with_its_margin_equals_one_pass(encoder):
    features = torch.randn(1, 1000, 81)
    margin = encoder.margin
    with torch.no_grad():
        whole = encoder(features)
        window = encoder(features[:, 2 * (200 - margin) : 2 * (300 + margin)])
    for all_of_it, part in zip(whole, window, strict=True):
        assert torch.allclose(all_of_it[:, 200:300], part[:, margin : margin + 100], atol=1e-5)


def test_nothing_beyond_the_margin_is_heard(encoder):
    features = torch.randn(1, 600, 81)
    changed = features.clone()
    changed[:, : 2 * (200 - encoder.margin)] += 10
    with torch.no_grad():
        assert torch.equal(encoder(features).hidden[:, 200:], encoder(changed).hidden[:, 200:])
