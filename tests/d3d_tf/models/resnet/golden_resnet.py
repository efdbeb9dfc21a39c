"""Weights, clips and names of shared/goldens/dnr, stated again.

Every value is a function of a seed and of the name, kind and shape that the
originals' state dicts give it; kernels are in Keras' layout. Clips are bands of
colour with a box that moves, in bytes that are scaled to [-1, 1].
"""

import hashlib
import zlib
from typing import NamedTuple

import numpy as np


class Named(NamedTuple):
    """A variable, its kind and its shape in the goldens."""

    variable: object
    kind: str
    shape: tuple


def torch_names(network) -> dict[str, Named]:
    """Variables of a ResNet by the originals' names."""
    stem, _, *stages = network.trunk.units
    found = _kernel("conv1", stem.conv1) | _norm("bn1", stem.bn1)
    for stage in stages:
        found |= stage_names(stage.name, stage)
    kernel, bias = network.head.fc_cls.weights
    found["fc_cls.weight"] = Named(kernel, "dense", tuple(kernel.shape[3:]))
    found["fc_cls.bias"] = Named(bias, "bias", tuple(bias.shape))
    return found


def stage_names(path: str, stage) -> dict[str, Named]:
    found = {}
    if stage.lstm is not None:
        found |= cell_names(f"{path}.lstm.", stage.lstm)
    for i, block in enumerate(stage.blocks):
        here = f"{path}.{i}"
        for number in 1, 2, 3:
            if not hasattr(block, f"conv{number}"):
                continue
            conv = getattr(block, f"conv{number}")
            norm = getattr(block, f"bn{number}")
            found |= _kernel(f"{here}.conv{number}", conv)
            if hasattr(norm, "lstm"):
                name = f"{here}.bn{number}.lstm."
                found |= cell_names(name, norm.lstm)
            found |= _norm(f"{here}.bn{number}", getattr(norm, "norm", norm))
        if block.downsample is not None:
            found |= _kernel(f"{here}.downsample.0", block.downsample)
            found |= _norm(f"{here}.downsample.1", block.downsample_bn)
    return found


def cell_names(prefix: str, cell) -> dict[str, Named]:
    found = {}
    for theirs, ours in (("w_ih", "u"), ("w_hh", "v")):
        for place, part in ((0, "in"), (2, "out")):
            dense = getattr(cell, f"{ours}_{part}")
            path = f"{prefix}{theirs}.0.seq.{place}"
            shape = tuple(dense.kernel.shape)
            found[f"{path}.weight"] = Named(dense.kernel, "cell", shape)
            found[f"{path}.bias"] = Named(dense.bias, "cell_bias", shape[1:])
    return found


def _kernel(path, conv) -> dict:
    shape = tuple(conv.kernel.shape[1:])
    return {f"{path}.weight": Named(conv.kernel, "kernel", shape)}


def _norm(path, norm) -> dict:
    if not hasattr(norm, "moving_mean"):  # Of a clip's own statistics.
        return {}
    variables = {
        "running_mean": ("mean", norm.moving_mean),
        "running_var": ("var", norm.moving_variance),
    }
    if norm.gamma is not None:
        gamma = "gamma_last" if path.endswith("bn3") else "gamma"
        variables["weight"] = gamma, norm.gamma
        variables["bias"] = "beta", norm.beta
    return {
        f"{path}.{name}": Named(variable, kind, tuple(variable.shape))
        for name, (kind, variable) in variables.items()
    }


def golden_value(name: str, kind: str, shape, seed: int = 0) -> np.ndarray:
    """The float32 value of a variable."""
    rng = np.random.RandomState(zlib.crc32(name.encode()) + seed & 0xFFFFFFFF)
    if kind == "var":
        return np.float32(0.5 + rng.random_sample(shape))
    values = rng.standard_normal(shape)
    inputs = int(np.prod(shape[:-1]))
    match kind:
        case "kernel":
            # Summed as rows of a matrix, or the last bit may differ.
            rows = values.reshape(inputs, shape[-1])
            rows = (rows - rows.mean(axis=0)) * (1.25 * np.sqrt(2.0 / inputs))
            values = rows.reshape(shape)
        case "dense":
            values *= np.sqrt(1.0 / inputs)
        case "cell":
            values *= 2.0 * np.sqrt(1.0 / inputs)
        case "cell_bias":
            values *= 0.5
        case "bias":
            values *= 0.05
        case "mean" | "beta":
            values *= 0.1
        case "gamma":
            values = 1.0 + 0.1 * values
        case "gamma_last":
            values = 0.3 + 0.05 * values
        case _:
            raise ValueError(kind)
    return np.float32(values)


