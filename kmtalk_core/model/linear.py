"""Linear maps that run on a processor at the speed it has: most of a network's time goes into them."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class QuickLinear(nn.Linear):
    """`nn.Linear`; on a processor, where nothing is learnt, through oneDNN.

    PyTorch's own choice of library runs at less than half that speed on some processors; both compute in 32 bit
    (`build.py bench` prints what it gains on a pretrained encoder, and how far the features differ).
    """

    def forward(self, input: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features)."""
        return linear(input, self.weight, self.bias)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`torch.nn.functional.linear`, through oneDNN where `QuickLinear` would."""
    quick = input.device.type == "cpu" and not torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
    if quick and input.dtype == weight.dtype == torch.float32 and input.numel():
        try:
            product: Tensor = torch.ops.mkldnn._linear_pointwise(input, weight, bias, "none", [], "")
        except (AttributeError, RuntimeError):  # a PyTorch built without oneDNN
            return functional.linear(input, weight, bias)
        return product
    return functional.linear(input, weight, bias)


def quicken(network: nn.Module) -> None:
    """Make every `nn.Linear` of a network, those of a library's speech encoder included, a `QuickLinear`."""
    for module in network.modules():
        if type(module) is nn.Linear:
            module.__class__ = QuickLinear
