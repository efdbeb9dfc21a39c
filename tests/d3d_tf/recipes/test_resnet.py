"""The numbers of DNR's supplement and configuration, and of MMAction2's TSM
(methods.md, section 4.5)."""

import pytest

from d3d_tf.recipes import RECIPES
from d3d_tf.recipes.resnet import LEFT_RIGHT
from d3d_tf.text_lists import label_map

KINETICS = ("tsn_kinetics200", "tsn_dnr_kinetics200", "tsn_kinetics400")
KINETICS += ("tsn_dnr_kinetics400", "tsm_kinetics400", "tsm_dnr_kinetics400")
SOMETHING = tuple(
    f"{name}_{layout}"
    for name in ("tsn", "tsn_dnr", "tsm", "tsm_dnr")
    for layout in ("sthv1", "sthv2")
)


@pytest.mark.parametrize("name", (*KINETICS, *SOMETHING))
def test_networks_and_data(name):
    recipe = RECIPES[name]
    network, _, layout = name.rpartition("_")
    assert recipe.data.layout == layout
    assert recipe.network.model == f"{name[:3]}_r50"
    assert recipe.network.is_dynamic == ("dnr" in network)
    # TSM shifts already.
    shifts = {"tsn": "none"}.get(network, "before_conv1")
    assert recipe.network.shift == shifts
    assert recipe.train.stream == "rgb" and recipe.train.momentum == 0.9
    assert recipe.train.optimizer == "sgd" and not recipe.train.nesterov
    assert recipe.flow.algorithm == "none"
    assert recipe.clip.frames == 8 and recipe.clip.size == 224
    assert recipe.data.short_side == 256
    tsm = name.startswith("tsm")
    assert recipe.clip.crop == ("quarters" if tsm else "corners")
    assert recipe.train.groups == ("tsm" if tsm else "one")
    assert recipe.train.clip_norm == (20 if tsm else 40)


@pytest.mark.parametrize("name", KINETICS)
def test_kinetics(name):
    recipe, tsm = RECIPES[name], name.startswith("tsm")
    clip, views = recipe.clip, recipe.evaluation
    assert (clip.stride, clip.sampling, clip.drawn_span) == (8, "dense", 64)
    assert clip.flip and not clip.swap_on_flip
    assert (views.clips, views.crops, views.crop_size) == (10, 3, 256)
    assert views.spacing == ("sample_frames" if tsm else "middles")
    assert views.even_margins and views.pooling == "mean"
    assert recipe.network.dropout == (0.5 if tsm else 0.4)
    assert recipe.network.weight_decay == 1e-4


@pytest.mark.parametrize(
    "layout, steps, warmup",
    [
        # 120 epochs of 80,000 / 64; 196 of 3,760 steps, the first 34 warm up.
        ("kinetics200", 120 * 1250, 60_000),
        ("kinetics400", 196 * 3760, 34 * 3760),
    ],
)
def test_schedule_of_tsn(layout, steps, warmup):
    train = RECIPES[f"tsn_dnr_{layout}"].train
    assert (train.steps, train.batch_size) == (steps, 64)
    assert (train.learning_rate, train.schedule) == (0.1, "cosine")
    assert train.warmup_steps == warmup and train.warmup_along
    assert train.warmup_from == pytest.approx(0.01 * 0.1)


def test_schedule_of_tsm():
    """50 epochs of 240,171 / 128 = 1,876.3 steps, of which 5 warm up."""
    train = RECIPES["tsm_kinetics400"].train
    assert (train.steps, train.warmup_steps) == (93_817, 9382)
    assert (train.batch_size, train.learning_rate) == (128, 0.02)
    assert (train.schedule, train.rate_falls_at) == (
        "steps",
        (25 / 50, 45 / 50),
    )
    assert train.warmup_from == pytest.approx(0.1 * 0.02)


@pytest.mark.parametrize("name", SOMETHING)
def test_something(name):
    recipe = RECIPES[name]
    clip, train = recipe.clip, recipe.train
    assert clip.sampling == "segments"
    assert (recipe.evaluation.clips, recipe.evaluation.crops) == (1, 1)
    assert recipe.evaluation.crop_size == 0  # 224, that of the training.
    assert recipe.data.frame_rate == recipe.data.picture_rate == 12
    # 50 epochs of 86,017 and 168,913 videos in steps of 64.
    assert train.steps == {"sthv1": 67_201, "sthv2": 131_963}[name[-5:]]
    assert (train.batch_size, train.learning_rate) == (64, 0.005)
    assert (train.schedule, train.rate_falls_at) == (
        "steps",
        (20 / 50, 40 / 50),
    )
    assert (recipe.network.dropout, recipe.network.weight_decay) == (0.5, 5e-4)
    assert clip.flip and clip.swap_on_flip == LEFT_RIGHT


@pytest.mark.parametrize(
    "layout, pairs",
    [
        # `label_transforms` of MMAction2's configurations.
        ("sthv1", {(2, 4), (30, 41), (52, 66)}),
        ("sthv2", {(86, 87), (93, 94), (166, 167)}),
    ],
)
def test_what_a_mirror_image_swaps(layout, pairs):
    classes = label_map(layout)
    found = {tuple(sorted(map(classes.index, pair))) for pair in LEFT_RIGHT}
    assert found == pairs


@pytest.mark.parametrize("name", (*KINETICS, *SOMETHING))
def test_one_gpu(name):
    """Eight times the steps, each of an eighth of clips and rate."""
    many, one = RECIPES[name].train, RECIPES[f"{name}_1gpu"].train
    assert one.steps == pytest.approx(8 * many.steps, abs=4)
    assert one.warmup_steps == pytest.approx(8 * many.warmup_steps, abs=4)
    assert 8 * one.batch_size == many.batch_size
    assert 8 * one.learning_rate == pytest.approx(many.learning_rate)
    assert 8 * one.warmup_from == pytest.approx(many.warmup_from)
    assert one.clip_norm == many.clip_norm
    assert RECIPES[name].network == RECIPES[f"{name}_1gpu"].network
