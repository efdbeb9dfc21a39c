"""What names the workers; that they meet is in test_together.py."""

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.training.meeting import start


def test_nobody_is_named(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert start("auto") is None


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
