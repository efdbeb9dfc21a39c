"""Impossible settings are answered with what is possible."""

import pytest

from d3d_tf import config
from d3d_tf.config import Recipe
from d3d_tf.models import FAMILIES
from d3d_tf.recipes import RECIPES

PAPER = Recipe(name="paper")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("seed=-1", "seed must be 0 or more; got -1"),
        ("data.short_side=15", "0 (automatic) or at least 16; got 15"),
        ("frame_rate=0", "data.frame_rate must be above 0; got 0"),
        ("frame_rate=.nan", "data.frame_rate must be above 0; got nan"),
        ("max_seconds=-1", "above 0"),
        ("num_shards=0", "above 0"),
        ("jpeg_quality=0", "1 to 100"),
        ("jpeg_quality=101", "1 to 100"),
        ("test_share=1", "in [0, 1)"),
        ("test_share=-0.1", "in [0, 1)"),
        (
            "algorithm=lucas",
            "one of tvl1, dis, farneback, imported, none; got 'lucas'",
        ),
        ("backend=cuda", "one of cpu, opencv, tensorflow; got 'cuda'"),
        ("imported_bound=0", "above 0"),
        ("imported_codec=mars", "algorithm=imported and only then; got 'mars'"),
        ("algorithm=imported", "flow.imported_codec must be given"),
        ("warps=0", "above 0"),
        ("flow.scales=0", "above 0"),
        ("saturation=0", "above 0"),
        ("clip.frames=-1", "0 (automatic) or more"),
        ("clip.size=-1", "0 (automatic) or more"),
        ("crop=five", "one of random, corners, quarters; got 'five'"),
        ("jitter_contrast=1.5", "0 (off) to 1; got 1.5"),
        ("jitter_hue=0.6", "0 (off) to 0.5; got 0.6"),
        ("jitter_hue=-0.1", "0 (off) to 0.5; got -0.1"),
        ("evaluation.clips=0", "1 or more; got 0"),
        ("crops=2", "evaluation.crops must be 1 or 3; got 2"),
        ("clip_frames=-1", "0 (that of the training clips) or more"),
        ("optimizer=3", "one of sgd, adam; got 3"),
        ("stride=0", "clip.stride must be above 0; got 0"),
        ("sampling=sparse", "one of dense, segments; got 'sparse'"),
        ("short_sides=[224]", "clip.short_sides.1 is missing"),
        ("short_sides=[x, 2]", "clip.short_sides.0 must be of type int"),
        ("short_sides=256", "clip.short_sides must be a list; got 256"),
        ("short_sides=[192, 256]", "not below clip.size (224)"),
        ("short_sides=[320, 256]", "[least, most]"),
        ("swap_on_flip=[[a, b], [b, c]]", "no name twice"),
        ("swap_on_flip=[[a, a]]", "no name twice"),
        (
            "task=captions",
            "one of classification, multilabel, youtube8m, detection; got",
        ),
        (
            "terms=[{where: Mixed_6a}]",
            "terms must be of logits or of end",
        ),
        (
            "terms=[{loss: kl}]",
            "0.loss must be one of mse, squares, label_kl, score_squares, sof",
        ),
        (
            "terms=[{loss: soft_targets}]",
            "0.loss must be mse or squares or label_kl or score_squares with",
        ),
        (
            "terms=[{where: branches, loss: soft_targets}]",
            "terms must be of logits or of end",
        ),
        ("mixture_temperature=0", "above 0"),
        ("log_epsilon=0", "above 0"),
        ("terms=[{weight: -1}]", "terms.0.weight must be 0 or more; got -1"),
        ("terms=[{wait: 1}]", "unknown key distill.terms.0.wait; valid: "),
        ("terms=[{}, {weight: 2}]", "one term for each place at most"),
        ("clip.size=257", "at most data.short_side (256); got 257"),
        ("evaluation.crop_size=300", "short side of the videos (256); 0 takes"),
        ("evaluation.spacing=middle", "one of to_the_end, equal_parts"),
        ("evaluation.pooling=sum", "one of mean, max; got 'sum'"),
        ("warmup_from=-1", "0 or more"),
        ("model=s3dgg", f"one of {', '.join(FAMILIES)}; got 's3dgg'"),
        ("head_pooling=max", "one of overlapping, global; got 'max'"),
        ("final_endpoint=Mixed_6a", "one of Conv2d_1a_7x7, MaxPool_2a_3x3"),
        ("gating_start_at=mixed_3b", "null (nowhere) or one of Conv2d_1a"),
        ("temporal_conv_start_at=x", "null (nowhere) or one of Conv2d_1a"),
        ("first_temporal_kernel=2", "1, 3, 5, 7 or null"),
        ("dropout=1", "in [0, 1)"),
        ("depth_multiplier=0", "above 0"),
        ("min_depth=0", "above 0"),
        ("train.steps=0", "above 0"),
        ("batch_size=-8", "above 0"),
        ("learning_rate=0", "above 0"),
        ("checkpoint_every=0", "above 0"),
        ("optimizer=adamw", "one of sgd, adam; got 'adamw'"),
        (
            "schedule=linear",
            "one of cosine, steps, staircase, constant; got 'linear'",
        ),
        ("train.stream=audio", "one of flow, rgb; got 'audio'"),
        ("teacher_stream=audio", "one of flow, rgb; got 'audio'"),
        (
            "mixed_precision=float16",
            "one of float32, mixed_float16, mixed_bfloat16; got 'float16'",
        ),
        ("distill.weight=-1", "0 or more"),
        (
            "export.kind=logits",
            "one of classification, feature_vector, feature_map; got 'logits'",
        ),
        ("export.endpoint=Mixed_4f", "export.kind=feature_map, and not given"),
    ],
)
def test_an_impossible_value_is_answered_with_what_is_possible(
    refusal, setting, expected
):
    text = refusal(setting)
    assert setting.partition("=")[0] in text
    assert expected in text


