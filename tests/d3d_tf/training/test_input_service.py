"""Trainings on batches of input workers, against those without."""

import time

import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.training.input_service import Stalls, attended
from tests.d3d_tf.training.conftest import DAMAGE, history, same_weights
from tests.harness.input_workers import InputWorkers


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    with InputWorkers(tmp_path_factory.mktemp("two"), 2) as workers:
        yield workers


def test_begun_with_input_workers(run, whole, two, tmp_path):
    """The bits are those without, also when it goes on without them."""
    folder = tmp_path / "checkpoints"
    found = run(folder, service=two.service)
    same_weights(found, whole[1], atol=0, rtol=0)
    assert history(folder) == history(whole[0])
    (folder / "finished.json").unlink()
    DAMAGE["index missing"](folder)
    same_weights(run(folder), whole[1], atol=0, rtol=0)
    assert history(folder) == history(whole[0])


@pytest.mark.large
def test_two_replicas(run, replicas, two, tmp_path):
    expected = run(tmp_path / "alone", strategy=replicas)
    found = run(tmp_path / "served", strategy=replicas, service=two.service)
    same_weights(found, expected, atol=0, rtol=0)


def test_without_a_service():
    with pytest.raises(tf.errors.NotFoundError), attended("") as callbacks:
        assert not callbacks
        raise tf.errors.NotFoundError(None, None, "unknown to the dispatcher")


def test_an_error_of_the_service():
    words = "data.service=grpc://here:1: unknown to the dispatcher; .* goes on"
    with pytest.raises(UserError, match=words), attended("grpc://here:1"):
        raise tf.errors.NotFoundError(None, None, "unknown to the dispatcher")


def test_a_step_that_does_not_come(capsys):
    """Told once; the first step, which is traced, may take long."""
    stalls = Stalls("grpc://here:1", seconds=0.2)
    for seconds in (0.5, 0.01):
        stalls.on_train_batch_begin(0)
        time.sleep(seconds)
        stalls.on_train_batch_end(0)
    time.sleep(0.5)
    assert not capsys.readouterr().out
    stalls.on_train_batch_begin(2)
    time.sleep(0.8)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("No step for 0 seconds. If an input worker of")
    assert "grpc://here:1 ended, start it again" in line
    stalls.close()
