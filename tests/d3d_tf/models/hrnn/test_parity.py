"""H-RNN is the authors': shared/goldens/yt8m."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.distill.fewer_frames import encoding_loss, prediction_loss
from d3d_tf.experiment.lesson import Lesson
from d3d_tf.layers.weight_decay import sum_of_losses
from d3d_tf.models import make_network
from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.hrnn.network import HRNN, build
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.tasks.multilabel.cross_entropy import cross_entropy
from tests.harness.yt8m import (
    INFERENCE,
    LOSSES,
    SLOPES,
    Goldens,
    check_slopes,
    close,
    slopes_of_a_step,
)

EPSILON = 1e-5
# Theirs, of TensorFlow's `BasicLSTMCell`, to Keras': i, j, f, o to i, f, j, o.
ORDER = (0, 2, 1, 3)


def put(network: HRNN, scope: str, values: dict) -> None:
    """The original's values: forget biases have the 1 that it adds later."""
    for level, number in zip(network.trunk.levels, (1, 2), strict=True):
        for i, lstm in enumerate(level.lstms):
            cell = f"{scope}/RNN_L{number}/rnn/multi_rnn_cell/cell_{i}"
            kernel, bias = (
                np.concatenate([np.split(value, 4, -1)[k] for k in ORDER], -1)
                for value in (
                    values[f"{cell}/basic_lstm_cell/{name}"]
                    for name in ("kernel", "bias")
                )
            )
            cells = level.cells
            bias[cells : 2 * cells] += 1.0
            lstm.set_weights([kernel[:-cells], kernel[-cells:], bias])
    head, start = network.head, f"{scope}/classifier"
    head.gates.set_weights([values[f"{start}/gates/weights"]])
    head.experts.set_weights(
        [values[f"{start}/experts/{name}"] for name in ("weights", "biases")]
    )


def slopes_names(network: HRNN, scope: str) -> dict:
    """The variables whose gradients have the originals' norms.

    All but the kernels of the LSTMs, which are two here; see `check_kernels`.
    """
    names = {
        f"{scope}/RNN_L{number}/rnn/multi_rnn_cell/cell_{i}/basic_lstm_cell"
        "/bias": lstm.cell.bias
        for level, number in zip(network.trunk.levels, (1, 2), strict=True)
        for i, lstm in enumerate(level.lstms)
    }
    start = f"{scope}/classifier"
    return names | {
        f"{start}/gates/weights": network.head.gates.kernel,
        f"{start}/experts/weights": network.head.experts.kernel,
        f"{start}/experts/biases": network.head.experts.bias,
    }


def check_kernels(tape, total, network: HRNN, scope: str, norms: dict) -> None:
    """Theirs is the norm of the gradients of both kernels together."""
    for level, number in zip(network.trunk.levels, (1, 2), strict=True):
        for i, lstm in enumerate(level.lstms):
            pair = [lstm.cell.kernel, lstm.cell.recurrent_kernel]
            found = tf.linalg.global_norm(tape.gradient(total, pair))
            name = f"{scope}/RNN_L{number}/rnn/multi_rnn_cell/cell_{i}"
            close(found, norms[f"{name}/basic_lstm_cell/kernel"], 1e-3)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("hrnn_a", marks=pytest.mark.large),
        "hrnn_b",
        pytest.param("hrnn_c", marks=pytest.mark.large),
    ],
)
def test_teacher_and_student(goldens, name):
    """States, probabilities, losses and gradients of both."""
    goldens = Goldens(goldens, name)
    case, arrays, losses = goldens.case, goldens.arrays, goldens.case["losses"]
    clip, labels, weights = goldens.clip(), goldens.labels(), goldens.weights()
    student = case["student"]
    given = {
        "teacher": (15, clip, case["frames"]),
        "student": (
            student["chunk_length"],
            clip[:, :: case["every_n"]],
            student["num_frames"],
        ),
    }
    said = {}
    with tf.GradientTape(persistent=True) as tape:
        for role, (length, features, frames) in given.items():
            recipe = HRNNRecipe(cells=case["cells"], chunk_frames=length)
            network = build(recipe, case["classes"], case["dims"])
            put(network, SCOPES[role], weights)
            inputs = features, np.int32(frames)
            logits, found = network.logits_and_features(inputs, training=True)
            p = tf.sigmoid(logits)
            ce = tf.reduce_mean(cross_entropy(labels, p, EPSILON))
            decay = sum_of_losses(network)
            said[role] = network, found["state"], p, ce, decay
            chunks = found["chunks"]
            close(chunks, arrays[f"{role}_chunks"], INFERENCE)
            close(found["state"], arrays[f"{role}_state"], INFERENCE)
            close(p, arrays[f"{role}_probs"], INFERENCE)
            close(ce, losses[f"{role}_ce"], LOSSES)
            # The recipe's weight is that of the loss: the code doubles it.
            close(decay, 2 * sum(losses[f"l2_{role}"]), LOSSES)
        (_, theirs, p, ce, decay), (_, ours, q, own, more) = said.values()
        rep = tf.reduce_mean(encoding_loss(ours, tf.stop_gradient(theirs)))
        pred = tf.reduce_sum(prediction_loss(q, tf.stop_gradient(p)))
        totals = {
            "teacher": ce + decay,
            "student": 2 * rep + pred + own + more,
        }
    close(rep, losses["rep"], LOSSES)
    close(pred, losses["pred"], LOSSES)
    close(totals["student"], losses["total_student"], LOSSES)
    for role, total in totals.items():
        network, norms = said[role][0], case["gradient_l2_norms"][role]
        names = slopes_names(network, SCOPES[role])
        rest = {n: v for n, v in norms.items() if n in names}
        assert len(rest) + 4 == len(norms)
        check_slopes(tape, total, names, rest)
        check_kernels(tape, total, network, SCOPES[role], norms)