def test_crops_that_do_not_fit_into_scaled_videos(refusal):
    text = refusal("scaled_short_side=200")
    assert "evaluation.crop_size must be at most the short side" in text
    assert "(200); 0 takes clip.size (224); got 0" in text


def test_a_staircase_has_steps(refusal):
    expected = "train.falls_every must be given with train.schedule="
    for setting in "schedule=staircase", "falls_every=5":
        assert expected in refusal(setting)


def test_batches_of_whole_groups(refusal):
    text = refusal("batch_size=1020", RECIPES["x3d_s_kinetics400"])
    assert "a multiple of network.batch_norm_clips (8); got 1020" in text


def test_passes_of_a_step(refusal):
    recipe = RECIPES["x3d_s_kinetics400"]
    assert recipe.train.batch_size == 1024
    text = refusal("accumulate=3", recipe)
    expected = "network.batch_norm_clips (8) times train.accumulate (3)"
    assert f"a multiple of {expected}; got 1024" in text
    recipe = RECIPES["nextvlad_yt8m_2018"]
    recipe = config.override(recipe, ["accumulate=2"])
    text = refusal("distill.parallel=true", recipe)
    assert "train.accumulate must be 1 with synchronized_batch_norm" in text
    text = refusal("synchronized_batch_norm=true", recipe)
    assert "train.accumulate must be 1 with synchronized_batch_norm" in text


@pytest.mark.parametrize("algorithm", ["dis", "farneback"])
def test_opencvs_other_algorithms_have_no_backend(refusal, algorithm):
    recipe = config.override(PAPER, [f"algorithm={algorithm}"])
    for backend in ("opencv", "tensorflow"):
        text = refusal(f"backend={backend}", recipe)
        assert "flow.backend must be left alone" in text


@pytest.mark.parametrize("model", ["s3d", "i3d"])
def test_what_has_no_gates_cannot_start_them(refusal, model):
    recipe = config.override(PAPER, [f"model={model}"])
    text = refusal("gating_start_at=Mixed_4b", recipe)
    assert f"left alone with network.model={model}" in text
    config.override(recipe, ["gating_start_at=null"])


def test_a_rule_names_the_section_that_it_is_about(refusal):
    text = refusal(
        "teacher.gating_start_at=Mixed_4b",
        config.override(PAPER, ["model=i3d"]),
    )
    assert text.startswith(
        "--set: teacher.gating_start_at must be left alone with "
        "teacher.model=i3d"
    )


@pytest.mark.parametrize(
    ("first", "setting", "expected"),
    [
        ("sampling=segments", "stride=2", "1 with clip.sampling=segments"),
        ("parallel=true", "copy_head=true", "false with distill.copy_head"),
        ("parallel=true", "cached_views=2", "false with distill.cached_views"),
        ("parallel=true", "flow_weight=1.0", "false with distill.flow_weight"),
        ("parallel=true", "teacher_stream=rgb", "false with distill.teacher_s"),
        ("parallel=true", "precise_batch_norm=9", "0 with distill.parallel=tr"),
        ("crop=corners", "short_sides=[256, 320]", "clip.crop must be random"),
        ("flip=false", "swap_on_flip=[[a, b]]", "left out with clip.flip=fals"),
        ("clip_norm=1", "clip_each_norm=1", "must be 0 with train.clip_norm"),
        (
            "final_endpoint=Mixed_4f",
            "terms=[{where: Mixed_5b}]",
            "of logits or of endpoints that teacher and student have",
        ),
        (
            "teacher.final_endpoint=Mixed_4f",
            "terms=[{where: Mixed_5b}]",
            "of logits or of endpoints that teacher and student have",
        ),
    ],
)
def test_what_does_not_go_together(refusal, first, setting, expected):
    assert expected in refusal(setting, config.override(PAPER, [first]))
    config.override(PAPER, [setting])


