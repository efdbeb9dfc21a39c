"""The mixture is the authors': shared/goldens/yt8m."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.mixture import MixtureTrainer
from d3d_tf.layers.weight_decay import sum_of_losses
from d3d_tf.models import make_network
from d3d_tf.models.vlad_mixture.config import MixtureRecipe
from d3d_tf.tasks.multilabel.cross_entropy import SummedCrossEntropy
from tests.harness.yt8m import (
    AVERAGES,
    INFERENCE,
    LOSSES,
    TRAINING,
    Goldens,
    branch_names,
    check_slopes,
    close,
    norm_names,
    put,
)


def mixture_names(network) -> dict:
    """Variables by the original's names."""
    gate = network.trunk.gate
    names = norm_names("tower/mix_weights_bn", gate.batch_norm) | {
        "tower/mix_weights/weights": gate.dense.kernel,
        "tower/mix_weights/biases": gate.dense.bias,
    }
    for i, trunk in enumerate(network.trunk.trunks):
        head = network.head.heads[i]
        names |= branch_names(f"tower/branch_{i}", trunk, head, "vlad")
    return names


def test_all_of_the_mixture(goldens, tmp_path):
    """Inference, a step in training, its gradients and moving averages."""
    goldens = Goldens(goldens, "mix_a")
    case, arrays = goldens.case, goldens.arrays
    path = tmp_path / "eigenvals.npy"
    seed = case["eigenvalues"]["seed"]
    np.save(path, goldens.values.make_eigenvalues(seed))
    fields = ("groups", "clusters", "expansion", "hidden", "reduction")
    recipe = MixtureRecipe(
        eigenvalues=str(path), dropout=0.0, **{n: case[n] for n in fields}
    )
    network = make_network(recipe, case["classes"], "features")
    names = mixture_names(network)
    put(names, goldens.weights())
    inputs = goldens.clip(), np.int32(case["frames"])
    labels = goldens.labels()

    trainer = MixtureTrainer(
        network,
        input_key="features",
        temperature=case["temperature"],
        weight=case["cl_lambda"],
    )
    trainer.compile(loss=SummedCrossEntropy())
    check_arrays(network, inputs, "infer", arrays, INFERENCE)
    seen, logits = trainer.forward({"features": inputs}, training=False)
    losses = trainer.clip_losses(seen, labels, logits)
    own = tf.reduce_mean(losses["classification_loss"][1])
    close(own, case["infer"]["label_loss"], LOSSES)

    golden = case["train"]
    with tf.GradientTape() as tape:
        seen, logits = trainer.forward({"features": inputs}, training=True)
        losses = trainer.clip_losses(seen, labels, logits)
        decay = sum_of_losses(network)
        means = {
            name: weight * tf.reduce_mean(loss)
            for name, (weight, loss) in losses.items()
        }
        total = tf.add_n([*means.values(), decay])
    first, *others = golden["loss_terms"]
    close(means["classification_loss"], first, LOSSES)
    close(means["branch_losses"], sum(others), LOSSES)
    close(means["branch_divergence"], golden["distillation"], 5 * LOSSES)
    close(decay, sum(golden["l2_terms"]), LOSSES)
    close(total, golden["total"], LOSSES)
    check_slopes(tape, total, names, golden["gradient_l2_norms"])
    for key in arrays:
        if key.startswith("after/"):
            close(names[key.removeprefix("after/")], arrays[key], AVERAGES)
    check_arrays(network, inputs, "train", arrays, TRAINING)


def check_arrays(network, inputs, mode, arrays, share):
    training = mode == "train"
    logits, features = network.logits_and_features(inputs, training=training)
    close(logits, arrays[f"{mode}_mix_logit"], share)
    close(tf.sigmoid(logits), arrays[f"{mode}_predictions"], share)
    gated, gate = tf.split(features["gated"], [-1, 3], axis=-1)
    close(gate, arrays[f"{mode}_gate"], share)
    hidden = tf.split(features["hidden"], 3, axis=-1)
    branches = network.head.branch_logits(features["gated"])
    for i, part in enumerate(tf.split(gated, 3, axis=-1)):
        close(part, arrays[f"{mode}_b{i}_gated"], share)
        close(hidden[i], arrays[f"{mode}_b{i}_hidden"], share)
        close(branches[:, i], arrays[f"{mode}_b{i}_logits"], share)
        inner = network.trunk.trunks[i].units[2]
        squeezed = inner.squeezed(hidden[i], training)
        close(squeezed, arrays[f"{mode}_b{i}_gate_relu"], share)
    whitened = network.trunk.whitening(inputs[0])
    logits = network.trunk.gate.logits((whitened, None), training)
    close(logits, arrays[f"{mode}_gate_logits"], share)


@pytest.mark.large
def test_counts(goldens):
    """Of every variable of the mixture of 3862 classes, from shapes alone."""
    path = goldens / "yt8m" / "counts.json"
    golden = json.loads(path.read_text())["mix3_K112_r16_C3862"]
    with tf.Graph().as_default():
        # A trainer in the same process may have asked for determinism.
        tf.random.set_seed(1)
        network = make_network(MixtureRecipe(), 3862, "features")
        sizes = {
            name: int(np.prod(variable.shape))
            for name, variable in mixture_names(network).items()
        }
    trained = {k: v for k, v in sizes.items() if "moving_" not in k}
    assert trained == golden["by_variable"]
    assert sum(trained.values()) == golden["trainable"]
    assert sum(sizes.values()) - golden["trainable"] == golden["moving"]
    assert len(sizes) == len(network.variables)