def golden_values(names: dict[str, Named], seed: int = 0) -> dict:
    """All of them, by name."""
    return {
        name: golden_value(name, kind, shape, seed)
        for name, (_, kind, shape) in names.items()
    }


def put(names: dict[str, Named], values: dict) -> None:
    """Gives variables their values; there is one for each."""
    assert set(names) == set(values)
    for name, (variable, _, shape) in names.items():
        assert values[name].shape == shape, name
        variable.assign(values[name].reshape(variable.shape))


def fingerprint(values: dict) -> str:
    """As the goldens state it of their weights."""
    digest = hashlib.sha256()
    for name in sorted(values):
        value = np.ascontiguousarray(values[name])
        line = f"{name} {value.dtype.str} {[*value.shape]}\n"
        digest.update(line.encode() + value.tobytes())
    return digest.hexdigest()


def tensor(seed: int, shape, scale: float = 1.0, shift: float = 0.0):
    """Float64 normal numbers."""
    draws = np.random.RandomState(seed).standard_normal(tuple(shape))
    return shift + scale * draws


def golden_clip(seed: int, shape) -> np.ndarray:
    """Float32 `[batch, time, height, width, 3]` in [-1, 1]."""
    batch, *axes, channels = shape
    time, height, width = axes
    rng = np.random.RandomState(seed)
    frame, row, column = np.ogrid[:time, :height, :width]
    row, column = row / height, column / width
    clips = np.empty(shape, np.uint8)
    for clip in clips:
        start = 0.1 + 0.5 * rng.random_sample(2)
        speed = 0.02 + 0.03 * rng.random_sample(2)
        middle = (start[0] + speed[0] * frame) % 1.0
        across = (start[1] - speed[1] * frame) % 1.0
        boxed = (abs(row - middle) < 0.12) & (abs(column - across) < 0.2)
        for channel in range(channels):
            sizes = 0.1 + 0.4 * rng.random_sample(5)
            rates = 0.25 * rng.random_sample(5)
            down, right = rng.uniform(-12, 12, 5), rng.uniform(-12, 12, 5)
            phases = rng.random_sample(5)
            level = rng.uniform(-0.6, 0.6)
            field = np.full(axes, 0.3 * level)
            for a, rate, y, x, p in zip(
                sizes, rates, down, right, phases, strict=True
            ):
                turns = (rate * frame + p) + (y * row + x * column)
                field += a * np.sin(2 * np.pi * turns)
            field = np.where(boxed, level, field)
            field += 0.1 * rng.standard_normal(axes)
            bytes_ = np.rint(127.5 * (np.clip(field, -1, 1) + 1))
            clip[..., channel] = bytes_.astype(np.uint8)
    return np.float32(clips) / np.float32(127.5) - np.float32(1)


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def summary(array) -> dict:
    """What the copied goldens keep of an array, as the originals' endpoints.

    Of `[..., C]`: shape, moments, and the first and last 8 channels.
    """
    array = np.float64(array)
    flat = array.reshape(-1, array.shape[-1])
    return {
        "shape": [*array.shape],
        "mean": float(array.mean()),
        "std": float(array.std()),
        "l2": float(np.linalg.norm(array)),
        "first8": flat[0, :8].tolist(),
        "last8": flat[-1, -8:].tolist(),
    }


def check_summary(found, golden: dict, tolerance: float) -> None:
    """An array against its summary, in the originals' layout of frames.

    Moments and values may be off by `tolerance` of the array's size.
    """
    found = np.float64(found)
    if found.ndim == len(golden["shape"]) + 1:  # Frames are in the batch.
        found = found.reshape(-1, *found.shape[2:])
    ours = summary(found)
    assert ours["shape"] == golden["shape"]
    size = max(abs(golden["mean"]), golden["std"])
    for name in ("mean", "std", "first8", "last8"):
        np.testing.assert_allclose(
            ours[name], golden[name], rtol=tolerance, atol=tolerance * size
        )
    np.testing.assert_allclose(ours["l2"], golden["l2"], rtol=tolerance)
