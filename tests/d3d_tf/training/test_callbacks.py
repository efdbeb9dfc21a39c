"""When a training saves, and what ends it."""

import os
import signal
import time

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.training.callbacks import (
    Checkpointer,
    Progress,
    Speed,
    StopSignals,
    make_history,
)


class Saves:
    """Stands in for a `tf.train.CheckpointManager`: notes the numbers."""

    def __init__(self):
        self.steps = []

    def save(self, checkpoint_number):
        self.steps.append(checkpoint_number)


class Do(keras.callbacks.Callback):
    """Calls a function at the end of a step."""

    def __init__(self, step, action):
        super().__init__()
        self.step, self.action = step, action

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == self.step:
            self.action()


def fit(*callbacks, epochs=10, per_epoch=2, target=0.0, optimizer="sgd"):
    """Up to 20 steps of a model with one weight."""
    model = keras.Sequential([keras.layers.Dense(1, input_shape=[1])])
    model.compile(optimizer, "mse")
    inputs = np.ones([epochs * per_epoch, 1])
    model.fit(
        inputs,
        np.full_like(inputs, target),
        batch_size=1,
        epochs=epochs,
        steps_per_epoch=per_epoch,
        verbose=0,
        callbacks=list(callbacks),
    )
    return int(model.optimizer.iterations)


@pytest.mark.parametrize(
    "steps, saved", [(6, [2, 4, 6]), (5, [2, 4, 5]), (1, [1])]
)
def test_saves_every_epoch_and_at_the_end(steps, saved):
    """Two steps to the epoch; the last may be shorter; nothing twice."""
    manager = Saves()
    assert fit(Checkpointer(manager, steps, StopSignals())) == steps
    assert manager.steps == saved


def test_it_goes_on_counting():
    """An optimizer that has made 3 steps of 8: five more."""
    optimizer = keras.optimizers.SGD()
    optimizer.iterations.assign(3)
    manager = Saves()
    assert fit(Checkpointer(manager, 8, StopSignals()), optimizer=optimizer)
    assert manager.steps == [5, 7, 8]


def test_an_update_that_is_no_number_is_not_saved():
    """Loss 1e8 / 1 and gradient -2e4: both finite; the rate 1e38 is not.

    The loss of the only step is taken before its update, so it tells nothing.
    """
    manager = Saves()
    with pytest.raises(UserError, match="update of step 1.*learning_rate"):
        fit(
            Checkpointer(manager, 1, StopSignals()),
            target=1e4,
            optimizer=keras.optimizers.SGD(1e38),
        )
    assert manager.steps == []


def test_the_epochs_logs_tell_the_step():
    """For what comes after it in the list, such as a CSVLogger."""
    steps = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: steps.append(logs["step"])
    )
    fit(
        Progress("practice", 0, 5),
        note,
        Checkpointer(Saves(), 5, StopSignals()),
    )
    assert steps == [2, 4, 5]


@pytest.mark.parametrize(
    ("left", "start"),
    [
        ("", 0),
        ("epoch,loss,step\n0,5,2\n", 0),  # Killed in the first save.
        ("epoch,loss,step\n0,1.0,2\n1,5,4\n", 2),
        ("epoch,loss,step\n0,1.0,2\n1,", 2),  # Killed while writing.
        ("epoch,loss,step\n0,1.0,2\n", 2),
    ],
)
def test_a_history_goes_on_after_what_was_saved(tmp_path, left, start):
    """Rows without their checkpoint are made again, and stand there once."""
    path = tmp_path / "new" / "history.csv"
    if left:
        path.parent.mkdir()
        path.write_text(left)
    history = make_history(path, start)
    history.on_train_begin()
    history.model = keras.Sequential()
    for epoch in range(start // 2, 2):
        history.on_epoch_end(epoch, {"loss": 1.0, "step": 2 * epoch + 2})
    history.on_train_end()
    # Keras adds columns of a validation that there is not.
    rows = [line.split(",")[:3] for line in path.read_text().split()]
    assert rows == [
        ["epoch", "loss", "step"],
        ["0", "1.0", "2"],
        ["1", "1.0", "4"],
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_step_and_saves(number):
    """In step 3 of 20: that step is finished, saved, and the last."""
    manager = Saves()
    kill = Do(3, lambda: os.kill(os.getpid(), number))
    with StopSignals() as signals:
        assert fit(kill, Checkpointer(manager, 20, signals)) == 3
    assert manager.steps == [2, 3]
    assert signals.received == number


HANDLED = (signal.SIGTERM, signal.SIGINT)


def test_signals_are_noted_and_given_back():
    """The first one counts; afterwards all is as it was, error or not."""
    before = [signal.getsignal(number) for number in HANDLED]
    with pytest.raises(KeyError):
        with StopSignals() as signals:
            assert signals.received is None
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            raise KeyError
    assert signals.received == signal.SIGTERM
    assert [signal.getsignal(number) for number in HANDLED] == before


def test_progress_shows_title_loss_and_the_last_step(capsys):
    """20 steps from 0.5: at the check in step 20 the loss is shown."""
    fit(Progress("practice", 0, 20), per_epoch=20, epochs=1)
    shown = capsys.readouterr().err
    assert "practice: 100%" in shown and "20/20" in shown
    assert "loss=" in shown and "clips/s, 0% waiting for data" in shown


def test_the_speed_of_an_epoch():
    """10 steps of 4 clips in at least 0.1 s; of what waits nobody knows.

    Two seconds of another callback, such as a validation, do not count.
    """
    found = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: found.append(dict(logs))
    )
    pause = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: time.sleep(0.01)
    )
    other = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: time.sleep(2)
    )
    fit(other, Speed(4), pause, note, per_epoch=10, epochs=1)
    (logs,) = found
    assert 10 * 4 / 2 < logs["clips_per_second"] < 10 * 4 / 0.1
    assert logs["waiting_for_data"] == 0


def test_several_steps_at_a_time(capsys):
    """Executions of 3, 3 and 2 steps: all are counted."""
    manager = Saves()
    note = Progress("practice", 0, 8)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=[1])])
    model.compile("sgd", "mse", steps_per_execution=3)
    model.fit(
        np.ones([8, 1]),
        np.zeros([8, 1]),
        batch_size=1,
        steps_per_epoch=8,
        verbose=0,
        callbacks=[note, Checkpointer(manager, 8, StopSignals())],
    )
    assert manager.steps == [8]
    note.close()
    assert "8/8" in capsys.readouterr().err


def test_progress_of_a_resumed_training(capsys):
    fit(Progress("practice", 15, 20), per_epoch=5, epochs=1)
    assert "20/20" in capsys.readouterr().err


@pytest.mark.parametrize("target", [np.nan, np.inf])
def test_a_loss_that_is_no_number(target):
    """The user reads at which step, and what to do."""
    with pytest.raises(UserError, match=r"(nan|inf) at step 20.*learning_rate"):
        fit(Progress("practice", 0, 40), per_epoch=40, epochs=1, target=target)


def test_an_infinite_loss_is_not_saved():
    """Two steps to the epoch, and the loss is no number from the first on."""
    manager = Saves()
    with pytest.raises(UserError):
        fit(
            Progress("practice", 0, 20),
            Checkpointer(manager, 20, StopSignals()),
            target=np.nan,
        )
    assert manager.steps == []


@pytest.mark.parametrize(
    "content", [b"epoch,stop\n0,2\n", b"epoch,step\n0,x\n", b"step\n\xff\n"]
)
def test_a_damaged_history_is_named(tmp_path, content):
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path} is damaged .*: move it away"):
        make_history(path, 4)
    assert path.read_bytes() == content
