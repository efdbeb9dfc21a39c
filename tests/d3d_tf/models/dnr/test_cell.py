"""DNR's cell against the released one, in float64."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.dnr.cell import RelayCell
from d3d_tf.models.resnet.config import ResNetRecipe
from tests.d3d_tf.models.resnet import copied_goldens
from tests.d3d_tf.models.resnet.golden_resnet import (
    cell_names,
    check_summary,
    golden_values,
    put,
    tensor,
)

OPS = copied_goldens.load()["ops"]
RECIPE = ResNetRecipe(normaliser="dnr", weight_decay=0.5)
FLOAT64 = 1e-10


@pytest.mark.parametrize("name", ["cell/c16", "cell/c10"])
def test_cell_is_the_original(name):
    """States of all steps, and the gradients of a sum of them."""
    case = OPS[name]
    cell = RelayCell(case["channels"], RECIPE, dtype="float64")
    batch = case["batch"]
    cell(tf.zeros([batch, case["channels"]], tf.float64), cell.start(batch))
    names = cell_names("", cell)
    put(names, golden_values(names, case["weights_seed"]))
    assert cell.count_params() == case["parameters"]
    steps = tf.constant(tensor(**case["x"]))
    weights = tensor(case["loss"]["seed"], case["loss"]["shape"])
    with tf.GradientTape() as tape:
        tape.watch(steps)
        state, found = cell.start(batch), []
        for step in tf.unstack(steps):
            state = cell(step, state)
            found.append(state)
        h, c = map(tf.stack, zip(*found, strict=True))
        loss = tf.reduce_sum(h * weights[0]) + tf.reduce_sum(c * weights[1])
    variables = [names[n].variable for n in case["grad_sum_of_squares"]]
    to_steps, *slopes = tape.gradient(loss, [steps, *variables])
    check_summary(h, case["arrays"]["h"], FLOAT64)
    check_summary(c, case["arrays"]["c"], FLOAT64)
    check_summary(to_steps, case["arrays"]["grad_x"], FLOAT64)
    assert float(loss) == pytest.approx(case["loss"]["value"], rel=FLOAT64)
    squares = [np.sum(np.square(slope)) for slope in slopes]
    expected = [*case["grad_sum_of_squares"].values()]
    np.testing.assert_allclose(squares, expected, rtol=FLOAT64)


def test_start(seed):
    """Uniform in 1 / sqrt(inputs), and so h is near sigmoid(0)^2 = 1/4."""
    cell = RelayCell(512, RECIPE)
    h, c = cell(tf.random.normal([4, 512]), cell.start(4))
    for dense, inputs in ((cell.u_in, 512), (cell.v_out, 128)):
        for variable in dense.weights:
            largest = abs(variable.numpy()).max()
            assert 0.95 * inputs**-0.5 < largest <= inputs**-0.5
    assert float(tf.reduce_mean(h)) == pytest.approx(0.25, abs=0.02)
    assert float(tf.reduce_mean(c)) == pytest.approx(0, abs=0.02)


def test_everything_decays():
    cell = RelayCell(8, RECIPE)
    cell(tf.zeros([1, 8]), cell.start(1))
    # 0.5 * w^2 / 2 of each variable.
    squares = sum(np.square(v).sum() for v in cell.trainable_variables)
    assert float(sum(cell.losses)) == pytest.approx(squares / 4, rel=1e-5)
    assert len(cell.losses) == len(cell.variables) == 8
