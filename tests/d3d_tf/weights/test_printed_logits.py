"""Logits against printed ones: a network whose logits are known by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.weights.printed_logits import check_acceptance
from d3d_tf.weights.published import Published


def network(clip, training=None):
    """Logits (3, 4) times the mean of the clip."""
    return tf.reduce_mean(clip) * tf.constant([[3.0, 4.0]])


def published(norm=10.0, **logits):
    """For a clip of twos: logits (6, 8), norm 10."""
    return Published(
        name="n",
        address="a",
        files={},
        family="deepmind",
        stream="frames",
        num_classes=2,
        labels="l",
        licence="x",
        citation="y",
        flow={},
        acceptance={
            "logits_norm": norm,
            "logits": {"run": 8.0} | logits,
        },
    )


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "clip.npy"
    np.save(path, np.full([1, 4, 8, 8, 3], 2.0))
    return str(path)


def test_printed_logits(sample, capsys):
    found = check_acceptance(network, published(), ["jump", "run"], sample)
    assert found["sample"] == sample
    assert set(found["relative_differences"]) == {"norm", "run"}
    assert max(found["relative_differences"].values()) < 1e-6
    assert f"logits of {sample} as printed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "entry, match",
    [
        (published(norm=10.02), "norm of the logits is 10, .*printed 10.02"),
        (published(jump=6.01), "jump of the logits is 6, .*printed 6.01"),
        (None, "no logits are published"),
    ],
)
def test_others(sample, entry, match):
    with pytest.raises(UserError, match=match):
        check_acceptance(network, entry, ["jump", "run"], sample)


def test_a_file_that_is_no_clip(tmp_path):
    path = tmp_path / "clip.npy"
    path.write_text("x")
    with pytest.raises(UserError, match="no readable .npy"):
        check_acceptance(network, published(), ["jump", "run"], str(path))
    np.save(path, np.zeros([4, 8, 8, 3]))
    with pytest.raises(UserError, match=r"has the shape \[4, 8, 8, 3\]"):
        check_acceptance(network, published(), ["jump", "run"], str(path))
