"""Equations 1 and 2 of D3D on numbers; what a teacher may and may not do."""

import h5py
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TermRecipe
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.losses import logit_mse
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.networks import S3DG
from d3d_tf.training.callbacks import Progress
from tests.harness import (
    one_device,
    randomize,
    softmax,
    tiny_network,
    train_once,
)
from tests.harness.step import check_step
from tests.harness.tiny import NEXTVLAD


class Fixed(keras.Model):
    """Logits that are a weight, whatever the clip shows."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = self.add_weight(
            name="logits",
            shape=[len(logits)],
            initializer=keras.initializers.Constant(logits),
        )

    def call(self, inputs):
        return tf.tile(self.logits[None], [tf.shape(inputs)[0], 1])


def clips(count, *, weighted=False, **more):
    """Batches of frames, flow and labels; nothing in them is alike."""
    rng = np.random.default_rng(0)
    scale = np.arange(1, count + 1).reshape(-1, 1, 1, 1, 1)
    inputs = {
        "frames": np.float32(scale * rng.normal(size=[count, 2, 3, 3, 3])),
        "flow": np.float32(scale * rng.normal(size=[count, 2, 3, 3, 2])),
    }
    parts = (inputs | more, np.arange(count) % 3)
    if weighted:
        parts += (np.float32(0.5 + np.arange(count)),)
    return parts


def batch_of(parts, *without):
    """All clips in one batch, some inputs left out."""
    inputs = {k: v for k, v in parts[0].items() if k not in without}
    data = tf.data.Dataset.from_tensor_slices((inputs, *parts[1:]))
    return data.batch(len(parts[1]))


def teacher_network(**kwargs):
    """Its weights are not those that `randomize` gives the student."""
    network = tiny_network(2, **kwargs)
    randomize(network, seed=1)
    return network


def test_equations_by_hand():
    """Student (0, ln 3), teacher (2, ln 3 + 4), label 1, two clips alike.

    softmax = (1/4, 3/4): L_a = -ln(3/4) = 0.28768. L_d = (4 + 16)/2 = 10.
    Weights 2 and 0.5: L = 5.57536. Gradient 2 (1/4, -1/4) + 0.5 * (s - t) =
    (0.5, -0.5) + (-1, -2); the step of rate 1 goes the other way.
    """
    student = Fixed(0.0, np.log(3))
    distiller = Distiller(
        Fixed(2.0, np.log(3) + 4),
        student,
        distillation_loss_weight=0.5,
        student_loss_weight=2.0,
    )
    distiller.compile(optimizer=keras.optimizers.SGD(1.0))
    inputs, _ = clips(2)
    logs = distiller.fit(inputs, np.array([1, 1]), verbose=0).history
    assert logs["loss"] == pytest.approx([2 * -np.log(0.75) + 5], rel=1e-5)
    assert logs["student_loss"] == pytest.approx([-np.log(0.75)], rel=1e-5)
    assert logs["distillation_loss"] == pytest.approx([10], rel=1e-5)
    np.testing.assert_allclose(
        student.logits, [0.5, np.log(3) + 2.5], rtol=1e-5
    )


def test_defaults_are_the_papers():
    """L = L_a + L_d, lambda 1, squared error of logits."""
    distiller = Distiller(Fixed(2.0, 0.0), Fixed(0.0, 0.0))
    distiller.compile()
    inputs, _ = clips(3)
    logs = distiller.evaluate(inputs, np.zeros(3), verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(np.log(2) + 2, rel=1e-5)


def test_any_distillation_loss():
    """The sum over classes instead of the mean: 3 classes, 3 times as much."""

    def summed(student, teacher):
        return tf.reduce_sum((student - teacher) ** 2, axis=-1)

    distiller = Distiller(
        Fixed(1.0, 2.0, 3.0),
        Fixed(0.0, 0.0, 0.0),
        distillation_loss=summed,
        distillation_loss_weight=0.1,
    )
    distiller.compile()
    inputs, labels = clips(3)
    logs = distiller.evaluate(inputs, labels, verbose=0, return_dict=True)
    assert logs["distillation_loss"] == pytest.approx(14)
    assert logs["loss"] == pytest.approx(np.log(3) + 1.4)


def test_teacher_is_frozen_and_in_inference_mode(seed):
    """Dropout 0.9 and batch norm: in training mode its logits would differ."""
    teacher = teacher_network(dropout=0.9)
    before = teacher.get_weights()
    student = tiny_network()
    distiller = Distiller(teacher, student)
    distiller.compile(optimizer=keras.optimizers.SGD(0.0))
    parts = clips(4)
    expected = np.mean(
        (teacher(parts[0]["flow"]) - student(parts[0]["frames"], training=True))
        ** 2
    )
    logs = distiller.fit(batch_of(parts), epochs=3, verbose=0).history
    np.testing.assert_allclose(logs["distillation_loss"], expected, rtol=1e-5)
    for old, new in zip(before, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert distiller.get_teacher() is teacher and distiller.student is student
    assert teacher.trainable_variables == []
    assert {id(v) for v in distiller.trainable_variables} == {
        id(v) for v in student.trainable_variables
    }
    ours = {id(v) for v in distiller.variables}
    assert not ours & {id(v) for v in teacher.variables}


def test_teacher_regularisers_are_no_loss():
    """Its kernels are penalised where it is trained, not here."""
    distiller = Distiller(teacher_network(weight_decay=5.0), Fixed(0.0, 0.0))
    assert distiller.losses == []


def test_ready_logits_are_the_teachers():
    """The step with `teacher_logits` is the step with flow and teacher."""
    teacher = teacher_network()
    parts = clips(4, weighted=True)
    ready = clips(
        4, weighted=True, teacher_logits=teacher(parts[0]["flow"]).numpy()
    )
    logs, weights = train_once(
        one_device(),
        lambda: Distiller(teacher, tiny_network()),
        batch_of(parts),
    )
    ready_logs, ready_weights = train_once(
        one_device(),
        lambda: Distiller(None, tiny_network()),
        batch_of(ready, "flow"),
    )
    assert ready_logs == pytest.approx(logs, rel=1e-6)
    for online, stored in zip(weights, ready_weights, strict=True):
        np.testing.assert_allclose(stored, online, atol=1e-6)


def test_ready_logits_come_before_the_teacher():
    distiller = Distiller(Fixed(50.0, 50.0, 50.0), Fixed(0.0, 0.0, 0.0))
    distiller.compile()
    inputs, labels = clips(2, teacher_logits=np.ones([2, 3], np.float32))
    logs = distiller.evaluate(inputs, labels, verbose=0, return_dict=True)
    assert logs["distillation_loss"] == pytest.approx(1)


def test_a_video_without_logits_has_only_its_label():
    """The step is that in which its distillation loss has no weight."""
    ready = np.float32([[1, 2, 3], [np.nan] * 3, [3, 2, 1], [2, 2, np.inf]])

    def step(teacher_logits, loss):
        parts = clips(4, teacher_logits=np.float32(teacher_logits))
        return train_once(
            one_device(),
            lambda: Distiller(None, tiny_network(), distillation_loss=loss),
            batch_of(parts, "flow"),
        )

    def known(student, teacher):
        error = tf.reduce_mean((student - teacher) ** 2, axis=-1)
        return error * tf.constant([1.0, 0.0, 1.0, 0.0])

    logs, weights = step(ready, logit_mse)
    expected_logs, expected = step(np.where(ready < 9, ready, 0), known)
    assert logs == pytest.approx(expected_logs, rel=1e-6)
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_teacher_may_see_frames():
    """The control of Table 6: the teacher is a spatial stream too."""
    teacher = tiny_network(3)
    randomize(teacher, seed=1)
    student = tiny_network(3)
    parts = clips(3)
    distiller = Distiller(teacher, student, teacher_input_key="frames")
    distiller.compile()
    expected = np.mean(
        (teacher(parts[0]["frames"]) - student(parts[0]["frames"])) ** 2
    )
    logs = distiller.evaluate(
        batch_of(parts, "flow"), verbose=0, return_dict=True
    )
    assert logs["distillation_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("missing", ["teacher", "flow"])
def test_training_without_a_teacher_says_so(missing):
    """Flow and no teacher, or a teacher and no flow."""
    teacher = None if missing == "teacher" else Fixed(0.0, 0.0, 0.0)
    distiller = Distiller(teacher, tiny_network())
    distiller.compile()
    without = ["flow"] if missing == "flow" else []
    with pytest.raises(ValueError, match="'teacher_logits'.*'flow'.*frames"):
        distiller.fit(batch_of(clips(2), *without), verbose=0)


def test_evaluation_without_a_teacher_is_the_students(seed):
    student = tiny_network(weight_decay=0.1)
    distiller = Distiller(Fixed(9.0, 9.0, 9.0), student)
    distiller.compile(metrics=["accuracy"])
    parts = clips(4)
    logs = distiller.evaluate(
        batch_of(parts, "flow"), verbose=0, return_dict=True
    )
    probabilities = softmax(student(parts[0]["frames"]).numpy())
    entropy = -np.log(probabilities[np.arange(4), parts[1]]).mean()
    assert logs["student_loss"] == pytest.approx(entropy, rel=1e-5)
    assert logs["loss"] == pytest.approx(
        entropy + float(sum(student.losses)), rel=1e-5
    )
    assert logs["accuracy"] == (probabilities.argmax(1) == parts[1]).mean()


def test_the_usual_life_of_a_keras_model(seed):
    """compile, fit with validation and callbacks, evaluate, predict."""
    teacher, student = teacher_network(), tiny_network()
    distiller = Distiller(teacher, student)
    distiller.compile(
        optimizer="adam", metrics=["accuracy"], steps_per_execution=2
    )
    parts = clips(6)
    best = keras.callbacks.EarlyStopping("val_loss", patience=9)
    history = distiller.fit(
        *parts,
        batch_size=3,
        epochs=4,
        validation_data=parts,
        callbacks=[best, keras.callbacks.TerminateOnNaN()],
        verbose=0,
    ).history
    names = {"loss", "student_loss", "distillation_loss", "accuracy"}
    assert history.keys() == names | {f"val_{name}" for name in names}
    assert history["loss"][-1] < history["loss"][0]
    assert int(distiller.optimizer.iterations) == 8
    np.testing.assert_allclose(
        distiller.predict(parts[0], verbose=0),
        student(parts[0]["frames"]),
        atol=1e-6,
    )


def test_step_does_not_depend_on_replicas(replicas):
    """Eq. 1 with weights 0.7 and 1.3, clip weights, regularisers, batch norm;
    5 clips are 3 and 2.
    """

    def make():
        return Distiller(
            teacher_network(),
            tiny_network(synchronized=True, weight_decay=0.05),
            distillation_loss_weight=0.7,
            student_loss_weight=1.3,
        )

    check_step(make, batch_of(clips(5, weighted=True)), replicas)


@pytest.mark.large
def test_step_on_features_does_not_depend_on_replicas(replicas):
    """The teacher sees all frames of 4 videos, the student 3 of each.

    The sum over the encoding has a weight that keeps gradients near 1, of which
    the tolerance is.
    """
    terms = TermRecipe("vlad", "squares", 0.01), TermRecipe(loss="label_kl")

    def make():
        return Distiller(
            NEXTVLAD.network(),
            NEXTVLAD.network(synchronized_batch_norm=True),
            terms=terms,
            input_key="features",
            teacher_input_key="all_features",
        )

    videos, frames = NEXTVLAD.clips(4, (6,)), np.int32([6, 4, 5, 1])
    inputs = {
        "features": (videos[:, ::2], (frames + 1) // 2),
        "all_features": (videos, frames),
    }
    data = tf.data.Dataset.from_tensor_slices((inputs, np.arange(4) % 3))
    check_step(make, data.batch(4), replicas)


def test_evaluation_does_not_depend_on_replicas(replicas):
    """5 clips are 3 and 2; the same student everywhere."""
    results = []
    for strategy in (one_device(), replicas):
        with strategy.scope():
            distiller = Distiller(teacher_network(), tiny_network())
            distiller.compile()
        randomize(distiller.student)
        data = batch_of(clips(5))
        results.append(distiller.evaluate(data, verbose=0, return_dict=True))
    assert results[1] == pytest.approx(results[0], rel=1e-5)


def test_mixed_precision(precision, seed):
    precision("mixed_float16")
    teacher, student = teacher_network(), tiny_network()
    before = student.get_weights()
    distiller = Distiller(teacher, student)
    distiller.compile(optimizer=keras.optimizers.SGD(0.1))
    seen = []

    def loss(student_logits, teacher_logits):
        seen.extend([student_logits.dtype, teacher_logits.dtype])
        return tf.reduce_mean((student_logits - teacher_logits) ** 2, -1)

    distiller.distillation_loss = loss
    logs = distiller.fit(batch_of(clips(4)), verbose=0).history
    assert set(seen) == {tf.float32}
    assert np.isfinite(logs["loss"]).all()
    assert any(
        (old != new).any()
        for old, new in zip(before, student.get_weights(), strict=True)
    )


def test_a_loss_that_is_no_number_ends_the_training():
    distiller = Distiller(Fixed(np.inf, 0.0, 0.0), tiny_network())
    distiller.compile()
    data = batch_of(clips(2)).repeat()
    with pytest.raises(UserError, match="learning_rate"):
        distiller.fit(
            data,
            steps_per_epoch=30,
            verbose=0,
            callbacks=[Progress("test", 0, 30)],
        )


@pytest.fixture
def trained():
    distiller = Distiller(teacher_network(), tiny_network())
    distiller.compile(optimizer=keras.optimizers.SGD(0.1))
    distiller.fit(batch_of(clips(2)), verbose=0)
    return distiller


def student_shapes(distiller):
    return sorted(list(v.shape) for v in distiller.student.variables)


def test_checkpoints_hold_no_teacher(trained, tmp_path):
    """TensorFlow's format: the first kernel of 2 channels is the teacher's."""
    trained.save_weights(tmp_path / "weights")
    shapes = [s for _, s in tf.train.list_variables(str(tmp_path / "weights"))]
    assert [3, 3, 3, 3, 4] in shapes and [3, 3, 3, 2, 4] not in shapes


def test_weight_files_hold_no_teacher(trained, tmp_path):
    trained.save_weights(tmp_path / "x.weights.h5")
    shapes = []
    with h5py.File(tmp_path / "x.weights.h5") as file:
        file.visititems(
            lambda name, item: shapes.append(list(getattr(item, "shape", ())))
        )
    assert [3, 3, 3, 3, 4] in shapes and [3, 3, 3, 2, 4] not in shapes


def test_old_weight_files_hold_the_student_alone(trained, tmp_path):
    trained.save_weights(tmp_path / "x.h5")
    shapes = []
    with h5py.File(tmp_path / "x.h5") as file:
        file.visititems(
            lambda name, item: (
                shapes.append(list(item.shape))
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    assert sorted(shapes) == student_shapes(trained)


def test_a_keras_file_goes_on_as_if_never_saved(seed, tmp_path):
    """One more step, with Adam's state: equal to that of the one saved.

    The student comes back alone, so it asks for its teacher.
    """
    saved = Distiller(
        teacher_network(),
        # Without dropout, whose draws are others in another model.
        S3DG(
            3,
            dropout=0.0,
            depth_multiplier=1 / 64,
            min_depth=2,
            final_endpoint="Conv2d_1a_7x7",
        ),
        distillation_loss_weight=3.0,
        student_loss_weight=0.5,
    )
    saved.compile(keras.optimizers.Adam(0.01), metrics=["accuracy"])
    data = batch_of(clips(2))
    saved.fit(data, verbose=0)
    saved.save(tmp_path / "x.keras")
    loaded = keras.models.load_model(tmp_path / "x.keras")
    assert isinstance(loaded, Distiller)
    assert int(loaded.optimizer.iterations) == 1
    assert_same_weights(loaded, saved)
    with pytest.raises(ValueError, match="set_teacher gives"):
        loaded.fit(data, verbose=0)
    loaded.set_teacher(saved.get_teacher())
    logs = [
        model.fit(data, verbose=0, epochs=2).history
        for model in (loaded, saved)
    ]
    for key, values in logs[1].items():
        np.testing.assert_allclose(logs[0][key], values, rtol=1e-5)
    assert_same_weights(loaded, saved)
    # It is a step, and one with the given weights of the losses.
    first, second = logs[0]["loss"]
    assert first != second
    assert first == pytest.approx(
        0.5 * logs[0]["student_loss"][0] + 3 * logs[0]["distillation_loss"][0],
        rel=1e-3,  # And a little weight decay.
    )


def assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_another_teacher_is_used_at_once():
    """Logits 0; of the first teacher 1, of the second 3: squared, 1 and 9."""
    inputs, labels = clips(2)
    distiller = Distiller(Fixed(1.0, -1.0), Fixed(0.0, 0.0))
    distiller.compile(optimizer=keras.optimizers.SGD(0.0))
    losses = []
    for teacher in (Fixed(1.0, -1.0), Fixed(3.0, -3.0)):
        distiller.set_teacher(teacher)
        assert not teacher.trainable_variables
        logs = distiller.fit(inputs, labels % 2, verbose=0).history
        losses += logs["distillation_loss"]
    assert losses == [1, 9]