SCOPES = {"teacher": "model", "student": "model_student"}
# Of the authors' code: L_rep twice, L_pred summed over the batch's 4 videos.
RELEASED = (
    "task=youtube8m",
    "model=hrnn",
    "train.log_epsilon=0.00001",
    "distill.terms=[{where: state, loss: squares, weight: 2.0},"
    "{where: logits, loss: label_kl, weight: 4.0}]",
)


@pytest.mark.large
def test_a_step_of_the_released_student(goldens):
    """Loss and gradients by the recipe, as a training computes them."""
    goldens = Goldens(goldens, "hrnn_b")
    case, clip, weights = goldens.case, goldens.clip(), goldens.weights()
    recipe = config.override(OWN_VIDEOS, list(RELEASED))
    teacher, student = (
        build(
            HRNNRecipe(cells=case["cells"], chunk_frames=length),
            case["classes"],
            case["dims"],
        )
        for length in (15, case["student"]["chunk_length"])
    )
    put(teacher, SCOPES["teacher"], weights)
    put(student, SCOPES["student"], weights)
    inputs = {
        "features": (
            clip[:, :: case["every_n"]],
            np.int32(case["student"]["num_frames"]),
        ),
        "all_features": (clip, np.int32(case["frames"])),
    }
    lesson = Lesson("features", teacher, "all_features")
    logs = slopes_of_a_step(lesson, student, recipe, inputs, goldens.labels())
    losses = case["losses"]
    close(logs["student_loss"], losses["student_ce"], LOSSES)
    close(logs["distillation_loss_state"], losses["rep"], LOSSES)
    close(4 * logs["distillation_loss"][0], losses["pred"], LOSSES)
    close(logs["loss"], losses["total_student"], LOSSES)
    scope, norms = SCOPES["student"], case["gradient_l2_norms"]["student"]
    for name, slope in slopes_names(student, scope).items():
        close(tf.norm(slope), norms[name], SLOPES)
    for level, number in zip(student.trunk.levels, (1, 2), strict=True):
        for i, lstm in enumerate(level.lstms):
            pair = [lstm.cell.kernel, lstm.cell.recurrent_kernel]
            name = f"{scope}/RNN_L{number}/rnn/multi_rnn_cell/cell_{i}"
            norm = norms[f"{name}/basic_lstm_cell/kernel"]
            close(tf.linalg.global_norm(pair), norm, SLOPES)


def test_counts(goldens):
    """The network of 4716 classes, from shapes alone."""
    text = (goldens / "yt8m" / "counts.json").read_text()
    golden = json.loads(text)["hrnn_teacher_or_student_C4716"]
    with tf.Graph().as_default():
        # A trainer in the same process may have asked for determinism.
        tf.random.set_seed(1)
        network = make_network(HRNNRecipe(), 4716, "features")
        lstms, all_ = (
            sum(int(np.prod(v.shape)) for v in part.variables)
            for part in (network.trunk, network)
        )
    assert (lstms, all_) == (golden["lstm"], golden["trainable"])
