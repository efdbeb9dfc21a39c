"""Several classes per video, by the loss and the measures of YouTube-8M."""

import dataclasses

from d3d_tf.tasks.multilabel import TASK as MULTILABEL
from d3d_tf.tasks.youtube8m.scores import RankedScores


def _loss(**options):
    from d3d_tf.tasks.multilabel.cross_entropy import SummedCrossEntropy

    return SummedCrossEntropy(**options)


TASK = dataclasses.replace(
    MULTILABEL,
    loss=_loss,
    scores=RankedScores,
)
