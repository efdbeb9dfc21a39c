"""The numbers of the paper, and ours for fewer GPUs."""

import dataclasses

import pytest

from d3d_tf import config
from d3d_tf.recipes import RECIPES


@pytest.mark.parametrize("classes", [400, 600])
def test_kinetics_as_in_the_paper(classes):
    """D3D, section 4: lambda 1. 4.1: 140k steps, 56 GPUs, 6 clips each: 336.

    The S3D paper, for "the same hyperparameters": SGD, momentum 0.9, rate 0.1,
    in steps. TF-Slim's S3D-G: keep probability 0.8, weight decay 1e-7, decay
    of the moving averages 0.999. I3D: 64 frames of 224 x 224, 25 per second,
    short side 256, flow by TV-L1 cut off at 20 px; 10 s of 25 are 250.
    """
    recipe = RECIPES[f"d3d_kinetics{classes}"]
    train, network = recipe.train, recipe.network
    assert (train.steps, train.batch_size) == (140_000, 336)
    assert (train.optimizer, train.momentum) == ("sgd", 0.9)
    assert (train.learning_rate, train.schedule) == (0.1, "steps")
    assert (recipe.distill.weight, recipe.distill.teacher_stream) == (1, "flow")
    assert (network.model, network.depth_multiplier) == ("s3dg", 1)
    assert (network.dropout, network.weight_decay) == (0.2, 1e-7)
    assert network.batch_norm_momentum == 0.999
    assert not network.synchronized_batch_norm
    assert (recipe.clip.frames, recipe.clip.size) == (64, 224)
    assert (recipe.data.frame_rate, recipe.data.short_side) == (25, 256)
    assert recipe.data.layout == f"kinetics{classes}"
    assert (recipe.flow.algorithm, recipe.flow.saturation) == ("tvl1", 20)
    assert recipe.evaluation.clip_frames == 250
    assert recipe.toy is None


@pytest.mark.parametrize("classes", [400, 600])
@pytest.mark.parametrize(
    ("gpus", "steps", "batch", "rate"),
    [(8, 980_000, 48, 0.1 / 7), (1, 7_840_000, 6, 0.1 / 56)],
)
def test_kinetics_on_fewer_gpus(classes, gpus, steps, batch, rate):
    """56 GPUs are 7 times 8: 7 times the steps, a 7th of batch and rate."""
    paper = RECIPES[f"d3d_kinetics{classes}"]
    fewer = RECIPES[f"d3d_kinetics{classes}_{gpus}gpu"]
    assert (fewer.train.steps, fewer.train.batch_size) == (steps, batch)
    assert fewer.train.learning_rate == pytest.approx(rate)
    rest = dataclasses.replace(fewer, name=paper.name, train=paper.train)
    assert rest == paper


def test_learned_flow_as_in_the_paper():
    """D3D, section 5.6: the decoder of section 3.1, on layer 3A, from RGB to
    labels; nothing else is another than in S3D-G.
    """
    paper = RECIPES["d3d_kinetics400"]
    learned = RECIPES["d3d_kinetics400_learned_flow"]
    assert learned.network.model == "s3dg_learned_flow"
    assert learned.network.flow_endpoint == "MaxPool_3a_3x3"
    assert learned.train.stream == "rgb"
    back = config.override(
        learned, ["model=s3dg", "train.stream=flow", f"name={paper.name}"]
    )
    assert back == paper


@pytest.mark.parametrize("name", ["ucf101", "hmdb51"])
@pytest.mark.parametrize("split", [1, 2, 3])
def test_the_papers_schedule_and_ours_for_one_gpu(name, split):
    """D3D, section 5.4: 10k steps, 10 GPUs, 6 clips each: 600,000 clips.

    One GPU sees as many, at a rate that is as large per clip.
    """
    paper = RECIPES[f"{name}_split{split}"]
    one = RECIPES[f"{name}_split{split}_1gpu"]
    assert (paper.train.steps, paper.train.batch_size) == (10_000, 60)
    assert (one.train.steps, one.train.batch_size) == (100_000, 6)
    rates = [r.train.learning_rate / r.train.batch_size for r in (paper, one)]
    assert rates[0] == pytest.approx(rates[1])
    for recipe in (paper, one):
        assert (recipe.data.layout, recipe.data.split) == (name, split)
