"""Weights, clips and names of shared/goldens/x3d, stated again.

From the `recipe` in golden.json there, which pytorchvideo's networks were given
and run on in float64. Values are functions of pytorchvideo's names and shapes,
so that they exist for every variant. All is in PyTorch's layout but clips.
"""

import zlib
from typing import NamedTuple

import numpy as np


class Named(NamedTuple):
    """A variable, its kind and its shape in PyTorch."""

    variable: object
    kind: str
    shape: tuple


def torch_names(network) -> dict[str, Named]:
    """Variables of an X3D by pytorchvideo's names, in its order."""
    stem, *stages, conv5 = network.trunk.units
    found = _convolution("blocks.0.conv.conv_t", stem.conv_xy)
    found |= _convolution("blocks.0.conv.conv_xy", stem.conv)
    found |= _norm("blocks.0.norm", stem.bn)
    for number, stage in enumerate(stages, start=1):
        for i, block in enumerate(stage.blocks):
            found |= _block(f"blocks.{number}.res_blocks.{i}", block)
    found |= _convolution("blocks.5.pool.pre_conv", conv5.conv)
    found |= _norm("blocks.5.pool.pre_norm", conv5.bn)
    found |= _convolution("blocks.5.pool.post_conv", network.head.lin_5)
    kernel, bias = network.head.projection.weights
    shape = tuple(kernel.shape[:2:-1])
    found["blocks.5.proj.weight"] = Named(kernel, "dense_kernel", shape)
    found["blocks.5.proj.bias"] = Named(bias, "bias", tuple(bias.shape))
    return found


def _block(path, block) -> dict:
    found = {}
    if block.branch1 is not None:
        found |= _convolution(f"{path}.branch1_conv", block.branch1)
    if block.branch1_bn is not None:
        found |= _norm(f"{path}.branch1_norm", block.branch1_bn)
    path += ".branch2"
    found |= _convolution(f"{path}.conv_a", block.a)
    found |= _norm(f"{path}.norm_a", block.a_bn)
    found |= _convolution(f"{path}.conv_b", block.b)
    # A sequence with squeeze-excite, or the place of it.
    found |= _norm(f"{path}.norm_b.0", block.b_bn)
    if block.se is not None:
        found |= _convolution(f"{path}.norm_b.1.block.0", block.se.fc1)
        found |= _convolution(f"{path}.norm_b.1.block.2", block.se.fc2)
    found |= _convolution(f"{path}.conv_c", block.c)
    return found | _norm(f"{path}.norm_c", block.c_bn)


def _convolution(path, layer) -> dict:
    shape = tuple(layer.kernel.shape)
    if len(shape) == 4:  # Of each channel.
        shape = shape[3], 1, *shape[:3]
    else:
        shape = shape[4], shape[3], *shape[:3]
    found = {f"{path}.weight": Named(layer.kernel, "conv_kernel", shape)}
    if len(layer.weights) > 1:
        found[f"{path}.bias"] = Named(layer.bias, "bias", shape[:1])
    return found


def _norm(path, layer) -> dict:
    variables = {
        "weight": ("bn_gamma", layer.gamma),
        "bias": ("bn_beta", layer.beta),
        "running_mean": ("bn_mean", layer.moving_mean),
        "running_var": ("bn_var", layer.moving_variance),
    }
    return {
        f"{path}.{name}": Named(variable, kind, tuple(variable.shape))
        for name, (kind, variable) in variables.items()
    }


def golden_value(name: str, kind: str, shape) -> np.ndarray:
    """The value of a variable, float32, from its name, kind and shape alone."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if kind == "bn_gamma" and name.endswith("norm_c.weight"):
        return np.float32(rng.uniform(0.1, 0.3, shape))
    if kind in ("bn_gamma", "bn_var"):
        return np.float32(rng.uniform(0.5, 1.5, shape))
    values = rng.standard_normal(shape)
    if kind == "conv_kernel":
        return np.float32(values * np.sqrt(1 / np.prod(shape[1:])))
    if kind == "dense_kernel":
        return np.float32(values * np.sqrt(1 / shape[1]))
    assert kind in ("bias", "bn_beta", "bn_mean"), kind
    return np.float32(0.1 * values)


def golden_values(network) -> dict[str, np.ndarray]:
    """All of an X3D's, by name."""
    return {
        name: golden_value(name, kind, shape)
        for name, (_, kind, shape) in torch_names(network).items()
    }


def put(network, values: dict) -> None:
    """Gives an X3D the weights; there is one for every variable."""
    names = torch_names(network)
    assert set(names) == set(values)
    assert len(names) == len(network.variables)
    for name, (variable, _, shape) in names.items():
        assert values[name].shape == shape, name
        variable.assign(ours(values[name], variable.shape))


def ours(value: np.ndarray, shape) -> np.ndarray:
    """A value of PyTorch in the layout of a variable of that shape."""
    if value.ndim == 5:
        value = value.transpose(2, 3, 4, 1, 0)
    elif value.ndim == 2:
        value = value.T
    return value.reshape(shape)


def golden_clip(seed: int, frames: int, size: int, clips: int = 1):
    """Noise, float32 `[clips, time, height, width, 3]`."""
    shape = [clips, 3, frames, size, size]
    clip = np.random.default_rng(seed).standard_normal(shape)
    return np.ascontiguousarray(
        clip.astype(np.float32).transpose(0, 2, 3, 4, 1)
    )
