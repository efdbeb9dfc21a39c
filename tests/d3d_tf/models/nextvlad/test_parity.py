"""NeXtVLAD is the authors': shared/goldens/yt8m, float64 runs of their code."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.experiment.lesson import Lesson
from d3d_tf.layers.weight_decay import sum_of_losses
from d3d_tf.models import make_network
from d3d_tf.models.nextvlad.aggregation import Aggregation, norm_of
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.tasks.multilabel.cross_entropy import cross_entropy
from tests.harness.yt8m import (
    AVERAGES,
    INFERENCE,
    LOSSES,
    TRAINING,
    Goldens,
    branch_names,
    check_slopes,
    close,
    put,
    slopes_of_a_step,
    stream_names,
)


def made(goldens, tmp_path, **changes):
    """The case's network, and its variables by the original's names."""
    case, values = goldens.case, goldens.values
    path = tmp_path / "eigenvals.npy"
    # As released: [2048, 1], of which the first 1024 count.
    eigenvalues = values.make_eigenvalues(case["eigenvalues"]["seed"])
    np.save(path, np.pad(eigenvalues, (0, 1024))[:, None])
    names = ("groups", "clusters", "expansion", "hidden", "reduction")
    options = {n: case[n] for n in names} | changes
    recipe = NeXtVLADRecipe(eigenvalues=str(path), dropout=0.0, **options)
    network = make_network(recipe, case["classes"], "features")
    names = branch_names("tower", network.trunk, network.head, "VLAD")
    put(names, goldens.weights())
    return network, names


def given(goldens):
    """The inputs: a student's are every tenth frame, with mask and all."""
    clip, frames = goldens.clip(), np.array(goldens.case["frames"])
    step = 300 // goldens.case.get("k", 300)
    # ceil(n / step) frames are the video's.
    return clip[:, ::step], np.int32(-(-frames // step))


@pytest.mark.parametrize("name", ["nextvlad_a", "student_a"])
def test_all_of_a_network(goldens, tmp_path, name):
    """Inference, a step in training, its gradients and moving averages."""
    goldens = Goldens(goldens, name)
    network, names = made(goldens, tmp_path)
    inputs, labels = given(goldens), goldens.labels()
    case, arrays = goldens.case, goldens.arrays
    streams, hidden, gate = network.trunk.units
    summary = case["model_input_summary"]
    whitened = streams.whitened(inputs[0]).numpy()
    first = summary["video0_frame0_first4"]
    np.testing.assert_allclose(whitened[0, 0, :4], first, rtol=1e-6)
    last = summary["video1_last_frame_dims1022_to_1026"]
    np.testing.assert_allclose(whitened[1, -1, 1022:1026], last, rtol=1e-6)
    close(np.linalg.norm(whitened, axis=(1, 2)), summary["l2"], 1e-6)

    logits, features = network.logits_and_features(inputs, training=False)
    for found in ("vlad", "hidden", "gated"):
        close(features[found], arrays[f"infer_{found}"], INFERENCE)
    squeezed = gate.squeezed(features["hidden"])
    close(squeezed, arrays["infer_gate_relu"], INFERENCE)
    close(logits, arrays["infer_logits"], INFERENCE)
    close(tf.sigmoid(logits), arrays["infer_probs"], INFERENCE)
    loss = cross_entropy(labels, tf.sigmoid(logits))
    close(tf.reduce_mean(loss), case["infer"]["label_loss"], LOSSES)

    golden = case["train"]
    with tf.GradientTape() as tape:
        logits, features = network.logits_and_features(inputs, training=True)
        loss = cross_entropy(labels, tf.sigmoid(logits))
        decay = sum_of_losses(network)
        total = tf.reduce_mean(loss) + decay
    for found in ("vlad", "hidden", "gated"):
        close(features[found], arrays[f"train_{found}"], TRAINING)
    close(logits, arrays["train_logits"], TRAINING)
    close(tf.sigmoid(logits), arrays["train_probs"], TRAINING)
    close(tf.reduce_mean(loss), golden["label_loss"], LOSSES)
    close(decay, sum(golden["l2_terms"]), LOSSES)
    close(total, golden["total"], LOSSES)
    check_slopes(tape, total, names, golden["gradient_l2_norms"])
    for key in arrays:
        if key.startswith("after/"):
            close(names[key.removeprefix("after/")], arrays[key], AVERAGES)
    squeezed = gate.squeezed(features["hidden"], training=True)
    close(squeezed, arrays["train_gate_relu"], TRAINING)


@pytest.mark.parametrize("masked", ["masked", "unmasked"])
def test_the_aggregation_alone(goldens, masked):
    goldens = Goldens(goldens, "tiny_a")
    case = goldens.case
    clip = tf.constant(case["input"], tf.float32)
    count = case["num_frames"] if masked == "masked" else [5, 5, 5]
    mask = tf.sequence_mask(count, 5)
    layer = Aggregation(2, 3, 2, norm=norm_of(NeXtVLADRecipe()))
    layer((clip, mask))
    names = stream_names("layer", layer)
    put(names, goldens.weights())
    for mode in "infer", "train":
        golden = case["results"][f"{mode}_{masked}"]
        training = mode == "train"
        before = layer.residuals((clip, mask), training=training)
        close(before, golden["vlad_before_bn"], TRAINING)
        put(names, goldens.weights())
        found = layer((clip, mask), training=training)
        close(found, golden["output"], TRAINING)
    for name, value in golden["moving_after_one_update"].items():
        close(names[name], value, AVERAGES)


@pytest.mark.parametrize("clusters, reduction", [(128, 8), (112, 16)])
def test_counts(goldens, clusters, reduction):
    """Of every variable of the networks of 3862 classes, from shapes alone."""
    name = f"nextvlad_K{clusters}_r{reduction}_C3862"
    path = goldens / "yt8m" / "counts.json"
    golden = json.loads(path.read_text())[name]
    recipe = NeXtVLADRecipe(clusters=clusters, reduction=reduction)
    with tf.Graph().as_default():
        # A trainer in the same process may have asked for determinism.
        tf.random.set_seed(1)
        network = make_network(recipe, 3862, "features")
        names = branch_names("tower", network.trunk, network.head, "VLAD")
        sizes = {
            name: int(np.prod(variable.shape))
            for name, variable in names.items()
        }
    trained = {k: v for k, v in sizes.items() if "moving_" not in k}
    assert trained == golden["by_variable"]
    assert sum(trained.values()) == golden["trainable"]
    assert sum(sizes.values()) - golden["trainable"] == golden["moving"]
    assert len(sizes) == len(network.variables)


# Of zhongzhh8's code, whose sums are over the batch, too, of 5 videos here.
# Its students have no weight decay.
RELEASED = (
    "task=youtube8m",
    "model=nextvlad",
    "distill.terms=[{where: gated, loss: squares, weight: 0.005},"
    "{where: logits, loss: score_squares, weight: 0.05}]",
)


def test_a_step_of_a_released_student(goldens, tmp_path):
    """Its loss L_CE + 0.01 L_pred + 0.001 L_rep, of the goldens' arrays.

    The teacher is the student itself in inference mode.
    """
    goldens = Goldens(goldens, "student_a")
    student, teacher = (
        made(goldens, tmp_path, weight_decay=0.0)[0] for _ in range(2)
    )
    recipe = config.override(OWN_VIDEOS, list(RELEASED))
    inputs = {"features": given(goldens), "all_features": given(goldens)}
    lesson = Lesson("features", teacher, "all_features")
    logs = slopes_of_a_step(lesson, student, recipe, inputs, goldens.labels())
    arrays = goldens.arrays
    rep, pred = (
        ((arrays[f"infer_{what}"] - arrays[f"train_{what}"]) ** 2).sum()
        for what in ("gated", "probs")
    )
    entropy = goldens.case["train"]["label_loss"]
    close(logs["student_loss"], entropy, LOSSES)
    total = entropy + 0.01 * pred + 0.001 * rep
    # Each of the terms is far above that share of the whole.
    close(logs["loss"], total, LOSSES)
    assert min(0.01 * pred, 0.001 * rep) > 100 * LOSSES * total
