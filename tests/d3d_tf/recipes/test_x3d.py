"""The numbers of the paper and of SlowFast (methods.md, sections 3.1, 3.4)."""

import pytest

from d3d_tf.recipes import RECIPES


@pytest.mark.parametrize(
    "size, frames, stride, crop, sides",
    [
        ("xs", 4, 12, 160, (182, 228)),
        ("s", 13, 6, 160, (182, 228)),
        ("m", 16, 5, 224, (256, 320)),
        ("l", 16, 5, 312, (356, 446)),
        ("xl", 16, 5, 312, (356, 446)),
    ],
)
@pytest.mark.parametrize("classes", [400, 600])
def test_clips(size, frames, stride, crop, sides, classes):
    recipe = RECIPES[f"x3d_{size}_kinetics{classes}"]
    clip, views = recipe.clip, recipe.evaluation
    assert (clip.frames, clip.stride, clip.size) == (frames, stride, crop)
    assert clip.short_sides == sides
    # 10-Center: the low end of the range, as SlowFast spreads clips.
    assert (views.clips, views.crops, views.scaled_short_side) == (
        *(10, 1),
        sides[0],
    )
    assert views.spacing == "equal_parts"
    assert views.precise_batch_norm == 200
    assert recipe.data.layout == f"kinetics{classes}"
    assert (recipe.data.frame_rate, recipe.data.max_seconds) == (30, 10)
    # Test crops are cut from no fewer pixels than were stored.
    assert recipe.data.short_side >= sides[0]
    assert recipe.network.model == f"x3d_{size}"
    assert recipe.network.pixel_mean == (0.45, 0.45, 0.45)
    assert recipe.network.pixel_std == (0.225, 0.225, 0.225)


def test_training():
    """Half a cosine of 1.6 after 8,000 steps; twice the epochs of K600:

    512 times 392,622 videos in batches of 1,024.
    """
    recipe = RECIPES["x3d_s_kinetics400"]
    train, network = recipe.train, recipe.network
    assert (train.steps, train.batch_size) == (60_000, 1024)
    assert (train.optimizer, train.momentum, train.nesterov) == (
        *("sgd", 0.9),
        True,
    )
    assert (train.learning_rate, train.schedule) == (1.6, "cosine")
    assert (train.warmup_steps, train.warmup_from) == (8000, 0.01)
    assert (network.dropout, network.weight_decay) == (0.5, 5e-5)
    assert (network.batch_norm_momentum, network.batch_norm_clips) == (0.9, 8)
    assert network.drop_connect == 0
    assert RECIPES["x3d_xl_kinetics400"].network.drop_connect == 0.1
    steps = RECIPES["x3d_s_kinetics600"].train.steps
    assert steps == 512 * 392_622 // 1024
