"""Terms of distillation: of logits and of features, alone and together."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TermRecipe
from d3d_tf.distill.distiller import Distiller
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.networks import S3DG
from tests.harness import randomize, tiny_network
from tests.harness.step import check_step

BOTH = (TermRecipe("logits", weight=3.0), TermRecipe("Mixed_4f", weight=0.5))


class Fixed(keras.Model):
    """Logits and one endpoint's features that are weights."""

    def __init__(self, logits, features, endpoint="Mixed_4f"):
        super().__init__()
        self.endpoint = endpoint
        constant = keras.initializers.Constant
        self.logits = self.add_weight(
            name="logits", shape=[len(logits)], initializer=constant(logits)
        )
        self.place = self.add_weight(
            name="place", shape=[len(features)], initializer=constant(features)
        )

    def call(self, inputs):
        return tf.tile(self.logits[None], [tf.shape(inputs)[0], 1])

    def logits_and_features(self, inputs, training=None):
        place = tf.reshape(self.place, [1, 1, 1, 1, -1])
        count = tf.shape(inputs)[0]
        features = tf.tile(place, [count, 1, 1, 1, 1])
        return self(inputs), {self.endpoint: features}


def clips(count):
    rng = np.random.default_rng(0)
    inputs = {
        "frames": np.float32(rng.normal(size=[count, 2, 8, 8, 3])),
        "flow": np.float32(rng.normal(size=[count, 2, 8, 8, 2])),
    }
    return inputs, np.arange(count) % 2


def test_terms_by_hand():
    """Logits (0, ln 3) against (2, ln 3 + 4); features (1, 3) against (0, 1).

    Label 1: L_a = -ln(3/4). Logits: (4 + 16)/2 = 10, times 3. Features: (1 +
    4)/2 = 2.5, times 0.5. The gradient of the features is 0.5 * (s - t) =
    (0.5, 1), of the logits (1/4, -1/4) + 3 (s - t) = (0.25 - 6, -0.25 - 12).
    """
    student = Fixed([0.0, np.log(3)], [1.0, 3.0])
    teacher = Fixed([2.0, np.log(3) + 4], [0.0, 1.0])
    distiller = Distiller(teacher, student, terms=BOTH)
    distiller.compile(optimizer=keras.optimizers.SGD(1.0))
    logs = distiller.fit(clips(2)[0], np.array([1, 1]), verbose=0).history
    assert logs.keys() == {
        "loss",
        "student_loss",
        "distillation_loss",
        "distillation_loss_Mixed_4f",
    }
    assert logs["distillation_loss"] == pytest.approx([10], rel=1e-5)
    assert logs["distillation_loss_Mixed_4f"] == pytest.approx([2.5])
    assert logs["loss"] == pytest.approx([-np.log(0.75) + 30 + 1.25], rel=1e-5)
    np.testing.assert_allclose(student.place, [0.5, 2.0], rtol=1e-5)
    np.testing.assert_allclose(
        student.logits, [5.75, np.log(3) + 12.25], rtol=1e-5
    )
    np.testing.assert_array_equal(teacher.place, [0.0, 1.0])


def test_one_term_of_the_logits_is_the_short_way():
    inputs, labels = clips(4)
    results = []
    for options in (
        {"distillation_loss_weight": 8.0},
        {"terms": (TermRecipe(weight=8.0),)},
    ):
        student = tiny_network()
        randomize(student)
        distiller = Distiller(randomized(tiny_network(2)), student, **options)
        distiller.compile(optimizer=keras.optimizers.SGD(0.1))
        history = distiller.fit(
            inputs, labels, verbose=0, epochs=3, shuffle=False
        ).history
        results.append((history, student.get_weights()))
    (logs, weights), (other_logs, other_weights) = results
    assert logs.keys() == other_logs.keys()
    for name, values in logs.items():
        assert values == pytest.approx(other_logs[name], rel=1e-5)
    for value, other in zip(weights, other_weights, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)


def randomized(network):
    randomize(network, seed=1)
    return network


def network(channels, **options):
    options = {
        "dropout": 0.0,
        "depth_multiplier": 1 / 64,
        "min_depth": 2,
        "final_endpoint": "Conv2d_2c_3x3",
    } | options
    made = S3DG(3, **options)
    made(tf.zeros([1, 2, 8, 8, channels]))
    return made


