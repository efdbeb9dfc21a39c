"""The numbers of D3D's section 5.5 and of X3D's A.1."""

import pytest

from d3d_tf.recipes import RECIPES


@pytest.mark.parametrize(
    "name, model, start",
    [
        ("ava_d3d", "s3dg", "student"),
        ("ava_s3dg", "s3dg", "baseline"),
        ("ava_i3d", "i3d", "student"),
    ],
)
@pytest.mark.parametrize("gpus", [11, 1])
def test_d3d(name, model, start, gpus):
    """500,000 steps on 11 GPUs; fewer GPUs see as many clips."""
    recipe = RECIPES[name + ("" if gpus == 11 else "_1gpu")]
    assert recipe.task == "detection"
    assert recipe.network.model == model
    assert recipe.finetune.start == start
    train = recipe.train
    assert train.steps * train.batch_size == 500_000 * 33
    assert train.batch_size == 3 * gpus
    assert train.learning_rate == pytest.approx(0.1 * gpus / 11)
    # 50 RGB frames, no flow, in 2 s around the keyframe.
    assert recipe.clip.frames == 50 and recipe.clip.flip
    assert (recipe.data.frame_rate, recipe.data.max_seconds) == (25, 2)
    assert recipe.flow.algorithm == "none"
    assert recipe.data.layout == "ava"
    detector = recipe.detector
    assert (detector.endpoint, detector.tail) == ("Mixed_4f", True)
    assert detector.refine and detector.background
    # An RPN of ResNet-50's level 4: anchors of 32 to 512 pixels.
    assert (detector.boxes, detector.scored) == ("rpn", "rpn")
    persons = recipe.persons
    assert (persons.depth, persons.levels) == (50, (4,))
    assert [16 * size for size in persons.anchor_sizes] == [
        *(32, 64, 128, 256, 512)
    ]
    # Crops and whole frames of 256 x 455 pixels are seen 1.5 times as large.
    assert persons.side / persons.longest == 1.5 and persons.longest > 455
    assert persons.proposals == 300 and not persons.frozen


@pytest.mark.parametrize("size", ["xs", "s", "m", "l", "xl"])
def test_x3d(size):
    recipe = RECIPES[f"ava_x3d_{size}"]
    kinetics = RECIPES[f"x3d_{size}_kinetics400"]
    assert recipe.clip == kinetics.clip
    # All frames of a clip lie in what is stored around the keyframe.
    stored = recipe.data.max_seconds * recipe.data.frame_rate
    assert recipe.clip.frames * recipe.clip.stride <= stored
    train = recipe.train
    assert (train.steps, train.warmup_steps) == (14_000, 1000)
    # 68 epochs of some 211,000 keyframes.
    assert train.steps * train.batch_size / 211_000 == pytest.approx(
        68, abs=0.5
    )
    assert train.learning_rate == kinetics.train.learning_rate
    assert recipe.network.weight_decay == 1e-7
    detector = recipe.detector
    assert not detector.rpn
    assert (detector.foreground_iou, detector.least_score) == (0.9, 0.8)
    assert (detector.pooling, detector.tail, detector.refine) == (
        *("max", False),
        False,
    )
    assert not detector.background and detector.jitter == 0
    assert recipe.evaluation.scaled_short_side == kinetics.clip.short_sides[0]
