"""Counted costs against hand-worked ones and the original graphs'."""

import json

import pytest
import tensorflow as tf

from d3d_tf.evaluation.cost import Cost, measure_cost
from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import Conv3D
from d3d_tf.layers.depthwise import DepthwiseConv3D
from d3d_tf.models.inception.networks import I3D, S3DG, NonLocalS3DG
from tests.harness.tiny import HRNN, NEXTVLAD

FROM_4B = {
    "temporal_conv_start_at": "Mixed_4b",
    "gating_start_at": "Mixed_4b",
}
NETWORKS = {
    "slim_s3dg_k400": (S3DG, {}, 3),
    "slim_s3dg_k600": (S3DG, {"num_classes": 600}, 3),
    "slim_s3dg_k400_first7": (S3DG, {"first_temporal_kernel": 7}, 3),
    "slim_s3dg_k400_nogate": (S3DG, {"gating_start_at": None}, 3),
    "slim_s3dg_k400_from4b": (S3DG, FROM_4B, 3),
    "slim_s3dg_k400_flow2": (S3DG, {}, 2),
    "slim_s3dg_k400_quarter": (S3DG, {"depth_multiplier": 0.25}, 3),
    "slim_i3d_k400": (I3D, {}, 3),
    "deepmind_i3d_rgb": (I3D, {}, 3),
    "deepmind_i3d_flow": (I3D, {}, 2),
    "deepmind_i3d_rgb_k600": (I3D, {"num_classes": 600}, 3),
}


def built(network, arguments, channels):
    network = network(**arguments)
    network(tf.zeros([1, 2, 16, 16, channels]))
    return network


def test_a_convolution_by_hand():
    """4 x 6 x 6 clip, stride 2: 2 * 3 * 3 places, 3 * 3 * 3 * 2 * 5 taps each.

    18 * 270 = 4860 multiply-adds; 270 weights and 5 biases, 5 of them frozen.
    """
    model = keras.Sequential([Conv3D(5, 3, 2, padding="same")])
    model(tf.zeros([1, 4, 6, 6, 2]))
    assert measure_cost(model, (4, 6, 6, 2)) == Cost(275, 275, 4860)
    model.trainable = False
    assert measure_cost(model, (4, 6, 6, 2)) == Cost(0, 275, 4860)


def test_a_depthwise_convolution_by_hand():
    """4 x 5 x 6 clip, stride 2: 4 * 3 * 3 places, 3 * 3 * 3 * 2 taps each.

    Then 5 taps in time at those places: 36 * (54 + 10) multiply-adds. Taps that
    padding would meet count in a clip of one frame, too.
    """
    model = keras.Sequential(
        [DepthwiseConv3D((3, 3, 3), 2), DepthwiseConv3D((5, 1, 1))]
    )
    model(tf.zeros([1, 4, 5, 6, 2]))
    for frames in (4, 2, 1):
        cost = measure_cost(model, (frames, 5, 6, 2))
        assert cost == Cost(64, 64, frames * 9 * 64)


def test_a_dense_layer_by_hand():
    """3 * 4 of the mean of a clip, which itself costs nothing."""
    mean = keras.layers.GlobalAveragePooling3D()
    model = keras.Sequential([mean, keras.layers.Dense(4)])
    model(tf.zeros([1, 2, 5, 5, 3]))
    assert measure_cost(model, (2, 5, 5, 3)) == Cost(16, 16, 12)


def test_nextvlad_by_hand():
    """30 frames: of the picture 1024 features in 2 groups, 4 clusters; of the
    sound 128 in one group, 2 clusters; 512 * 4 + 128 * 2 sums to 8 units.
    """
    picture = 30 * 1024 * (1024 + 2 + 2 * 4) + 30 * 2 * 512 * 4
    sound = 30 * 128 * (128 + 1 + 2) + 30 * 128 * 2
    rest = 2304 * 8 + 8 * 4 + 4 * 8 + 8 * 3
    found = measure_cost(NEXTVLAD.network(), (30, 1152)).multiply_adds
    assert found == picture + sound + rest


def test_hrnn_by_hand():
    """5 frames are 3 chunks of 2, one of them padded; 4 cells."""
    chunks = 6 * 4 * 4 * ((1152 + 4) + (4 + 4))
    state = 3 * 4 * 4 * ((16 + 4) + (4 + 4))
    # Of 3 classes 3 gates and 2 experts each.
    head = 16 * 3 * (3 + 2)
    found = measure_cost(HRNN.network(), (5, 1152)).multiply_adds
    assert found == chunks + state + head


def test_taps_in_the_padding_count():
    """One frame, one pixel: 27 taps for one place, though one sees it."""
    model = keras.Sequential([Conv3D(1, 3, padding="same", use_bias=False)])
    model(tf.zeros([1, 1, 1, 1, 1]))
    assert measure_cost(model, (1, 1, 1, 1)) == Cost(27, 27, 27)


@pytest.mark.parametrize(
    "name",
    [
        name
        if name == "slim_s3dg_k400"
        else pytest.param(name, marks=pytest.mark.large)
        for name in NETWORKS
    ],
)
def test_costs_of_the_original_graphs(goldens, name):
    """To the last parameter; multiply-adds to the six digits that are told."""
    folder = goldens / "networks"
    flops = json.loads((folder / "flops.json").read_text()).get(name, {})
    params = json.loads((folder / "params.json").read_text()).get(name, {})
    network = built(*NETWORKS[name])
    channels = NETWORKS[name][2]
    for frames in (16, 64):
        cost = measure_cost(network, (frames, 224, 224, channels))
        if flops:
            assert cost.multiply_adds == pytest.approx(
                1e9 * flops[f"{frames}x224x224"]["gmacs"], abs=501
            )
    total = params.get("total") or flops["params_total"]
    trained = params.get("trainable") or flops["params_trainable"]
    assert (cost.trained_parameters, cost.parameters) == (trained, total)


@pytest.mark.parametrize(
    "name, network", [("slim_s3dg_k400", S3DG), ("slim_i3d_k400", I3D)]
)
@pytest.mark.large
def test_short_clips_of_the_original(goldens, name, network):
    """Two clips with one feature frame at the end, where kernels are cut.

    The golden has the gates of one of them only.
    """
    folder = goldens / "networks"
    origin = json.loads((folder / "goldens.json").read_text())
    gates = json.loads((folder / "params.json").read_text())[name][
        "self_gating"
    ]
    cost = measure_cost(built(network, {}, 3), (8, 64, 64, 3))
    macs = origin["cases"][f"{name}/2x8x64"]["macs"]
    assert 2 * cost.multiply_adds == macs + gates


@pytest.mark.large
def test_non_local_blocks():
    """An eighth of the channels: 104 before both blocks, 52 inside.

    Each has 4 * 104 * 52 weights and 3 * 52 + 104 biases; 2 x 2 x 2 places.
    """
    eighth = {"depth_multiplier": 1 / 8, "min_depth": 2}
    plain, non_local = (
        measure_cost(built(each, eighth, 3), (16, 64, 64, 3))
        for each in (S3DG, NonLocalS3DG)
    )
    weights = 4 * 104 * 52
    assert non_local.parameters - plain.parameters == 2 * (weights + 260)
    assert non_local.multiply_adds - plain.multiply_adds == 2 * 8 * weights
