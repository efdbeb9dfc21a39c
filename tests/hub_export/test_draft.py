"""What a module is made from: its classes, and what makes it another one."""

import json

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from tests.hub_export.practice import export, made


@pytest.mark.parametrize(
    "labels, message",
    [
        (["left", "right"], "3 logits, and there are 2 class names"),
        ([], "3 logits, and there are 0 class names"),
        (["left", "", "up"], "Class 1 of 3 has no name"),
        (["left\n", "right", "up"], "breaks in 'left.n'"),
        # Python ends a line there, too.
        (["left", "right", "up\u2028down"], "breaks in 'up.u2028down'"),
    ],
)
def test_each_logit_has_one_line_for_its_name(tmp_path, labels, message):
    with pytest.raises(UserError, match=message):
        export(made(), tmp_path, labels=labels)
    assert not list(tmp_path.iterdir())


def test_the_same_weights_of_another_network(tmp_path):
    """Probabilities first, by mistake, then logits; then a rate."""
    clip = keras.Input([None, None, None, 3])
    means = keras.layers.GlobalAveragePooling3D()(clip)
    for activation, version in (("softmax", "1"), (None, "2")):
        last = keras.layers.Dense(3, activation)
        network = keras.Model(clip, last(means))
        network.set_weights([np.eye(3), np.zeros(3)])
        assert export(network, tmp_path).name == version
    assert export(network, tmp_path).name == "2"
    path = export(network, tmp_path, info={"frame_rate": 10.0})
    assert path.name == "3"
    assert json.loads((path / "module.json").read_text())["frame_rate"] == 10
