"""Numbers by hand."""

import numpy as np

from d3d_tf.tasks.classification import TASK
from tests.harness.task import check_task


def test_task():
    """Odds 3 : 1 and 1 : 1. The losses of the first class, the second, and
    the first again are -log(3/4), -log(1/2) and -log(3/4); of equal logits the
    first class is the answer, so that two of three are right.
    """
    check_task(
        TASK,
        labels=[0, 1, 0],
        outputs=np.log([[3.0, 1.0], [1.0, 1.0], [6.0, 2.0]]),
        losses=-np.log([3 / 4, 1 / 2, 3 / 4]),
        probabilities=[[3 / 4, 1 / 4], [1 / 2, 1 / 2], [3 / 4, 1 / 4]],
        metrics={"top1": 2 / 3},
    )
