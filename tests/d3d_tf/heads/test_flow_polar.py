"""Flow as magnitude and direction, against hand-made and golden numbers."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.heads.flow_polar import (
    endpoint_error,
    polar_loss,
    resized,
    to_polar,
    to_vectors,
)


def test_by_hand():
    vectors = tf.constant([[3.0, 4.0], [0.0, 0.0], [-2.0, 0.0], [0.0, -1.0]])
    polar = to_polar(vectors).numpy()
    expected = [[5, 0.8, 0.6], [0, 0, 1], [2, 0, -1], [1, -1, 0]]
    np.testing.assert_allclose(polar, expected, atol=1e-7)
    np.testing.assert_allclose(to_vectors(polar), vectors, atol=1e-6)


@pytest.fixture(scope="module")
def codec(goldens):
    folder = goldens / "dnr"
    numbers = json.loads((folder / "flow.json").read_text())["codec"]
    with np.load(folder / "flow.npz") as arrays:
        # Two pictures of 3 x 4, as one clip of two frames.
        values = {
            name.removeprefix("codec__"): arrays[name][None]
            for name in arrays
            if name.startswith("codec__")
        }
    return numbers, values


def test_codec(codec):
    _, values = codec
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(
        to_polar(tf.constant(values["uv"])), values["encoded"], **close
    )
    np.testing.assert_allclose(
        to_vectors(tf.constant(values["prediction"])),
        values["decoded_prediction"],
        **close,
    )


def test_loss_and_its_gradient(codec):
    numbers, values = codec
    prediction = tf.constant(values["prediction"])
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        loss = polar_loss(prediction, tf.constant(values["encoded"]))
    expected = numbers["loss_mean_over_pixels_sum_over_channels"]
    assert loss.numpy() == pytest.approx([expected], rel=1e-12)
    np.testing.assert_allclose(
        tape.gradient(loss, prediction), values["loss_gradient"], rtol=1e-10
    )


def test_endpoint_error(codec):
    numbers, values = codec
    truth, polar = values["uv"], tf.constant(values["prediction"])
    for vectors, name in (
        (to_vectors(polar), "epe"),
        (tf.zeros_like(truth), "epe_all_zeros"),
        (to_vectors(polar, normalize_angle=True), "epe_normalised_angle"),
    ):
        error = endpoint_error(vectors, truth).numpy()
        assert error == pytest.approx([numbers[name]], rel=1e-12), name


def test_resized():
    """Frame t has u = t and v = the row; every other frame, 2 x 3 blocks."""
    frames, rows = np.meshgrid(np.arange(4.0), np.arange(4.0), indexing="ij")
    vectors = np.stack([frames, rows], axis=-1)[None, :, :, None]
    vectors = np.repeat(vectors, 6, axis=3)
    found = resized(tf.constant(vectors, tf.float32), 2, (2, 2)).numpy()
    assert found.shape == (1, 2, 2, 2, 2)
    assert resized(tf.zeros([1, 5, 4, 6, 2]), 4, (2, 2)).shape[1] == 2
    np.testing.assert_allclose(found[0, 0, :, :, 0], 0)
    np.testing.assert_allclose(found[0, 1, :, :, 0], 2)
    np.testing.assert_allclose(found[0, :, 0, :, 1], 0.5)
    np.testing.assert_allclose(found[0, :, 1, :, 1], 2.5)
