"""What the network promises: a neutral start, bounded sight, and parts that do what they are there for."""

from dataclasses import replace

import pytest
import torch
from networks import TINY_WAV2VEC2, awake, small
from torch import Tensor, nn

from kmtalk_core.model.attention import LocalCrossAttention, segments_apart
from kmtalk_core.model.audio_encoder import EncodedSpeech
from kmtalk_core.model.completion import DynamicFusion
from kmtalk_core.model.config import BIWI, STARTER, VOCASET
from kmtalk_core.model.kmtalk import KMTalk
from kmtalk_core.model.linear import QuickLinear
from kmtalk_core.model.spacing import KeySpacing, key_gaps
from kmtalk_core.phones import CLASS_INDEX, PHONE_CLASSES

FRAMES = 120


def speech(width: int = 16, frames: int = FRAMES, seed: int = 1) -> EncodedSpeech:
    torch.manual_seed(seed)
    phones = (4 * torch.randn(1, frames, len(PHONE_CLASSES))).softmax(dim=-1)
    return EncodedSpeech(torch.randn(1, frames, width), phones)


def some_keys(frames: int = FRAMES) -> Tensor:
    """Keys three or four frames apart, but for a long pause in the middle."""
    return torch.tensor([[k for k in range(0, frames, 3) if not frames // 2 < k < frames // 2 + 20]])


def part(encoded: EncodedSpeech, first: int, last: int) -> EncodedSpeech:
    assert encoded.phones is not None
    return EncodedSpeech(encoded.features[:, first:last], encoded.phones[:, first:last])


@pytest.mark.parametrize("changes", [{}, {"key_motion": False}, {"fusion": "fixed"}, {"residual": True}])
def test_an_untrained_network_gives_the_neutral_face(changes: dict) -> None:
    motion = KMTalk(small(**changes)).eval()(speech(), some_keys())
    assert motion.motion.shape == (1, FRAMES, 52)
    assert not motion.motion.any()
    assert not motion.key_motions.any()


def test_vertex_spaces_work_in_their_own_unit() -> None:
    config = small(space="vocaset", phone_conditioning=False, motion_scale=1000.0)
    encoded = EncodedSpeech(speech().features)
    in_millimetres = awake(replace(config, motion_scale=1.0))(encoded, some_keys())
    in_metres = awake(config)(encoded, some_keys())
    torch.testing.assert_close(in_metres.motion * 1000, in_millimetres.motion)
    assert in_metres.motion.shape[-1] == 15069


def test_learning_reaches_every_parameter_of_the_starter() -> None:
    network = awake(small()).train()
    encoded = network.audio_encoder(torch.randn(2, 200, 81), 60)
    motion = network(encoded, some_keys(60).expand(2, -1))
    evidence = encoded.evidence
    (motion.motion.square().sum() + motion.key_motions.square().sum() + evidence.boundaries.square().sum()).backward()
    unmoved = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert unmoved == []


def test_learning_reaches_all_of_a_transformers_encoder_that_starts_from_nothing() -> None:
    network = awake(small(encoder=TINY_WAV2VEC2, phone_conditioning=False, motion_scale=10.0)).train()
    motion = network(network.audio_encoder(torch.randn(1, 32000), 60), some_keys(60))
    (motion.motion.square().sum() + motion.key_motions.square().sum()).backward()
    unmoved = {n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()}
    # A bias that shifts all keys of an attention alike cancels in its softmax.
    assert {n for n in unmoved if not n.endswith("k_proj.bias")} == set()


def test_half_precision_mixes_with_whole() -> None:
    network, encoded = awake(small()), speech()
    with torch.inference_mode():
        whole = network(encoded, some_keys()).motion
        with torch.autocast("cpu", torch.bfloat16):
            mixed = network(encoded, some_keys()).motion
    torch.testing.assert_close(mixed.float(), whole, rtol=0.1, atol=0.03 * float(whole.abs().max()))


def test_a_key_tells_the_phones_beside_it_apart() -> None:
    keys = torch.tensor([[0, 3, 7, 0]])
    frames = torch.arange(9).expand(1, 4, 9)
    apart = segments_apart(keys, torch.tensor([[True, True, True, False]]), frames, 9)
    assert apart[0, 1].tolist() == [-1, -1, -1, 0, 0, 0, 0, 1, 1]
    assert apart[0, 2].tolist() == [-2, -2, -2, -1, -1, -1, -1, 0, 0]
    attention = LocalCrossAttention(8, 2, 4, segment_reach=2)
    torch.nn.init.zeros_(attention.project_query.weight)  # nothing but the segments tells frames apart
    torch.nn.init.zeros_(attention.project_query.bias)
    memory = torch.randn(1, 9, 8)
    here = memory.clone()
    here[:, 3:7] += 1  # the phone that begins at the second key
    with torch.no_grad():
        moved = (attention(torch.zeros(1, 3, 8), keys[:, :3], here) - attention(torch.zeros(1, 3, 8), keys[:, :3],
                 memory)).abs().sum(-1)[0]  # fmt: skip
        attention.segment_bias[:, 2] = -50.0  # look no more at what begins at a key
        attention.segment_bias[:, 3] = -50.0
        blind = (attention(torch.zeros(1, 3, 8), keys[:, :3], here) - attention(torch.zeros(1, 3, 8), keys[:, :3],
                 memory)).abs().sum(-1)[0]  # fmt: skip
    assert moved[1] > 1e-3
    assert blind[1] < 1e-6 < blind[2]


def test_phones_that_are_told_condition_an_encoder_that_hears_none() -> None:
    network = awake(small(encoder=TINY_WAV2VEC2))
    encoded = EncodedSpeech(speech().features)
    phones = torch.zeros(1, FRAMES, len(PHONE_CLASSES))
    phones[..., CLASS_INDEX["a"]] = 1
    with torch.inference_mode():
        told, untold = network(encoded, some_keys(), phones=phones), network(encoded, some_keys())
    assert (told.motion - untold.motion).abs().max() > 1e-3


@pytest.mark.parametrize("changes", [{}, {"residual": True}, {"key_motion": False}, {"segment_reach": 2}])
def test_a_frame_sees_as_far_as_its_context_and_no_further(changes: dict) -> None:
    network = awake(small(**changes))
    context, middle = network.config.context, FRAMES // 2
    assert context < middle
    encoded = speech()
    features = encoded.features.requires_grad_()
    phones = encoded.phones.requires_grad_()
    network(EncodedSpeech(features, phones), some_keys()).motion[0, middle].sum().backward()
    for gradient in (features.grad, phones.grad):
        seen = gradient[0].abs().sum(dim=-1).nonzero().flatten()
        assert seen.min() >= middle - context
        assert seen.max() <= middle + context
        assert seen.max() - seen.min() > 2 * network.config.reach


@pytest.mark.parametrize("changes", [{}, {"residual": True, "decoder_layers": 2}, {"segment_reach": 2}])
def test_a_window_with_margin_equals_one_pass(changes: dict) -> None:
    network = awake(small(**changes))
    encoded, keys = speech(frames=300), some_keys(300)
    context = network.config.context
    with torch.inference_mode():
        whole = network(encoded, keys)
        for first, last in ((100, 130), (0, 40), (150, 200)):
            low, high = max(first - context, 0), min(last + context, 300)
            inside = keys[(keys >= low) & (keys < high)][None]
            window = network(part(encoded, low, high), inside - low)
            torch.testing.assert_close(
                window.motion[:, first - low : last - low], whole.motion[:, first:last], rtol=0, atol=1e-5
            )


def test_a_window_without_margin_does_not() -> None:
    network = awake(small())
    encoded, keys = speech(frames=300), some_keys(300)
    with torch.inference_mode():
        whole = network(encoded, keys).motion[:, 99:129]
        window = network(part(encoded, 99, 129), torch.arange(0, 30, 3)[None]).motion
    assert (window - whole).abs().max() > 1e-3


@pytest.mark.parametrize("segment_reach", [0, 2])
def test_padding_in_a_batch_changes_nothing(segment_reach: int) -> None:
    network = awake(small(segment_reach=segment_reach))
    encoded, keys = speech(), some_keys()
    other = speech(frames=FRAMES + 37, seed=2)
    other_keys = some_keys(FRAMES + 37)
    count, most = keys.shape[1], other_keys.shape[1]
    batch = EncodedSpeech(other.features.repeat(2, 1, 1), other.phones.repeat(2, 1, 1))
    batch.features[0, :FRAMES], batch.phones[0, :FRAMES] = encoded.features[0], encoded.phones[0]
    batch_keys = torch.zeros(2, most, dtype=torch.long)
    batch_keys[0, :count], batch_keys[1] = keys[0], other_keys[0]
    key_mask = torch.arange(most) < torch.tensor([[count], [most]])
    frame_mask = torch.arange(FRAMES + 37) < torch.tensor([[FRAMES], [FRAMES + 37]])
    with torch.inference_mode():
        together = network(batch, batch_keys, key_mask, frame_mask=frame_mask)
        alone, other_alone = network(encoded, keys), network(other, other_keys)
    torch.testing.assert_close(together.motion[0, :FRAMES], alone.motion[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(together.key_motions[0, :count], alone.key_motions[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(together.motion[1], other_alone.motion[0], rtol=0, atol=1e-5)


def test_without_audio_guidance_the_completion_is_deaf() -> None:
    poses = torch.rand(1, some_keys().shape[1], 52)
    for guided in (True, False):
        network = awake(small(audio_guidance=guided))
        one, other = (network.complete(network.listen(speech(seed=seed)), some_keys(), poses) for seed in (1, 2))
        assert torch.equal(one, other) is not guided


def test_without_the_key_motion_decoder_a_key_hears_its_own_frame_alone() -> None:
    changed = speech()
    changed.features[0, 31] += 1
    for has_decoder in (True, False):
        network = awake(small(key_motion=has_decoder, phone_conditioning=False))
        keys = torch.tensor([[0, 30, 60]])
        before, after = (network.key_motions(network.listen(encoded), keys) for encoded in (speech(), changed))
        assert torch.equal(before, after) is not has_decoder


def test_as_a_residual_an_untrained_network_interpolates_its_keys() -> None:
    network = KMTalk(small(residual=True)).eval()
    poses = torch.rand(1, 3, 52)
    motion = network.complete(network.listen(speech()), torch.tensor([[40, 42, 44]]), poses)
    torch.testing.assert_close(motion[0, 41], (poses[0, 0] + poses[0, 1]) / 2)
    torch.testing.assert_close(motion[0, 44], poses[0, 2])


def test_fusion_weighs_flow_and_audio_by_the_distance_to_the_keys() -> None:
    flow, audio = torch.randn(1, 40, 16), torch.randn(1, 40, 16)
    near, far = (KeySpacing.of(torch.tensor([[key]]), None, 40, 6) for key in (20, 39))
    fusion = DynamicFusion(small())
    gate = fusion.gate(flow, audio, near)
    assert gate.shape == flow.shape
    assert gate.min() > 0
    assert gate.max() < 1
    assert not torch.equal(gate[0, 20], fusion.gate(flow, audio, far)[0, 20])
    torch.testing.assert_close(fusion(flow, audio, near), gate * flow + (1 - gate) * fusion.project(audio))
    fixed = DynamicFusion(small(fusion="fixed"))
    torch.testing.assert_close(fixed(flow, audio, near), (flow + fixed.project(audio)) / 2)


def test_a_phone_of_one_frame_moves_the_lips_sharply() -> None:
    network = KMTalk(small()).eval()
    close = torch.zeros(52, dtype=torch.bool)
    close[18] = True
    with torch.no_grad():
        network.phone_conditioning.pose.weight[18, CLASS_INDEX["p"], 2] = 1.0
    phones = torch.zeros(1, FRAMES, len(PHONE_CLASSES))
    phones[0, 50, CLASS_INDEX["p"]] = 1
    motion = network(speech(), torch.tensor([[0, 50, 119]]), phones=phones)
    assert motion.motion.nonzero().tolist() == [[0, 50, 18]]
    assert motion.key_motions[0, 1, 18] == 1


def test_frames_between_near_keys_interpolate_and_far_ones_rest() -> None:
    spacing = KeySpacing.of(torch.tensor([[10, 14, 60]]), None, 80, 24)
    values = torch.tensor([[[0.0], [4.0], [9.0]]])
    between = spacing.interpolate(values)[0, :, 0]
    torch.testing.assert_close(between[10:15], torch.arange(5.0))
    assert between[37] != 0
    assert between[38:].any()
    weights = spacing.previous_weight + spacing.next_weight
    assert weights[0, 12] == 1
    assert spacing.previous_distance[0, 12] == 2
    assert spacing.next_distance[0, 12] == 2
    assert weights[0, 37] < 0.2
    assert spacing.previous_distance[0, 79] == 19
    assert spacing.next_distance[0, 79] == 24


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"key_motion": False},
        {"fusion": "fixed"},
        {"residual": True},
        {"segment_reach": 2},
        {"audio_guidance": False},
    ],
)
def test_a_window_within_a_long_pause_needs_no_key(changes: dict) -> None:
    network = awake(small(**changes))
    encoded, keys = speech(frames=400), torch.tensor([[0, 3, 8, 392, 399]])
    low, high = 100, 300
    whole = network(encoded, keys).motion[:, low + network.config.context : high - network.config.context]
    within = network(part(encoded, low, high), torch.zeros(1, 0, dtype=torch.long))
    assert within.key_motions.shape == (1, 0, 52)
    alone = within.motion[:, network.config.context : -network.config.context]
    assert alone.shape == whole.shape and alone.shape[1] > 50
    torch.testing.assert_close(alone, whole, atol=1e-5, rtol=1e-4)


def test_key_gaps_end_at_the_first_and_last_real_key() -> None:
    keys, mask = torch.tensor([[3, 5, 50, 0]]), torch.tensor([[True, True, True, False]])
    before, after = key_gaps(keys, mask, 24)
    assert before[0, :3].tolist() == [24, 2, 24]
    assert after[0, :3].tolist() == [2, 24, 24]


def test_the_audio_is_taken_at_the_exact_time_of_each_frame() -> None:
    encoder = awake(small()).audio_encoder
    seconds = (torch.arange(100) / 50)[None, :, None]
    at_frames = encoder._at_motion_rate(seconds, 30, 0.25)[0, :, 0]
    torch.testing.assert_close(at_frames, 0.25 + torch.arange(30) / 30)
    beyond = encoder._at_motion_rate(seconds, 90, -0.1)[0, :, 0]
    assert beyond[0] == 0
    torch.testing.assert_close(beyond[-1], torch.tensor(1.98))


def test_a_pretrained_encoder_is_timed_by_its_convolutions() -> None:
    encoder = awake(small(encoder=TINY_WAV2VEC2, phone_conditioning=False)).audio_encoder
    assert encoder.token_rate == 50
    assert encoder.token_offset == pytest.approx(0.01247, abs=1e-4)
    assert encoder(torch.zeros(1, 100), 1).features.shape == (1, 1, 16)


def test_the_presets_are_what_they_say() -> None:
    starter = sum(p.numel() for p in KMTalk(STARTER).parameters())
    assert 2e6 < starter < 3e6
    assert STARTER.phone_conditioning
    for config in (VOCASET, BIWI):
        assert config.encoder.kind == "transformers"
        assert not config.phone_conditioning
        with torch.device("meta"):
            head = KMTalk(config).multimodal_guided_decoder.head
        assert head.out_features == config.motion_space.width


@pytest.mark.parametrize(("inputs", "outputs"), [(16, 9000), (9000, 16), (16, 16)])
def test_a_linear_map_is_the_same_map_by_whatever_library(inputs: int, outputs: int) -> None:
    torch.manual_seed(0)
    quick = QuickLinear(inputs, outputs)
    frames = torch.randn(2, 5, inputs)
    with torch.inference_mode():
        found = quick(frames)
        nothing = quick(frames[:, :0])
    torch.testing.assert_close(found, quick(frames).detach(), rtol=1e-4, atol=1e-4)
    assert nothing.shape == (2, 0, outputs)
    quick(frames).sum().backward()
    assert quick.weight.grad is not None


def test_the_linear_maps_of_a_library_s_encoder_are_quick_and_hear_the_same() -> None:
    encoder = awake(small(encoder=TINY_WAV2VEC2, phone_conditioning=False)).audio_encoder.eval()
    maps = [module for module in encoder.modules() if isinstance(module, nn.Linear)]
    assert maps
    assert all(type(module) is QuickLinear for module in maps)
    signal = torch.randn(1, 16000)
    with torch.inference_mode():
        quick = encoder(signal, 25).features
        for module in maps:
            module.__class__ = nn.Linear
        torch.testing.assert_close(quick, encoder(signal, 25).features, rtol=1e-4, atol=1e-4)
