"""A small module whose answers depend on everything that callers spoil."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest

from d3d_tf.doctor.module.kit import write_clips
from d3d_tf.doctor.module.mistakes import Oracle
from d3d_tf.doctor.module.served import Module, open_module
from d3d_tf.hub_export.export import export_module
from d3d_tf.keras_api import keras
from tests.d3d_tf.doctor.module.programs import clip_of
from tests.harness import randomize

# Sorted, reversed, and moved by one they are four other orders.
LABELS = ["walk", "jump", "run", "climb", "swim"]
CLIP = {"frames": 8, "size": 16, "short_side": 20}
GAIN = 40.0


@dataclasses.dataclass(frozen=True)
class Served:
    """A version folder and the bundled clips."""

    path: Path
    clips: list[Path]

    @functools.cached_property
    def module(self) -> Module:
        return open_module(self.path)

    def oracle(self, **kwargs) -> Oracle:
        return Oracle(self.module, self.clips, **kwargs)


def sensitive_network(clips: list[Path]):
    """Of the clips its logits differ by much, and are 0 in the mean."""
    clip = keras.Input([None, None, None, 3])
    net = keras.layers.Conv3D(12, 3, padding="same", activation="relu")(clip)
    net = keras.layers.Conv3D(12, 3, padding="same", activation="tanh")(net)
    net = keras.layers.GlobalAveragePooling3D()(net)
    net = keras.layers.Dense(len(LABELS))(net)
    network = keras.Model(clip, net)
    randomize(network, seed=1)
    last = network.layers[-1]
    last.kernel.assign(GAIN * last.kernel)
    logits = [network(2 * clip_of(c, **CLIP)[None] - 1) for c in clips]
    last.bias.assign_sub(np.mean(logits, axis=(0, 1)))
    return network


def export(folder: Path, clips: list[Path], **kwargs) -> Path:
    network = sensitive_network(clips)
    told = {"labels": LABELS, "info": {"frame_rate": 25.0}} | CLIP
    return export_module(network, folder, **told | kwargs)


@pytest.fixture(scope="session")
def bundled(tmp_path_factory) -> list[Path]:
    return write_clips(tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="session")
def served(tmp_path_factory, bundled) -> Served:
    """For all tests; they leave it as it is."""
    folder = tmp_path_factory.mktemp("run") / "export"
    return Served(export(folder, bundled), bundled)
