"""A step that asks for more memory than there is."""

import re

import pytest
import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.errors import UserError
from d3d_tf.training import memory as memory_module
from d3d_tf.training.memory import fitting_parts, in_words, naming_shortage
from d3d_tf.training.step_memory import StepMemory
from d3d_tf.training.strategy import make_strategy
from tests.d3d_tf.training.conftest import same_weights

# A quarter of a GiB, and 2 for each clip.
STEP = StepMemory(clips=3, fixed=2**28, moving=6 * 2**30)


@pytest.fixture
def machine(monkeypatch):
    """`machine(gib)`: a device has so much."""

    def machine(gib):
        size = int(gib * 2**30)
        monkeypatch.setattr(memory_module, "available_memory", lambda: size)

    return machine


@pytest.mark.large  # TensorFlow tries for ten seconds.
def test_what_needs_less_is_said(replicas):
    """4 TB are really asked for; 48 clips on 2 devices, in two parts of 12."""
    train = TrainRecipe(batch_size=48, accumulate=2)
    with pytest.raises(
        UserError,
        match=r"12 clips of train.batch_size=48 .*accumulate=\d+ it is \d,"
        ".*recompute",
    ):
        with naming_shortage(train, make_strategy(48), lambda: STEP):
            tf.zeros([2**40])


def test_nothing_is_left_to_divide():
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when ...")
    with pytest.raises(UserError, match="time. --set network.recompute"):
        train = TrainRecipe(batch_size=2, accumulate=2)
        with naming_shortage(train, make_strategy(2, ["/cpu:0"]), lambda: STEP):
            raise error


def test_another_shortage():
    with pytest.raises(tf.errors.ResourceExhaustedError):
        with naming_shortage(TrainRecipe(), make_strategy(2), lambda: STEP):
            raise tf.errors.ResourceExhaustedError(None, None, "of a quota")


@pytest.mark.parametrize(
    ("clips", "parts", "gib", "more"),
    [
        (6, 1, 99, 2),  # All fit; it did not, so less is tried.
        (6, 1, 8, 3),  # 4.25 GiB of two clips, and 3/4 more.
        (6, 2, 7, 6),
        (6, 2, 2, 3),  # Not even one fits.
        (6, 6, 99, None),
    ],
)
def test_parts_that_fit(clips, parts, gib, more, machine):
    machine(gib)
    train = TrainRecipe(batch_size=clips, accumulate=parts)
    assert fitting_parts(train, make_strategy(clips, ["/cpu:0"]), STEP) == more


def test_the_line_before_the_start(machine):
    """6 clips: 12.25 GiB; two at a time, 4.25."""
    train, strategy = TrainRecipe(batch_size=6), make_strategy(6, ["/cpu:0"])
    need = (
        "A step needs 12,544 MiB or more on each device, for 6 clips at a time "
        "(2,048 MiB for each); "
    )
    machine(22)
    assert in_words(train, strategy, STEP) == need + "22,528 MiB are there."
    machine(8)
    assert in_words(train, strategy, STEP) == (
        f"{need}8,192 MiB are there. That may not be enough. With --set "
        "train.accumulate=3 it is 4,352 MiB; --set network.recompute=true "
        "needs less for each, where the network has it."
    )


def test_it_is_said_and_nothing_else_changes(run, whole, tmp_path, capsys):
    """The same weights to the bit as without."""
    network = run(tmp_path, memory_estimate=True)
    same_weights(network, whole[1], atol=0)
    assert re.search(
        r"A step needs 0 MiB or more on each device, for 4 clips at a time",
        capsys.readouterr().out,
    )


def test_on_several_devices(run, tmp_path, capsys, replicas):
    """Half of the clips on each of two."""
    first = run(tmp_path / "a", strategy=replicas)
    second = run(tmp_path / "b", strategy=replicas, memory_estimate=True)
    same_weights(first, second, atol=0)
    assert "for 2 clips at a time" in capsys.readouterr().out
