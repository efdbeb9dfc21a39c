"""Weights, clips and names of shared/goldens/networks, stated again.

From facts.md there; digests in the goldens check every one of them.
"""

import hashlib
import zlib

import numpy as np

from d3d_tf.layers.convolution import MaxPool3D
from d3d_tf.models.inception.blocks import InceptionBlock


def slim_names(network) -> dict:
    """A network's variables by the names of the TF-Slim checkpoint."""
    variables = {}
    for path, unit in conv_units(network):
        found = {
            "weights": unit.conv.kernel,
            "BatchNorm/beta": unit.batch_norm.beta,
            "BatchNorm/moving_mean": unit.batch_norm.moving_mean,
            "BatchNorm/moving_variance": unit.batch_norm.moving_variance,
        }
        if unit.temporal is not None:
            found["temporal/weights"] = unit.temporal.kernel
            found["temporal/biases"] = unit.temporal.bias
        if unit.self_gating is not None:
            gate = unit.self_gating.transformer_W.kernel
            found["self_gating/transformer_W/weights"] = gate
        for name, variable in found.items():
            variables[f"InceptionV1/{path}/{name}"] = variable
    for block in network.trunk.non_locals:
        for part in ("theta", "phi", "g", "z"):
            layer = getattr(block, part)
            name = f"InceptionV1/{block.name}/{part}"
            variables[f"{name}/weights"] = layer.kernel
            variables[f"{name}/biases"] = layer.bias
    logits = network.head.logits
    variables["InceptionV1/Logits/Conv2d_0c_1x1/weights"] = logits.kernel
    variables["InceptionV1/Logits/Conv2d_0c_1x1/biases"] = logits.bias
    return variables


def conv_units(network):
    """`(path, unit)` of every convolution unit."""
    for unit in network.trunk.units:
        if isinstance(unit, InceptionBlock):
            for branch in range(4):
                for inner in getattr(unit, f"Branch_{branch}"):
                    yield f"{unit.name}/{inner.name}", inner
        elif not isinstance(unit, MaxPool3D):
            yield unit.name, unit


def put(network, values: dict) -> None:
    """Gives a network the weights; there is one for every variable."""
    variables = slim_names(network)
    assert set(variables) == set(values)
    assert len(variables) == len(network.variables)
    for name, variable in variables.items():
        assert tuple(variable.shape) == values[name].shape, name
        variable.assign(values[name])


def deepmind_name(name: str) -> str:
    """The DeepMind RGB checkpoint's name of a TF-Slim I3D variable."""
    name = name.replace("InceptionV1", "RGB/inception_i3d")
    name = name.replace("Conv2d", "Conv3d").replace("BatchNorm", "batch_norm")
    name = name.replace("/weights", "/conv_3d/w").replace(
        "/biases", "/conv_3d/b"
    )
    # One name of theirs is irregular.
    return name.replace(
        "Mixed_5b/Branch_2/Conv3d_0b_3x3", "Mixed_5b/Branch_2/Conv3d_0a_3x3"
    )


def golden_value(name: str, shape) -> np.ndarray:
    """The value of a variable, from its name and shape alone."""
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("/moving_variance"):
        return np.float32(0.5 + rng.random_sample(shape))
    values = rng.standard_normal(shape)
    if not name.endswith(("/weights", "/w")):
        bias = name.endswith(("/biases", "/b"))
        return np.float32(values * (0.05 if bias else 0.1))
    values = values.reshape(-1, shape[-1])
    values -= values.mean(axis=0)
    gain = 1.25
    if name.endswith("/temporal/weights"):
        gain = 2.2
    elif name.endswith("/transformer_W/weights"):
        gain = 1.0
    values = values * (gain * np.sqrt(2.0 / len(values)))
    return np.float32(values).reshape(shape)


def fingerprint(values: dict) -> str:
    digest = hashlib.sha256()
    for name in sorted(values):
        value = values[name]
        digest.update(
            f"{name} {value.dtype.str} {list(value.shape)}\n".encode()
        )
        digest.update(value.tobytes())
    return digest.hexdigest()


def golden_clip(seed: int, shape) -> np.ndarray:
    """Drifting waves, a moving rectangle and noise, float32 in [-1, 1]."""
    clips, num_frames, height, width, channels = shape
    rng = np.random.RandomState(seed)
    t = np.arange(num_frames).reshape(-1, 1, 1)
    y = (np.arange(height) / height).reshape(1, -1, 1)
    x = (np.arange(width) / width).reshape(1, 1, -1)
    pixels = np.empty(shape, np.uint8)
    for clip in range(clips):
        start = 0.1 + 0.5 * rng.random_sample(2)
        speed = (0.02 + 0.03 * rng.random_sample(2)) * np.array([1.0, -1.0])
        centre_y = (start[0] + speed[0] * t) % 1.0
        centre_x = (start[1] + speed[1] * t) % 1.0
        inside = (abs(y - centre_y) < 0.12) & (abs(x - centre_x) < 0.2)
        for channel in range(channels):
            amplitudes = 0.1 + 0.4 * rng.random_sample(5)
            along_t = 0.25 * rng.random_sample(5)
            along_y, along_x = rng.uniform(-12, 12, 5), rng.uniform(-12, 12, 5)
            phases = rng.random_sample(5)
            level = rng.uniform(-0.6, 0.6)
            wave = np.full([num_frames, height, width], 0.3 * level)
            for a, wt, wy, wx, phase in zip(
                amplitudes, along_t, along_y, along_x, phases, strict=True
            ):
                wave += a * np.sin(
                    2 * np.pi * ((wt * t + phase) + (wy * y + wx * x))
                )
            wave = np.where(inside, level, wave)
            wave += 0.1 * rng.standard_normal(wave.shape)
            pixels[clip, ..., channel] = np.rint(
                127.5 * (np.clip(wave, -1, 1) + 1)
            )
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)
