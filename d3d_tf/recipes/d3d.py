"""D3D: Kinetics, its ablations and probes, transfer to UCF-101 and HMDB-51."""

import dataclasses

from d3d_tf.config import (
    DataRecipe,
    DistillRecipe,
    EvaluationRecipe,
    Recipe,
    TermRecipe,
    TrainRecipe,
)
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe


def _transfer(layout: str, split: int, gpus: int) -> Recipe:
    """UCF-101 and HMDB-51 from a Kinetics network (D3D, section 5.4).

    The paper: 10,000 steps on 10 GPUs with 6 clips each, no distillation. It
    gives no learning rate: 0.01 is ours, a tenth of the rate that S3D-G is
    trained with. Fewer GPUs: ours, not the paper's, is to keep 6 clips per GPU
    (what batch normalisation sees), to see as many clips in all, and to divide
    the rate by what the batch is divided by (Goyal et al. 2017).
    """
    share = gpus / 10
    return Recipe(
        name=f"{layout}_split{split}" + ("_1gpu" if gpus == 1 else ""),
        data=DataRecipe(layout=layout, split=split),
        # S3D's test: up to 10 s in one clip.
        evaluation=EvaluationRecipe(clip_frames=250),
        train=TrainRecipe(
            steps=round(10_000 / share),
            batch_size=6 * gpus,
            learning_rate=0.01 * share,
        ),
    )


def _kinetics(classes: int, gpus: int) -> Recipe:
    """D3D on Kinetics (sections 4, 4.1 and 5.1): teacher, baseline, student.

    The paper: 140,000 steps on 56 GPUs with 6 clips each, lambda 1, the mean
    squared error of the logits, for all three the settings of S3D-G. Of these,
    SGD with momentum 0.9 and a rate of 0.1 that falls to 0.01 and 0.001 are the
    S3D paper's (section 3); the weight decay, dropout and decay of the moving
    averages TF-Slim's; clips of 64 x 224 x 224 from 25 frames per second with
    a short side of 256, I3D's.

    Unconfirmed: that the rate falls at 100,000 and 120,000 steps (5/7 and
    6/7), for want of a copy of the S3D paper. Ours: 256 shards. Fewer GPUs, as
    for `_transfer`: 6 clips per GPU, as many clips in all, the rate divided by
    what the batch is divided by.
    """
    share = gpus / 56
    return Recipe(
        name=f"d3d_kinetics{classes}" + (f"_{gpus}gpu" if gpus < 56 else ""),
        data=DataRecipe(layout=f"kinetics{classes}", num_shards=256),
        # S3D's test: up to 10 s in one clip.
        evaluation=EvaluationRecipe(clip_frames=250),
        train=TrainRecipe(
            steps=round(140_000 / share),
            batch_size=6 * gpus,
            learning_rate=0.1 * share,
            schedule="steps",
        ),
    )


KINETICS = tuple(
    _kinetics(classes, gpus) for classes in (400, 600) for gpus in (56, 8, 1)
)
# The decoders of table 1 (section 3 and supplement): 2 GPUs with 6 clips each,
# 100,000 steps, all else as S3D-G; on the networks of `d3d_kinetics400`.
PROBE = dataclasses.replace(
    KINETICS[0],
    name="probe_kinetics400",
    train=dataclasses.replace(
        KINETICS[0].train, steps=100_000, batch_size=12, learning_rate=0.1
    ),
)
# The student's rows of table 6, with teacher and baseline of `d3d_kinetics400`
# (--teacher). The paper states no weights; features alone are compared.
ABLATIONS = tuple(
    dataclasses.replace(
        KINETICS[0], name=f"d3d_kinetics400_{name}", distill=distill
    )
    for name, distill in {
        "at_2c": DistillRecipe(terms=(TermRecipe(where="Conv2d_2c_3x3"),)),
        "at_4c": DistillRecipe(terms=(TermRecipe(where="Mixed_4c"),)),
        "flow_loss": DistillRecipe(flow_weight=1.0),
        "from_rgb": DistillRecipe(teacher_stream="rgb"),
    }.items()
)
# "S3D-G with 3D CNN flow" of table 6 (section 5.6): all is trained from labels,
# from teacher and fine-tuned probe of `d3d_kinetics400` (--init). The paper
# states no steps and rates for it: those of S3D-G, as for all its networks.
LEARNED_FLOW = dataclasses.replace(
    KINETICS[0],
    name="d3d_kinetics400_learned_flow",
    network=LearnedFlowRecipe(),
    train=dataclasses.replace(KINETICS[0].train, stream="rgb"),
)
TRANSFERS = tuple(
    _transfer(layout, split, gpus)
    for layout in ("ucf101", "hmdb51")
    for gpus in (10, 1)
    for split in (1, 2, 3)
)