def test_groups_of_tsm_are_of_its_networks(refusal):
    expected = "train.groups must be one with networks other than TSN and TSM"
    assert expected in refusal("train.groups=tsm")
    recipe = config.override(PAPER, ["model=tsm_r50", "train.groups=tsm"])
    assert expected in refusal("teacher.model=i3d", recipe)


def test_non_local_blocks_need_their_place(refusal):
    recipe = config.override(PAPER, ["model=s3dg_nonlocal"])
    text = refusal("final_endpoint=MaxPool_5a_2x2", recipe)
    assert "Mixed_5b or Mixed_5c with network.model=s3dg_nonlocal" in text
    config.override(recipe, ["final_endpoint=Mixed_5b"])


@pytest.mark.parametrize(
    "setting",
    [
        "seed=0",
        "first_temporal_kernel=null",
        "temporal_conv_start_at=null",
        "gating_start_at=Mixed_5c",
        "final_endpoint=Conv2d_1a_7x7",
        "data.short_side=0",
        "clip.frames=0",
        "clip.size=0",
        "clip.size=256",
        "jpeg_quality=100",
        "test_share=0",
        "distill.weight=0",
        "dropout=0",
        "median_filtering=0",
        "median_filtering=3",
        "algorithm=dis",
        "backend=opencv",
        "backend=tensorflow",
        "stride=8",
        "sampling=segments",
        "short_sides=[224, 224]",
        "short_sides=null",
        "swap_on_flip=[[wave left, wave right]]",
        "teacher.model=i3d",
        "teacher=null",
    ],
)
def test_the_borders_are_possible(setting):
    config.override(PAPER, [setting])


@pytest.mark.parametrize(
    "setting",
    [
        "median_filtering=2",  # OpenCV: odd, at most 5.
        "median_filtering=7",
        "scale_step=0",
        "scale_step=2",  # A pyramid that grows.
        "theta=0",  # The flow is NaN.
        "inner_iterations=0",  # The flow is zero.
        "outer_iterations=0",
        "tau=-1",
        "lambda_=0",
        "network.first_temporal_kernel=0",
        "train.momentum=-1",
        "batch_norm_momentum=2",
        "weight_decay=-1",
        "toy.num_frames=0",
        "toy.train_videos=0",
        "toy.test_videos=0",
        "toy.cue=2",
    ],
)
def test_what_fails_later_is_refused_at_once(refusal, setting):
    toy = config.override(RECIPES["toy"], ["clip.frames=0"])
    refusal(setting, toy)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("clip.frames=11", "at most toy.num_frames (10); got 11"),
        ("data.short_side=64", "toy.size (44); got 64"),
        ("clip.stride=2", "clip.frames (8) fit into toy.num_frames (10)"),
        ("clip.flip=true", "false with toy data"),
    ],
)
def test_toy_data_constrain_the_clip(refusal, setting, expected):
    toy = config.override(
        RECIPES["toy"],
        [
            "toy.num_frames=10",
            "toy.size=44",
            "short_side=44",
            "clip.frames=8",
            "clip.size=32",
        ],
    )
    assert expected in refusal(setting, toy)


FEATURES = config.override(PAPER, ["task=youtube8m", "model=hrnn"])


@pytest.mark.parametrize(
    ("recipe", "setting", "expected"),
    [
        (PAPER, "task=youtube8m", "network.model must be one that looks at"),
        (PAPER, "model=nextvlad", "and at videos with other tasks"),
        (FEATURES, "model=s3dg", "network.model must be one that looks at"),
        (FEATURES, "teacher.model=i3d", "nextvlad, hrnn, ...; teacher.model"),
        (
            PAPER,
            "fewer_frames.way=uniform",
            "left alone with task=classification: of videos, clip says",
        ),
        (PAPER, "fewer_frames.k=6", "fewer_frames.way must be left alone"),
        (
            FEATURES,
            "terms=[{where: state, loss: label_kl}]",
            "terms.0.loss must be mse or squares with "
            "distill.terms.0.where=state; got 'label_kl'",
        ),
        (
            RECIPES["toy"],
            "motions=topics",
            "toy.motions must be topics with task=youtube8m, and only then",
        ),
        (FEATURES, "evaluation.clips=2", "evaluation.clips must be left alone"),
        (FEATURES, "cached_views=1", "distill.cached_views must be left alone"),
        (FEATURES, "flow_weight=1", "distill.flow_weight must be left alone"),
        (
            FEATURES,
            "precise_batch_norm=9",
            "precise_batch_norm must be left alone with task=youtube8m",
        ),
    ],
)
def test_features_and_videos_do_not_mix(refusal, recipe, setting, expected):
    assert expected in refusal(setting, recipe)
    config.override(FEATURES, ["fewer_frames.way=uniform", "terms=[{}]"])
