"""YouTube-8M's networks and their students that see fewer frames.

Sources: N, NeXtVLAD (Lin et al., ECCV 2018 workshops), and NC, its code; H, the
code of H-RNN (Bhardwaj et al., CVPR 2019), and S, that paper's supplement;
methods.md, section 5, has their numbers. The release of 2017 has 4.9 million
videos to train on and 4716 classes, that of 2018 3.9 million and 3862; the
files say which it is. NeXtVLAD undoes the whitening of the pictures' features
if `--set network.eigenvalues=FILE.npy` names the release's.
"""

import dataclasses

from d3d_tf.config import (
    DistillRecipe,
    Recipe,
    TermRecipe,
    ToyRecipe,
    TrainRecipe,
)
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.models.vlad_mixture.config import MixtureRecipe

# Training videos (methods.md, section 5.6; of 2017 70 % of 7.0 million).
_VIDEOS = {2017: 4.9e6, 2018: 3_888_919}


def _adam(gpus: int, steps: float, batch_size: int, rate: float, **more):
    """Adam, each variable's gradient of a norm of 1 at most (N, NC, H).

    With one GPU instead of two, half as many videos a step at half the
    rate, and twice the steps; ours.
    """
    return TrainRecipe(
        steps=round(steps * 2 / gpus),
        batch_size=batch_size * gpus // 2,
        optimizer="adam",
        learning_rate=rate * gpus / 2,
        clip_each_norm=1.0,
        **more,
    )


def _falling(gpus: int, examples: float) -> dict:
    """The rate falls to 0.8 after every so many videos, in steps of 160."""
    falls = round(examples / 160 * 2 / gpus)
    return {"schedule": "staircase", "falls_every": falls}


def _nextvlad(year: int, gpus: int) -> Recipe:
    """One NeXtVLAD of 128 clusters in 8 groups, reduction 8 (N).

    160 videos a step on two GPUs, a rate of 2e-4 that falls to 0.8 after every
    2 million, 5 epochs (N, section 4, and NC).
    """
    return Recipe(
        name=f"nextvlad_yt8m_{year}",
        task="youtube8m",
        network=NeXtVLADRecipe(),
        train=_adam(
            *(gpus, 5 * _VIDEOS[year] / 160, 160, 2e-4), **_falling(gpus, 2e6)
        ),
    )


def _mixture(year: int, gpus: int) -> Recipe:
    """Three of 112 clusters, reduction 16, which learn from one another.

    Of 2018 as NC's last script: 460,000 steps, 15 epochs of the videos that the
    authors trained on, and a rate that falls to 0.8 after every 2.5 million,
    where N says 0.9. Of 2017 as S's teachers: 310,000 steps and else as a
    single model.
    """
    steps = 310_000 if year == 2017 else 460_000
    examples = 2e6 if year == 2017 else 2.5e6
    return Recipe(
        name=f"mixture3_yt8m_{year}",
        task="youtube8m",
        network=MixtureRecipe(),
        train=_adam(gpus, steps, 160, 2e-4, **_falling(gpus, examples)),
    )


def _hrnn(gpus: int) -> Recipe:
    """H-RNN of 2 x 1024 cells in 20 chunks of 15 frames, on the release of
    2017: 256 videos a step, a rate of 1e-3, 5 epochs, 1e-5 in the loss's
    logarithms (H, which does not say on how many GPUs).
    """
    return Recipe(
        name="hrnn_yt8m",
        task="youtube8m",
        network=HRNNRecipe(),
        train=_adam(
            *(gpus, 5 * _VIDEOS[2017] / 256, 256, 1e-3),
            schedule="constant",
            log_epsilon=1e-5,
        ),
    )


def _student(teacher: Recipe, k: int = 30) -> Recipe:
    """The recipe's network on every 10th frame, taught by that on all of them.

    L_rep + L_pred + L_CE, each with a weight of 1 (methods.md, section 5.1; H
    has L_rep twice). L_rep of NeXtVLAD is of the concatenated encodings (S) and
    the mean over their 36,864 elements, for the sum is reported to fail; of
    H-RNN the sum over the state (H). Of so few frames H-RNN has five chunks,
    and counts a short video's frames down (H), NeXtVLAD up. Each of three
    students learns from the teachers' mixture, with a weight of the squared
    temperature, and L_rep from the same one of the teachers (S; our reading).
    """
    encoding, prediction = TermRecipe("vlad"), TermRecipe("logits", "label_kl")
    network = teacher.network
    if isinstance(network, MixtureRecipe):
        prediction = TermRecipe("branches", "soft_targets", 9.0)
    if of_chunks := isinstance(network, HRNNRecipe):
        encoding = TermRecipe("state", "squares")
        network = dataclasses.replace(network, chunk_frames=k // 5)
    return dataclasses.replace(
        teacher,
        name=f"{teacher.name}_student_k{k}",
        network=network,
        teacher=teacher.network if of_chunks else None,
        fewer_frames=FrameSamplingRecipe(
            way="uniform", k=k, rounding="down" if of_chunks else "up"
        ),
        distill=DistillRecipe(terms=(encoding, prediction)),
    )


def _on(gpus: int) -> tuple[Recipe, ...]:
    """All recipes on so many GPUs: two, as N, or one."""
    single = (_nextvlad(2017, gpus), _nextvlad(2018, gpus), _hrnn(gpus))
    teachers = *single, *(_mixture(year, gpus) for year in _VIDEOS)
    recipes = [*teachers, *map(_student, teachers)]
    end = "" if gpus == 2 else f"_{gpus}gpu"
    return tuple(
        dataclasses.replace(recipe, name=recipe.name + end)
        for recipe in recipes
    )


# In miniature; ours, settled on seed 0 (docs/youtube8m.md). NetVLAD, which
# takes a sixth of the time of a NeXtVLAD: a network is trained in less than a
# minute on one core.
TOY_FEATURES = Recipe(
    name="toy_features",
    task="youtube8m",
    toy=ToyRecipe(motions="topics", train_videos=1024, test_videos=512),
    network=NeXtVLADRecipe(
        model="netvlad",
        clusters=16,
        hidden=64,
        dropout=0.2,
        # Moving averages must settle within hundreds of steps.
        batch_norm_momentum=0.9,
    ),
    train=TrainRecipe(
        steps=500,
        batch_size=16,
        optimizer="adam",
        learning_rate=0.002,
        checkpoint_every=250,
    ),
    fewer_frames=FrameSamplingRecipe(way="uniform", k=15, rounding="up"),
    distill=DistillRecipe(
        terms=(
            TermRecipe("vlad", weight=20.0),
            TermRecipe("logits", "label_kl", 10.0),
        ),
    ),
)
YOUTUBE8M = (TOY_FEATURES, *_on(2), *_on(1))
