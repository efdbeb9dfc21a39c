"""Detection on AVA, from networks of Kinetics; not run by us.

D3D's persons are found by an RPN of ours (`persons`), X3D's are the records'
proposals: its person detector is not part of these recipes.
"""

import dataclasses

from d3d_tf.config import (
    ClipRecipe,
    DataRecipe,
    DetectorRecipe,
    EvaluationRecipe,
    FinetuneRecipe,
    FlowRecipe,
    PersonsRecipe,
    Recipe,
    TrainRecipe,
)
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.recipes.x3d import X3D

_GPUS = 11


def _ava(name: str, model: str, start: str, gpus: int) -> Recipe:
    """Table 5 of D3D (section 5.5): 50 RGB frames, 500,000 steps on 11 GPUs, a
    higher rate than the AVA baseline's, crops and mirror images, offsets that
    all actions share.

    Of Girdhar et al. (2018), whom the paper follows: 3 clips per GPU, SGD with
    momentum 0.9, half a cosine from about 0.1 after a warm-up, frozen batch
    normalisation, features of `Mixed_4f` and the network's last blocks on what
    is under a box (methods from memory, see docs/detection.md). Ours, for the
    paper states none: 25 frames per second, crops of 224 of a short side of 256
    to 320, whole frames of 256 in the test, 64 boxes a clip, a thousand steps
    of warm-up, weight decay. Fewer GPUs, as on Kinetics: as many clips in all,
    the rate divided by what the batch is divided by.

    The paper's RPN is a separate ResNet, pretrained: give its weights with
    `persons.checkpoint`. It is of 50 layers as in AVA's baseline, with 300
    proposals as in Girdhar et al.; level 4 and the sizes of anchors, 32 to 512
    pixels of the square, are those of Faster R-CNN (Ren et al. 2015, section
    3.3; with a larger image, three sizes from 128 on). That it learns along
    with the rest is ours, and that pictures are enlarged 1.5 times for it.
    """
    share = gpus / _GPUS
    return Recipe(
        name=name + ("" if gpus == _GPUS else f"_{gpus}gpu"),
        task="detection",
        data=DataRecipe(layout="ava", max_seconds=2.0, num_shards=256),
        flow=FlowRecipe(algorithm="none"),
        clip=ClipRecipe(frames=50, short_sides=(256, 320)),
        evaluation=EvaluationRecipe(scaled_short_side=256),
        network=InceptionRecipe(model=model),
        train=TrainRecipe(
            steps=round(500_000 / share),
            batch_size=3 * gpus,
            learning_rate=0.1 * share,
            warmup_steps=round(1000 / share),
        ),
        finetune=FinetuneRecipe(start=start),
        detector=DetectorRecipe(boxes="rpn", scored="rpn"),
        persons=PersonsRecipe(
            depth=50,
            decoder="c4",
            side=768,
            longest=512,
            anchor_sizes=(2.0, 4.0, 8.0, 16.0, 32.0),
            proposals=300,
        ),
    )


def _ava_x3d(size: str) -> Recipe:
    """X3D, section A.1: true boxes, and proposals that share more than 0.9 with
    one; the largest value under a box after the mean over time; 14,000 steps,
    1,000 of warm-up, weight decay of 1e-7, all else as on Kinetics; proposals
    above 0.8.

    68 epochs of 211,000 clips make 1,024 clips a step. The rate falls after 5/7
    and 6/7 of the steps, where the paper waits for the validation error.
    As SlowFast, whole frames are seen in the test; their short side is that of
    the tests on Kinetics. Ours: frozen batch normalisation, and so no precise
    statistics; 64 boxes a clip.
    """
    (kinetics,) = (r for r in X3D if r.name == f"x3d_{size}_kinetics400")
    return dataclasses.replace(
        kinetics,
        name=f"ava_x3d_{size}",
        task="detection",
        data=dataclasses.replace(kinetics.data, layout="ava", max_seconds=2.7),
        flow=FlowRecipe(algorithm="none"),
        evaluation=EvaluationRecipe(
            scaled_short_side=kinetics.evaluation.scaled_short_side
        ),
        network=X3DRecipe(
            model=f"x3d_{size}",
            drop_connect=0.1 if size == "xl" else 0.0,
            weight_decay=1e-7,
        ),
        train=dataclasses.replace(
            kinetics.train, steps=14_000, warmup_steps=1000, schedule="steps"
        ),
        detector=DetectorRecipe(
            endpoint="res5",
            tail=False,
            pooling="max",
            refine=False,
            boxes="both",
            jitter=0.0,
            foreground_iou=0.9,
            background=False,
        ),
    )


# The S3D-G baseline is that of the distilled run; I3D is a run of its own.
AVA = tuple(
    _ava(name, model, start, gpus)
    for gpus in (_GPUS, 1)
    for name, model, start in (
        ("ava_d3d", "s3dg", "student"),
        ("ava_s3dg", "s3dg", "baseline"),
        ("ava_i3d", "i3d", "student"),
    )
) + tuple(map(_ava_x3d, ("xs", "s", "m", "l", "xl")))
