"""One process of several; what they do together is in test_together.py."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.parts import WHOLE
from d3d_tf.errors import UsageError
from d3d_tf.training.workers import (
    as_read,
    chief_first,
    distributed,
    gathered,
    own_part,
    read_part,
    start,
    started,
)


def test_a_process_alone(monkeypatch):
    """It reads and scores everything, and waits for nobody."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert start("auto") is None
    assert started() is None
    assert read_part() == own_part(9) == WHOLE
    with chief_first():
        array = np.arange(3)
    assert gathered(WHOLE, [array]) == [[array]]
    data = distributed(lambda part: tf.data.Dataset.range(part.workers))
    assert [*data.as_numpy_iterator()] == [0]


def test_a_cluster_of_one(monkeypatch):
    monkeypatch.setenv(
        "TF_CONFIG",
        '{"cluster": {"worker": ["here:1"]},'
        ' "task": {"type": "worker", "index": 0}}',
    )
    assert start("auto") is None


def test_another_kind_of_task(monkeypatch):
    monkeypatch.setenv(
        "TF_CONFIG",
        '{"cluster": {"worker": ["here:1"], "ps": ["here:2"]},'
        ' "task": {"type": "ps", "index": 0}}',
    )
    with pytest.raises(
        UsageError, match=r"names worker, ps and this task as ps"
    ):
        start("auto")


def test_no_step_of_slurm(monkeypatch):
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    with pytest.raises(UsageError, match="slurm .*SLURM_PROCID.* with srun"):
        start("slurm")


def test_the_order_of_rows_that_workers_scored_in_turn():
    """Records a to e, of two views each; the first worker has a, c and e."""
    joined = ["a0", "a1", "c0", "c1", "e0", "e1", "b0", "b1", "d0", "d1"]
    order = as_read([6, 4], views=2)
    assert [joined[place] for place in order] == sorted(joined)
