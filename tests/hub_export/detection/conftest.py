"""One exported detector for all tests of this folder; they leave it as is."""

import pytest
import tensorflow as tf

from benchmarks.cpp_runtime import CppRuntime
from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.detector.network import make_detector
from d3d_tf.hub_export.detection.export import export_detector
from tests.harness import randomize
from tests.harness.tiny import INCEPTION

LABELS = ["stand", "listen to (a person)", "größer"]
FRAMES, SHORT_SIDE = 4, 36
TAIL = DetectorRecipe(endpoint="MaxPool_2a_3x3", tail=True, bins=3)


RPN = DetectorRecipe(
    endpoint="MaxPool_2a_3x3", tail=True, bins=3, boxes="rpn", scored="rpn"
)
FINDER = PersonsRecipe(
    depth=10, min_level=2, max_level=2, filters=8, side=64, proposals=6
)


def made(recipe=TAIL, *, seed=0, case=INCEPTION, **changes):
    backbone = case.network(**changes)
    network = make_detector(backbone, recipe, len(LABELS), FINDER)
    randomize(network, seed)
    return network


def export(network, folder, **more):
    return export_detector(
        network,
        folder,
        **{"labels": LABELS, "frames": FRAMES, "short_side": SHORT_SIDE} | more,
    )


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The detector and the path of its first version."""
    network = made()
    folder = tmp_path_factory.mktemp("detector") / "export"
    return network, export(network, folder, info={"recipe": "practice"})


@pytest.fixture(scope="session")
def finding(tmp_path_factory):
    """A detector with an RPN, and its module."""
    network = made(RPN)
    folder = tmp_path_factory.mktemp("finding") / "export"
    return network, export(network, folder)


@pytest.fixture(scope="session")
def loaded(exported):
    """As `tf.saved_model.load` has it."""
    return tf.saved_model.load(str(exported[1]))


@pytest.fixture(scope="session")
def runtime(exported):
    """The module in the C++ run time."""
    with CppRuntime(exported[1]) as process:
        yield process
