"""Numbers by hand."""

import numpy as np

from d3d_tf.tasks import YOUTUBE8M, task_of
from tests.harness.task import check_task


def test_task():
    """Odds 3 : 1 and 1 : 1: the sums of what `multilabel` takes the mean of."""
    losses = -np.log([[3 / 4, 1 / 2], [1 / 4, 1 / 2]])
    check_task(
        task_of(YOUTUBE8M),
        labels=np.float32([[1, 0], [0, 1]]),
        outputs=np.log([[3.0, 1.0], [3.0, 1.0]]),
        losses=losses.sum(axis=1),
        probabilities=[[3 / 4, 1 / 2], [3 / 4, 1 / 2]],
        metrics={"accuracy": 2 / 4},
    )
