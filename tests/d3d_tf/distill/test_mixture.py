"""Training a mixture: its numbers are in vlad_mixture/test_parity.py."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TermRecipe
from d3d_tf.distill.mixture import MixtureDistiller, MixtureTrainer
from d3d_tf.distill.train_step import FEATURES
from d3d_tf.keras_api import keras
from d3d_tf.tasks.multilabel.cross_entropy import SummedCrossEntropy
from tests.harness.networks import randomize, softmax
from tests.harness.step import CLOSE, one_device, same_weights
from tests.harness.tiny import VLAD_MIXTURE

LABELS = np.float32([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]])


FRAMES = np.int32([5, 3, 4, 1])
TERMS = (
    TermRecipe(where="branches", loss="soft_targets", weight=4, temperature=2),
    TermRecipe(where="vlad", loss="squares", weight=0.01),
    TermRecipe(where="logits", loss="label_kl", weight=0.3),
)


def data():
    """One batch, of videos of several lengths; a teacher sees other ones."""
    clips = VLAD_MIXTURE.clips(4)
    inputs = {
        "features": (clips, FRAMES),
        "all_features": (clips[:, ::-1], FRAMES[::-1]),
    }
    return tf.data.Dataset.from_tensor_slices((inputs, LABELS)).batch(4)


def trainer():
    network = VLAD_MIXTURE.network(synchronized_batch_norm=True)
    return MixtureTrainer(network, input_key="features")


def student_trainer():
    """Of a mixture that learns from another one, which is not to be changed."""
    teacher = VLAD_MIXTURE.network()
    randomize(teacher, seed=1)
    return MixtureDistiller(
        teacher,
        VLAD_MIXTURE.network(synchronized_batch_norm=True),
        temperature=1.5,
        weight=0.7,
        student_loss_weight=0.5,
        terms=TERMS,
        input_key="features",
        teacher_input_key="all_features",
    )


def one_step(strategy, make):
    """The trainer after a step of plain SGD, and what it logged."""
    with strategy.scope():
        made = make()
        randomize(made.network)
        made.compile(keras.optimizers.SGD(0.1), SummedCrossEntropy())
    return made, made.fit(data(), verbose=0).history


@pytest.mark.large
@pytest.mark.parametrize("make", [trainer, student_trainer])
def test_one_and_two_replicas(replicas, make):
    one, expected = one_step(one_device(), make)
    two, found = one_step(replicas, make)
    assert found == {k: pytest.approx(v, 1e-5) for k, v in expected.items()}
    same_weights(two.network.get_weights(), one.network.get_weights(), **CLOSE)


@pytest.mark.large
def test_a_student_ensemble_by_hand():
    """Every term in float64, of what both networks say; the teacher stays."""
    made = student_trainer()
    teacher, student = made.get_teacher(), made.network
    randomize(student)
    inputs, _ = next(iter(data()))
    theirs, vlad = said(teacher, inputs["all_features"], training=False)[:2]
    ours, own_vlad, branches = said(student, inputs["features"], training=True)

    def entropy(logits):
        p = 1 / (1 + np.exp(-logits))
        terms = LABELS * np.log(p + 1e-8) + (1 - LABELS) * np.log(1 - p + 1e-8)
        return -terms.sum(1).mean()

    def divergence(target, answers, temperature):
        """Of exclusive classes."""
        p, q = softmax(target / temperature), softmax(answers / temperature)
        return (p * np.log((p + 1e-8) / (q + 1e-8))).sum(1).mean()

    odds = [1 / (1 + np.exp(-logits)) for logits in (theirs, ours)]
    p, q = (scores / scores.sum(1, keepdims=True) for scores in odds)
    parts = {
        "student_loss": (0.5, entropy(ours)),
        "branch_losses": (0.5, sum(map(entropy, branches))),
        "branch_divergence": (
            0.7,
            sum(divergence(ours, own, 1.5) for own in branches),
        ),
        "distillation_loss_branches": (
            4.0,
            sum(divergence(theirs, own, 2.0) for own in branches),
        ),
        # Each branch and the same one of the teacher: three parts of a whole.
        "distillation_loss_vlad": (
            0.01,
            sum(
                ((mine - other) ** 2).sum(-1).mean()
                for mine, other in zip(
                    np.split(own_vlad, 3, -1),
                    np.split(vlad, 3, -1),
                    strict=True,
                )
            ),
        ),
        "distillation_loss": (0.3, (p * np.log(p / q)).sum(1).mean()),
    }
    total = sum(weight * value for weight, value in parts.values())
    before = teacher.get_weights()
    made.compile(keras.optimizers.SGD(0.1), SummedCrossEntropy())
    logs = {k: v[0] for k, v in made.fit(data(), verbose=0).history.items()}
    # The penalty of the classifiers is too small to be seen here.
    assert logs.pop("loss") == pytest.approx(total, rel=1e-5)
    assert logs == {
        name: pytest.approx(value, rel=1e-4)
        for name, (_, value) in parts.items()
    }
    same_weights(teacher.get_weights(), before, rtol=0, atol=0)
    assert not teacher.trainable_variables


def said(network, inputs, training):
    """Logits, `vlad` without its axis of time, logits of every branch."""
    logits, features = network.logits_and_features(inputs, training=training)
    branches = network.head.branch_logits(features["gated"])
    return (
        np.float64(logits),
        np.float64(features["vlad"])[:, 0],
        np.moveaxis(np.float64(branches), 1, 0),
    )


@pytest.mark.large
def test_a_keras_file_brings_the_student_ensemble_back(tmp_path):
    """With its options; its next step is that of the one saved."""
    saved = student_trainer()
    saved.compile(keras.optimizers.Adam(0.01), SummedCrossEntropy())
    saved.fit(data(), verbose=0)
    saved.save(tmp_path / "x.keras")
    loaded = keras.models.load_model(tmp_path / "x.keras")
    assert isinstance(loaded, MixtureDistiller)
    loaded.set_teacher(saved.get_teacher())
    logs = [m.fit(data(), verbose=0).history for m in (loaded, saved)]
    assert logs[0] == {k: pytest.approx(v, 1e-5) for k, v in logs[1].items()}
    same_weights(loaded.get_weights(), saved.get_weights(), **CLOSE)


def test_the_parts_of_the_loss():
    """Of two branches in two classes: odds 3 : 1 and 1 : 1, the mixture like
    the second; the video has none of them.
    """
    trainer = MixtureTrainer(None, input_key="features", temperature=1.0)
    trainer.compile(loss=SummedCrossEntropy(epsilon=0.0))
    branches = tf.constant([[[np.log(3.0), 0.0], [0.0, 0.0]]], tf.float32)
    seen = {FEATURES: {"branches": branches}}
    losses = trainer.clip_losses(seen, LABELS[1:2, :2], branches[:, 1])
    weights, values = zip(*losses.values(), strict=True)
    assert [*losses] == [*MixtureTrainer.loss_names]
    assert weights == (1.0, 1.0, 9.0)
    half = np.log(2)
    expected = [
        2 * half,
        # Of the first log 4 and log 2, of the second log 2 twice.
        np.log(4) + 3 * half,
        # (1/2, 1/2) of (3/4, 1/4), and of itself.
        0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25),
    ]
    np.testing.assert_allclose(np.ravel(values), expected, rtol=1e-5)
