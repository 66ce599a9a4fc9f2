"""Linear maps from or to a space of vertices: tens of thousands of numbers on one side."""

import torch
from torch import Tensor, nn

_WIDE = 8192  # numbers from which on oneDNN pays


class WideLinear(nn.Linear):
    """`nn.Linear`; on a processor, where nothing is learnt and the map is wide, through oneDNN.

    PyTorch's own choice of library runs such maps at little more than half that speed on some processors
    (`build.py bench` prints what they cost beside the encoder); both compute in 32 bit.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features)."""
        is_wide = max(self.in_features, self.out_features) >= _WIDE
        learns = torch.is_grad_enabled()
        if is_wide and not learns and input.device.type == "cpu" and input.dtype == self.weight.dtype == torch.float32:
            try:
                product: Tensor = torch.ops.mkldnn._linear_pointwise(input, self.weight, self.bias, "none", [], "")
            except (AttributeError, RuntimeError):  # a PyTorch built without oneDNN
                return super().forward(input)
            return product
        return super().forward(input)
