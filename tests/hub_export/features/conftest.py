"""One exported network of features for all tests of this folder."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.cpp_runtime import CppRuntime
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.hub_export.features.export import export_features
from tests.harness import randomize
from tests.harness.tiny import NEXTVLAD

LABELS = ["Game", "Vehicle", "größer"]
# Frames 0, 60, 120, 180 and 240.
UNIFORM = FrameSamplingRecipe(way="uniform", k=5, rounding="up")
BYTES = np.random.default_rng(0).integers(0, 256, [2, 130, 1152], np.uint8)
# The kit's: a byte is one of 255 steps from -2 to 2, and half a 256th of 4.
FEATURES = np.float32(BYTES * (4 / 255) + (4 / 512 - 2))
NUM_FRAMES = np.array([130, 70], np.int32)


def made(case=NEXTVLAD, *, seed=0, **changes):
    network = case.network(**changes)
    randomize(network, seed)
    return network


def export(network, folder, **more):
    given = {"labels": LABELS, "sampling": UNIFORM} | more
    return export_features(network, folder, **given)


def by_hand(network, features=FEATURES):
    """Every 60-th frame: three of 130, and two of 70 and one of padding."""
    some = np.zeros([2, 5, 1152], np.float32)
    some[0, :3] = features[0, [0, 60, 120]]
    some[1, :2] = features[1, [0, 60]]
    return network((some, np.array([3, 2]))).numpy()


def asked():
    """The same two videos for each signature that takes padding."""
    count = {"num_frames": NUM_FRAMES}
    return {
        "serving_default": {"features": FEATURES} | count,
        "features_uint8": {"features": BYTES} | count,
        "rgb_audio_uint8": {
            "rgb": BYTES[..., :1024],
            "audio": BYTES[..., 1024:],
        }
        | count,
    }


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The network and the path of its first version."""
    network = made()
    folder = tmp_path_factory.mktemp("features") / "export"
    return network, export(network, folder, info={"recipe": "practice"})


@pytest.fixture(scope="session")
def loaded(exported):
    """As `tf.saved_model.load` has it."""
    return tf.saved_model.load(str(exported[1]))


@pytest.fixture(scope="session")
def runtime(exported):
    """The module in the C++ run time."""
    with CppRuntime(exported[1]) as process:
        yield process
