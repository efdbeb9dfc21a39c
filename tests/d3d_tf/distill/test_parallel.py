"""A teacher that is trained beside its student, worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TermRecipe
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.tasks.multilabel.cross_entropy import SummedCrossEntropy
from d3d_tf.training.callbacks import Checkpointer, StopSignals
from tests.harness.step import check_resume, one_device

RATE, DECAY, LABELS, WEIGHT = 0.5, 0.1, 0.7, 3.0
RNG = np.random.default_rng(0)
# Two steps of 5 videos, 3 and 2 of two replicas; 2 features, all and some.
ALL, SOME = RNG.normal(size=[2, 10, 2])
TRUTH = np.float64(RNG.random([10, 3]) < 0.5)
TEACHER, STUDENT = RNG.normal(size=[2, 2, 3])


def linear(kernel, decay=0.0):
    """Logits that are a product."""
    network = keras.Sequential(
        [
            keras.layers.Dense(
                3,
                use_bias=False,
                kernel_regularizer=keras.regularizers.L2(decay),
            )
        ]
    )
    network.build([None, 2])
    network.set_weights([kernel])
    return network


def trainer():
    """Both networks, with the loss of labels, its weight and a term."""
    made = Distiller(
        None,
        linear(STUDENT),
        student_loss_weight=LABELS,
        terms=(TermRecipe(weight=WEIGHT),),
        input_key="features",
        teacher_input_key="all_features",
    )
    teacher = linear(TEACHER, DECAY)
    made.train_beside(StreamTrainer(teacher, input_key="all_features"))
    return made


def batches():
    inputs = {"features": np.float32(SOME), "all_features": np.float32(ALL)}
    return tf.data.Dataset.from_tensor_slices(
        (inputs, np.float32(TRUTH))
    ).batch(5)


def by_hand():
    """Both kernels after the two steps, and the means of the four losses.

    Of the entropy's slope, sigmoid - truth; of the mean of the squared
    difference of three logits, 2/3 of it, and none of it for the teacher.
    """
    teacher, student = TEACHER, STUDENT
    logs = []
    for part in (slice(0, 5), slice(5, 10)):
        x, seen, truth = ALL[part], SOME[part], TRUTH[part]
        theirs, ours = x @ teacher, seen @ student
        p, q = (1 / (1 + np.exp(-logits)) for logits in (theirs, ours))
        gap = ours - theirs
        penalty = DECAY * (teacher**2).sum()
        entropy, own = (
            -np.log(np.where(truth > 0, odds, 1 - odds)).sum(1).mean()
            for odds in (p, q)
        )
        distance = (gap**2).mean()
        logs.append(
            {
                "loss": LABELS * own + WEIGHT * distance,
                "student_loss": own,
                "distillation_loss": distance,
                "teacher_loss": entropy + penalty,
                "teacher_classification_loss": entropy,
            }
        )
        teacher = teacher - RATE * (x.T @ (p - truth) / 5 + 2 * DECAY * teacher)
        slope = LABELS * (q - truth) + WEIGHT * 2 / 3 * gap
        student = student - RATE * seen.T @ slope / 5
    means = {k: np.mean([row[k] for row in logs]) for k in logs[0]}
    return teacher, student, means


@pytest.mark.parametrize("count", [1, 2])
def test_two_steps_by_hand(count, replicas):
    """The second step's target is what the first made of the teacher."""
    with (one_device() if count == 1 else replicas).scope():
        made = trainer()
        made.compile(keras.optimizers.SGD(RATE), SummedCrossEntropy())
    logs = made.fit(batches(), verbose=0).history
    teacher, student, means = by_hand()
    assert {k: v[0] for k, v in logs.items()} == pytest.approx(means, 1e-5)
    (found,) = made.get_teacher().get_weights()
    np.testing.assert_allclose(found, teacher, rtol=1e-5, atol=1e-6)
    (found,) = made.student.get_weights()
    np.testing.assert_allclose(found, student, rtol=1e-5, atol=1e-6)
    # Each epoch counts anew.
    again = made.evaluate(batches(), verbose=0, return_dict=True)
    assert again.keys() == means.keys() - {
        "teacher_loss",
        "teacher_classification_loss",
    }


def test_a_stopped_training_goes_on(tmp_path):
    """Both networks and both optimisers are in the checkpoint."""

    def make():
        made = trainer()
        made.get_tutor().network.set_weights([TEACHER])
        return made

    data = batches().map(lambda inputs, truth: (inputs, tf.argmax(truth, 1)))
    check_resume(make, data, tmp_path / "half")


def test_the_optimisers_are_two():
    made = trainer()
    made.compile(keras.optimizers.Adam(0.01), SummedCrossEntropy())
    made.fit(batches(), verbose=0)
    own, other = made.optimizer, made.get_tutor().optimizer
    assert own is not other and own.get_config() == other.get_config()
    assert int(other.iterations) == int(own.iterations) == 2
    assert not {id(v) for v in own.variables} & {id(v) for v in other.variables}
    assert [v.shape for v in made.trainable_variables] == [(2, 3)]


def test_a_teacher_that_is_no_number_is_not_saved():
    """The loss is older than its update."""
    made = trainer()
    made.compile(keras.optimizers.SGD(RATE), SummedCrossEntropy())
    made.get_teacher().set_weights([np.full([2, 3], np.inf)])
    keeper = Checkpointer(None, 9, StopSignals())
    keeper.set_model(made)
    with pytest.raises(UserError, match="made weights that are not finite"):
        keeper.on_epoch_end(0, {"loss": 1.0})
