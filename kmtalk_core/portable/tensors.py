"""Trained numbers by name, and the few functions on arrays that the network is made of.

Arrays are float32 throughout.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
IndexArray: TypeAlias = npt.NDArray[np.intp]

_EPSILON = np.float32(1e-5)  # PyTorch's, in its normalisations
_LARGEST_EXPONENT = np.float32(80)
_ERF = tuple(np.float32(c / 2) for c in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592))
_ERF_SCALE = np.float32(0.3275911 * 0.5**0.5)


class Tensors(Mapping[str, FloatArray]):
    """The trained numbers of a network, or of the part of it whose names start with `prefix`."""

    def __init__(self, values: Mapping[str, FloatArray], prefix: str = "") -> None:
        self._values, self._prefix = values, prefix

    def __getitem__(self, name: str) -> FloatArray:
        return self._values[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(self._prefix) for name in self._values if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def of(self, part: object) -> "Tensors":
        """Those of one part: a name, or the number of a layer."""
        return Tensors(self._values, f"{self._prefix}{part}.")


class Linear:
    """An affine map of the last axis."""

    def __init__(self, tensors: Tensors) -> None:
        self.weight, self.bias = tensors["weight"], tensors.get("bias")

    def __call__(self, x: FloatArray) -> FloatArray:
        """(…, inputs) to (…, outputs)."""
        product: FloatArray = x @ self.weight.T
        if self.bias is not None:
            product += self.bias
        return product


class LayerNorm:
    """Normalisation over the last axis, with a gain and a bias."""

    def __init__(self, tensors: Tensors) -> None:
        self._gain, self._bias = tensors["weight"], tensors["bias"]

    def __call__(self, x: FloatArray) -> FloatArray:
        """(…, width) to the same."""
        centred = x - mean(x)
        centred /= np.sqrt(mean(np.square(centred)) + _EPSILON)
        centred *= self._gain
        centred += self._bias
        return centred


class Convolution:
    """A convolution over time: one product over the shifted frames side by side, the weights laid out for it once."""

    def __init__(self, tensors: Tensors, stride: int = 1, dilation: int = 1) -> None:
        weight = tensors["weight"]  # (outputs, inputs, taps)
        self._taps, self._stride, self._dilation = weight.shape[2], stride, dilation
        self._weight = np.ascontiguousarray(weight.transpose(2, 1, 0)).reshape(-1, weight.shape[0])
        self._bias = tensors.get("bias")

    def __call__(self, x: FloatArray, first: int = 0) -> FloatArray:
        """(time, inputs) to (ceil(time / stride) - first, outputs): those from `first` on."""
        count = -(-len(x) // self._stride)
        if self._taps > 1:
            reach = self._dilation * (self._taps // 2)
            wide = padded(x, reach, reach)
            last = self._stride * (count - 1) + 1
            starts = [tap * self._dilation for tap in range(self._taps)]
            skip = first * self._stride
            x = np.concatenate([wide[at + skip : at + last : self._stride] for at in starts], axis=1)
        elif first or self._stride > 1:
            x = x[first * self._stride :: self._stride]
        product: FloatArray = x @ self._weight
        if self._bias is not None:
            product += self._bias
        return product


def mean(x: FloatArray) -> FloatArray:
    """Over the last axis, which stays; as `ndarray.mean`, without what that costs where there is little."""
    total: FloatArray = np.add.reduce(x, axis=-1, keepdims=True)
    total /= np.float32(x.shape[-1])
    return total


def padded(x: FloatArray, before: int, after: int) -> FloatArray:
    """(time, width) with so many rows of zeros at its ends."""
    wide = np.zeros((before + len(x) + after, x.shape[1]), np.float32)
    wide[before : before + len(x)] = x
    return wide


def gelu(x: FloatArray) -> FloatArray:
    """x Φ(x) = max(x, 0) - |x| Φ(-|x|).

    The error function is Abramowitz and Stegun's 7.1.26, which misses it by 1.5e-7 at most.
    """
    size = np.abs(x)
    t = size * _ERF_SCALE
    t += 1
    np.reciprocal(t, out=t)
    tail = t * _ERF[0]
    for coefficient in _ERF[1:]:
        tail += coefficient
        tail *= t
    np.square(x, out=t)
    t *= np.float32(-0.5)
    np.exp(t, out=t)
    tail *= t  # Φ(-|x|)
    tail *= size
    np.maximum(x, 0, out=t)
    t -= tail
    return t


def sigmoid(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x))."""
    falling: FloatArray = np.exp(-np.maximum(x, -_LARGEST_EXPONENT))
    falling += 1
    return np.reciprocal(falling, out=falling)


def softmax(x: FloatArray) -> FloatArray:
    """Over the last axis; `x` is used up."""
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x


def lerp(a: FloatArray, b: FloatArray, share: FloatArray) -> FloatArray:
    """`a` where `share` is 0, `b` where it is 1."""
    mixed: FloatArray = a + share * (b - a)
    return mixed
