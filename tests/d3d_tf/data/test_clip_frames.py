"""Frames of clips against the originals' own code (goldens/dnr, section 7)."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.clip_frames import drawn_frames, view_frames
from d3d_tf.data.crops import random_geometry


@pytest.fixture(scope="module")
def sampling(goldens):
    return json.loads((goldens / "dnr" / "sampling.json").read_text())


def clip_of(case):
    """MMAction2's `clip_len` 1: a frame of each of `num_clips` segments."""
    if case["clip_len"] == 1:
        return ClipRecipe(frames=case["num_clips"], sampling="segments")
    return ClipRecipe(frames=case["clip_len"], stride=case["frame_interval"])


def frames_of(case, clip, views):
    """Those of all clips, one after another."""
    return [
        index
        for number in range(views.clips)
        for index in view_frames(
            tf.constant(number),
            tf.constant(case["total_frames"]),
            views=views,
            clip=clip,
        )
        .numpy()
        .tolist()
    ]


def test_as_sample_frames(sampling):
    cases = sampling["sample_frames"]
    assert len(cases) == 55
    for case in cases:
        segments = case["clip_len"] == 1
        clips = 1 + bool(case.get("twice_sample"))
        views = EvaluationRecipe(
            clips=clips if segments else case["num_clips"],
            spacing="sample_frames",
            past_the_end="repeat" if "out_of_bound_opt" in case else "loop",
        )
        found = frames_of(case, clip_of(case), views)
        assert found == case["frame_inds"], case


def test_as_dense_sample_frames(sampling):
    """Its 8 segments of 1 frame, 64 // 8 apart, are a clip of stride 8."""
    cases = sampling["dense"]
    assert len(cases) == 33
    clip = ClipRecipe(frames=8, stride=8)
    for case in cases:
        views = EvaluationRecipe(
            clips=case.get("num_sample_positions", 10),
            spacing="dense_sample_frames",
        )
        assert frames_of(case, clip, views) == case["frame_inds"], case


def test_as_the_released_configuration(sampling):
    """mmaction's first version counts from 1."""
    cases = sampling["v1"]
    assert len(cases) == 22
    for case in cases:
        views = EvaluationRecipe(clips=case["num_segments"], spacing="middles")
        clip = ClipRecipe(frames=case["new_length"], stride=case["new_step"])
        found = np.array(frames_of(case, clip, views)) + 1
        assert found.tolist() == case["test_frames_1based"], case
        starts = found[:: clip.frames].tolist()
        assert starts == case["test_offsets_1based"], case


def test_draws_of_mmaction2(sampling):
    """Our lowest and highest draws are its own, of 400 within 2 of them."""
    cases = sampling["train"]
    assert len(cases) == 22
    for case in cases:
        clip = clip_of(case)
        if clip.sampling == "dense":
            clip = ClipRecipe(frames=8, stride=8, whole_strides=True)
        length = case["total_frames"]

        def extreme(share, clip=clip, length=length):
            """Of draws that are all as low or as high as can be."""
            return drawn_frames(
                tf.constant(length),
                clip=clip,
                below=lambda n: tf.cast(
                    share * tf.cast(n, tf.float32), tf.int32
                ),
                uniform=lambda shape: tf.fill(shape, share),
            ).numpy()

        low, high = extreme(0.0), extreme(0.9999)
        if clip.sampling == "dense":
            np.testing.assert_array_equal(
                low, np.arange(0, 64, 8) % length, str(case)
            )
            low, high = low[:1], high[:1]
        for ours, seen, sign in (
            (low, case["offset_min_seen"], 1),
            (high, case["offset_max_seen"], -1),
        ):
            missed = sign * (np.array(seen) - ours)
            assert (missed >= 0).all() and (missed <= 2).all(), case


def test_segments_leave_the_rest_out():
    """10 // 4 = 2 frames each: 0 1, 2 3, 4 5, 6 7, and 8 9 are not seen."""
    clip = ClipRecipe(frames=4, size=16, sampling="segments")

    @tf.function
    def run():
        return tf.map_fn(
            lambda i: (
                random_geometry(
                    10, 20, 20, clip=clip, seed=tf.stack([7, i])
                ).indices
            ),
            tf.range(200),
        )

    drawn = run().numpy()
    for k in range(4):
        counts = np.bincount(drawn[:, k], minlength=10)
        assert counts[2 * k : 2 * k + 2].sum() == 200
        # Half of 200, to five deviations of its binomial: 35.
        assert abs(counts[2 * k] - 100) < 36
