"""TSN, TSM and DNR on Kinetics and Something-Something; not run by us.

DNR is Cai, Yao and Chen, NeurIPS 2021: S is its supplement, C its released
configuration of Kinetics-400, M are MMAction2's configurations of TSM. All are
for 8 GPUs; fewer GPUs, as for D3D: as many clips per GPU and in all, the rate
divided by what the batch is divided by.
"""

from typing import Any

from d3d_tf.config import (
    ClipRecipe,
    DataRecipe,
    EvaluationRecipe,
    FlowRecipe,
    Recipe,
    TrainRecipe,
)
from d3d_tf.models.resnet.config import ResNetRecipe

# Training videos: S of both editions of Kinetics, the official lists.
_VIDEOS = {
    "kinetics200": 80_000,
    "kinetics400": 240_171,
    "sthv1": 86_017,
    "sthv2": 168_913,
}
# What a mirror image swaps: of 174 classes the six that tell left from right
# (M: 86 and 87, 93 and 94, 166 and 167 of V2; 52 and 66, 30 and 41, 2 and 4 of
# V1). One more has the word "right" in another sense.
LEFT_RIGHT = (
    (
        "Pulling something from left to right",
        "Pulling something from right to left",
    ),
    (
        "Pushing something from left to right",
        "Pushing something from right to left",
    ),
    (
        "Turning the camera left while filming something",
        "Turning the camera right while filming something",
    ),
)


def _network(
    name: str, dropout: float, weight_decay: float = 1e-4
) -> ResNetRecipe:
    """ResNet-50 of `tsn`, `tsn_dnr`, `tsm` or `tsm_dnr`.

    S relays over 4 frames (C: 2) and interlaces channels of TSN (C does not);
    where exactly is our reading, docs/networks.md.
    """
    kind, _, normaliser = name.partition("_")
    interlaced = name == "tsn_dnr"
    return ResNetRecipe(
        model=f"{kind}_r50",
        normaliser=normaliser or "batch_norm",
        interlace="before_conv1" if interlaced else "none",
        dropout=dropout,
        weight_decay=weight_decay,
    )


def _train(
    steps: float, batch: int, rate: float, gpus: int, **others: Any
) -> TrainRecipe:
    """Of 8 GPUs' steps, clips a step and rates, those of fewer."""
    share = gpus / 8
    if "warmup_steps" in others:
        others["warmup_steps"] = round(others["warmup_steps"] / share)
        others["warmup_from"] *= share
    return TrainRecipe(
        stream="rgb",
        steps=round(steps / share),
        batch_size=round(batch * share),
        learning_rate=rate * share,
        **others,
    )


def _on_kinetics(
    name: str, layout: str, gpus: int, spacing: str, train: TrainRecipe
) -> Recipe:
    """8 frames, 8 apart; 10 clips by 3 crops of 256, soft-max averaged (S; C
    takes the mean of logits). C crops in 5 places, M in 13.

    Ours: 30 frames per second, for C and M take a video's own.
    """
    tsm = name.startswith("tsm")
    return Recipe(
        name=f"{name}_{layout}" + ("" if gpus == 8 else f"_{gpus}gpu"),
        data=DataRecipe(layout=layout, frame_rate=30.0, num_shards=256),
        flow=FlowRecipe(algorithm="none"),
        clip=ClipRecipe(
            frames=8,
            stride=8,
            whole_strides=True,
            crop="quarters" if tsm else "corners",
        ),
        evaluation=EvaluationRecipe(
            clips=10,
            spacing=spacing,
            crops=3,
            even_margins=True,
            crop_size=256,
        ),
        network=_network(name, 0.5 if tsm else 0.4),
        train=train,
    )


def _tsn(name: str, layout: str, gpus: int) -> Recipe:
    """From scratch, TSN alone and with DNR (S, C).

    SGD with momentum 0.9, a rate of 0.1 for 64 clips that falls by half a
    cosine, in the first 60,000 or 127,840 steps times a share that rises from
    0.01 to 1; gradients of a norm of 40 at most; 120 epochs of 1,250 steps of
    Kinetics-200, 196 of C's 3,760 of Kinetics-400. Test clips are C's, in the
    middle of equal parts. Ours: the cosine falls with every step, not epoch.
    """
    epochs, steps, warmup = {
        "kinetics200": (120, 1250, 60_000),
        "kinetics400": (196, 3760, 127_840),
    }[layout]
    train = _train(
        *(epochs * steps, 64, 0.1, gpus),
        warmup_steps=warmup,
        warmup_from=0.001,
        warmup_along=True,
        clip_norm=40.0,
    )
    return _on_kinetics(name, layout, gpus, "middles", train)


def _tsm(name: str, layout: str, gpus: int) -> Recipe:
    """TSM alone and with DNR as M trains TSM on dense clips.

    50 epochs with 128 clips a step, a rate of 0.02 that falls to a tenth after
    25 and 45, groups of variables, gradients of a norm of 20 at most. M starts
    from ImageNet: `--init=resnet50_imagenet1k_v1`. Ours: the rate rises in 5
    epochs with every step, not epoch; test clips begin as those of M's
    SampleFrames, for S says "uniform".
    """
    steps = 50 * _VIDEOS[layout] / 128
    train = _train(
        *(steps, 128, 0.02, gpus),
        schedule="steps",
        rate_falls_at=(0.5, 0.9),
        warmup_steps=steps / 10,
        warmup_from=0.002,
        clip_norm=20.0,
        groups="tsm",
    )
    return _on_kinetics(name, layout, gpus, "sample_frames", train)


def _something(name: str, layout: str, gpus: int) -> Recipe:
    """From a network of Kinetics-400 (`--init`), 50 epochs, a rate of 0.005
    that falls to a tenth after 20 and 40, weight decay 5e-4, dropout 0.5; one
    frame of each of 8 segments, one centre crop in the test; mirror images of
    left are right (S).

    Ours, for S is silent: 64 clips a step, and clip norms, places of crops and
    groups of variables of TSM as on Kinetics. Videos and V1's pictures have 12
    frames per second.
    """
    tsm = name.startswith("tsm")
    return Recipe(
        name=f"{name}_{layout}" + ("" if gpus == 8 else f"_{gpus}gpu"),
        data=DataRecipe(
            layout=layout, frame_rate=12.0, picture_rate=12.0, num_shards=256
        ),
        flow=FlowRecipe(algorithm="none"),
        clip=ClipRecipe(
            frames=8,
            sampling="segments",
            crop="quarters" if tsm else "corners",
            swap_on_flip=LEFT_RIGHT,
        ),
        network=_network(name, 0.5, 5e-4),
        train=_train(
            *(50 * _VIDEOS[layout] / 64, 64, 0.005, gpus),
            schedule="steps",
            rate_falls_at=(0.4, 0.8),
            clip_norm=20.0 if tsm else 40.0,
            groups="tsm" if tsm else "one",
        ),
    )


RESNET = tuple(
    make(name, layout, gpus)
    for make, names, layouts in (
        (_tsn, ("tsn", "tsn_dnr"), ("kinetics200", "kinetics400")),
        (_tsm, ("tsm", "tsm_dnr"), ("kinetics400",)),
        (_something, ("tsn", "tsn_dnr", "tsm", "tsm_dnr"), ("sthv1", "sthv2")),
    )
    for layout in layouts
    for name in names
    for gpus in (8, 1)
)
