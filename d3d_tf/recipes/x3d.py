"""X3D on Kinetics."""

import dataclasses

from d3d_tf.config import (
    ClipRecipe,
    DataRecipe,
    EvaluationRecipe,
    ExpandRecipe,
    Recipe,
    TrainRecipe,
)
from d3d_tf.models.x3d.config import X3DRecipe


def _x3d(size: str, classes: int) -> Recipe:
    """X3D on Kinetics (Feichtenhofer, CVPR 2020, sections 4 and 4.1).

    The paper: SGD with momentum 0.9, 1024 clips a step on 128 GPUs and so
    groups of 8 for batch normalisation, a rate of 1.6 that falls by half a
    cosine after 8,000 steps of linear warm-up, weight decay of 5e-5, dropout
    of 0.5, 256 epochs or 60,000 steps of Kinetics-400 and twice as many epochs
    of Kinetics-600, whose 392,622 training videos make 196,311 steps; pictures
    30 per second, a random short side, one crop of ten clips in the test
    (10-Center). XL leaves out blocks at a rate of 0.1 ("drop-connect").

    SlowFast, in which X3D was released: Nesterov's momentum, a first rate of
    0.01, statistics of batch normalisation from 200 batches, the pixels, where
    test clips begin, and lengths, strides and sides below; those of XL are L's,
    which its stated cost confirms. Ours: the stored short side.
    """
    frames, stride, side, shorts, stored = _X3D_CLIPS[size]
    return Recipe(
        name=f"x3d_{size}_kinetics{classes}",
        data=DataRecipe(
            layout=f"kinetics{classes}",
            short_side=stored,
            frame_rate=30.0,
            num_shards=256,
        ),
        clip=ClipRecipe(
            frames=frames, stride=stride, size=side, short_sides=shorts
        ),
        evaluation=EvaluationRecipe(
            clips=10,
            spacing="equal_parts",
            scaled_short_side=shorts[0],
            precise_batch_norm=200,
        ),
        network=X3DRecipe(
            model=f"x3d_{size}",
            batch_norm_clips=8,
            drop_connect=0.1 if size == "xl" else 0.0,
        ),
        train=TrainRecipe(
            stream="rgb",
            steps=60_000 if classes == 400 else 196_311,
            batch_size=1024,
            learning_rate=1.6,
            warmup_steps=8000,
            warmup_from=0.01,
            nesterov=True,
        ),
    )


# Frames, stride, side of the crops, short sides in training, stored short side.
_X3D_CLIPS = {
    "xs": (4, 12, 160, (182, 228), 256),
    "s": (13, 6, 160, (182, 228), 256),
    "m": (16, 5, 224, (256, 320), 320),
    "l": (16, 5, 312, (356, 446), 446),
    "xl": (16, 5, 312, (356, 446), 446),
}
X3D = tuple(
    _x3d(size, classes) for classes in (400, 600) for size in _X3D_CLIPS
)
# Section 4.3: from a Kinetics network (--init), 157 sigmoids, 16 clips a step,
# 24,000 steps, a rate of 0.02 that is divided by 10 when the loss stays, weight
# decay of 1e-5, twice the stride, the largest of 30 views. Ours: the rate falls
# after 5/7 and 6/7 of the steps, for a schedule must know when; a minute of
# every video, which last half of one.
CHARADES = dataclasses.replace(
    X3D[4],
    name="x3d_charades",
    task="multilabel",
    data=dataclasses.replace(X3D[4].data, layout="charades", max_seconds=60.0),
    clip=dataclasses.replace(X3D[4].clip, stride=10),
    evaluation=dataclasses.replace(
        X3D[4].evaluation, crops=3, crop_size=356, pooling="max"
    ),
    network=X3DRecipe(model="x3d_xl", drop_connect=0.1, weight_decay=1e-5),
    train=TrainRecipe(
        stream="rgb",
        steps=24_000,
        batch_size=16,
        learning_rate=0.02,
        schedule="steps",
        nesterov=True,
    ),
)
# From the paper's X2D, one frame of 112 pixels, to X3D-XL (sections 3.3, 4.1).
# Its stride is ours: two steps along `fast` make X3D-XS's 4 frames of every
# 12th. So is the short side in training, in proportion that of X3D-XS.
EXPANSION = dataclasses.replace(
    X3D[0],
    name="x3d_expansion_kinetics400",
    data=dataclasses.replace(X3D[0].data, short_side=446),
    clip=ClipRecipe(frames=1, stride=48, size=112, short_sides=(127, 160)),
    evaluation=dataclasses.replace(X3D[0].evaluation, scaled_short_side=127),
    network=X3DRecipe(
        model="x3d_xs",
        depth_factor=1.0,
        bottleneck_factor=1.0,
        batch_norm_clips=8,
    ),
    expand=ExpandRecipe(budget=36.0, small_until=8, drop_connect_from=11),
)