TERMS = (
    TermRecipe("Conv2d_2b_1x1", weight=4.0),
    TermRecipe("logits", weight=0.7),
    TermRecipe("Conv2d_2c_3x3", weight=0.3),
)


def test_the_students_features_are_those_of_its_training_pass():
    """Of the batch's statistics; the teacher's of its averages."""
    inputs, labels = clips(4)
    teacher, student = randomized(network(2)), network(3)
    _, ours = student.logits_and_features(inputs["frames"], training=True)
    theirs = teacher.features(inputs["flow"])
    distiller = Distiller(teacher, student, terms=TERMS)
    distiller.compile(optimizer=keras.optimizers.SGD(0.0))
    data = tf.data.Dataset.from_tensors((inputs, labels))
    logs = distiller.fit(data, verbose=0).history
    for endpoint in ("Conv2d_2b_1x1", "Conv2d_2c_3x3"):
        expected = np.mean((ours[endpoint] - theirs[endpoint]) ** 2)
        (found,) = logs[f"distillation_loss_{endpoint}"]
        assert found == pytest.approx(expected, rel=1e-4)


class Tapped(keras.Model):
    """A tiny network whose endpoint is what its ReLU gives."""

    def __init__(self, channels, **options):
        super().__init__()
        net = tiny_network(channels, **options)
        (relu,) = [x for x in net.layers if isinstance(x, keras.layers.ReLU)]
        self.both = keras.Model(net.input, [net.output, relu.output])

    def call(self, inputs, training=None):
        return self.both(inputs, training=training)[0]

    def logits_and_features(self, inputs, training=None):
        logits, features = self.both(inputs, training=training)
        return logits, {"Mixed_4f": features}


@pytest.mark.parametrize("count", [pytest.param(4, marks=pytest.mark.large), 5])
def test_step_does_not_depend_on_replicas(replicas, count):
    """5 clips are 3 and 2, without batch norm."""
    options = {"synchronized": True} if count == 4 else {"batch_norm": False}

    def make():
        return Distiller(
            randomized(Tapped(2)),
            Tapped(3, weight_decay=0.05, **options),
            terms=BOTH,
        )

    data = tf.data.Dataset.from_tensors(clips(count))
    check_step(make, data.unbatch().batch(count), replicas)


def test_evaluation_without_the_teachers_input_reports_the_student():
    inputs, labels = clips(2)
    distiller = Distiller(randomized(network(2)), network(3), terms=TERMS)
    distiller.compile()
    logs = distiller.evaluate(
        {"frames": inputs["frames"]}, labels, verbose=0, return_dict=True
    )
    assert logs["student_loss"] > 0
    assert logs["distillation_loss_Conv2d_2c_3x3"] == 0


def test_ready_logits_are_no_target_for_features():
    inputs, labels = clips(2)
    ready = inputs | {"teacher_logits": np.zeros([2, 3], np.float32)}
    del ready["flow"]
    distiller = Distiller(None, network(3), terms=TERMS)
    distiller.compile()
    with pytest.raises(ValueError, match="not for terms of an endpoint"):
        distiller.fit(ready, labels, verbose=0)


def test_a_saved_configuration_keeps_the_terms():
    saved = Distiller(tiny_network(2), tiny_network(), terms=BOTH)
    config = json.loads(json.dumps(saved.get_config()))
    assert Distiller.from_config(config).get_terms() == BOTH


@pytest.mark.parametrize(
    ("teacher", "student", "expected"),
    [
        (
            lambda: network(2, min_depth=4),
            lambda: network(3),
            # 64 / 64 and 192 / 64 channels, but at least min_depth.
            r"\[1, 2, 2, 2\] \[time, height, width, channels\] in the student "
            r"and of \[1, 2, 2, 4\] in the teacher",
        ),
        (
            lambda: network(2, final_endpoint="MaxPool_2a_3x3"),
            lambda: network(3),
            "Conv2d_2b_1x1, which the teacher does not give out; it has Conv2d",
        ),
        (
            lambda: tiny_network(2, name="flow_network"),
            lambda: network(3),
            "flow_network does not give out any",
        ),
    ],
)
def test_features_that_cannot_be_compared(teacher, student, expected):
    inputs, labels = clips(2)
    distiller = Distiller(teacher(), student(), terms=TERMS[:1])
    distiller.compile()
    with pytest.raises(UserError, match=expected):
        distiller.fit(inputs, labels, verbose=0)
