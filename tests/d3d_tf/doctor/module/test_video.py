"""What each program sees, against programs that share no code with it."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.crops import centre_geometry, crop_and_flip
from d3d_tf.doctor.module import video
from d3d_tf.hub_export.client.clip import encoded_clip
from d3d_tf.video.reading import read_video
from tests.d3d_tf.doctor.module.conftest import CLIP
from tests.d3d_tf.doctor.module.programs import clip_of


@pytest.mark.parametrize(
    "mistake, steps",
    [
        ("none", video.Steps()),
        ("bytes", video.Steps(scale=video.levels)),
        ("signed", video.Steps(scale=video.signed)),
        ("ImageNet", video.Steps(scale=video.standardized)),
        ("BGR", video.Steps(colour=video.blue_first)),
        ("squeezed", video.Steps(cut=video.squeezed)),
        ("small", video.Steps(cut=video.cropped_small)),
        ("every frame", video.Steps(choose=video.every_frame)),
        ("first frames", video.Steps(choose=video.every_first_frame)),
        ("half rate", video.Steps(choose=video.half_rate)),
        ("spread", video.Steps(choose=video.spread)),
        ("first clip", video.Steps(choose=video.beginning)),
        ("reversed", video.Steps(turn=video.reversed_time)),
        ("mirrored", video.Steps(mirror=video.mirrored)),
    ],
)
def test_programs(served, mistake, steps):
    """OpenCV may decode to another level of 255."""
    clip = served.clips[0]
    expected = clip_of(clip, **CLIP, mistakes={mistake})
    found = video.seen(clip, served.module, steps)
    assert (found.dtype, found.shape) == (np.float32, (8, 16, 16, 3))
    level = {"bytes": 1, "signed": 2 / 255, "ImageNet": 1 / 255 / 0.22}
    assert np.abs(found - expected).max() <= 1.01 * level.get(mistake, 1 / 255)


def test_the_right_one_is_evaluations(served):
    """To the bit what `--mode=predict` looks at."""
    clip = served.clips[1]
    frames = read_video(
        clip, frame_rate=25, short_side=20, max_seconds=10
    ).frames
    view = centre_geometry(*frames.shape[:3], frames=8, size=16)
    expected = crop_and_flip(tf.gather(frames, view.indices), view).numpy()
    steps = video.Steps(scale=video.levels)
    np.testing.assert_array_equal(
        video.seen(clip, served.module, steps), expected
    )


def test_the_right_one_is_the_clients(served):
    """But for its JPEGs, whose colours have half the resolution."""
    clip = served.clips[2]
    sent = encoded_clip(clip, served.module.info, frames=8, frame_rate=25)
    pictures = [
        cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        for jpeg in sent
    ]
    rows, columns = ((side - 16) // 2 for side in pictures[0].shape[:2])
    theirs = np.array(pictures)[:, rows:, columns:, ::-1][:, :16, :16]
    ours = video.seen(clip, served.module, video.Steps(scale=video.levels))
    assert np.abs(theirs - ours).mean() < 7
    assert np.abs(theirs[..., ::-1] - ours).mean() > 25


def test_another_right_program_is_not_far(served):
    clip = served.clips[0]
    right = video.seen(clip, served.module, video.Steps())
    other = video.seen(clip, served.module, video.Steps(), video.by_others)
    assert 0 < np.abs(right - other).mean() < 0.1


@pytest.mark.parametrize(
    "choose, expected",
    [
        # Of 300 frames at 50 per second, 8 at 25 per second.
        (video.middle, range(142, 158, 2)),
        (video.beginning, range(0, 16, 2)),
        (video.every_frame, range(146, 154)),
        (video.every_first_frame, range(8)),
        # 75 at 12.5 per second: from the 34th on.
        (video.half_rate, range(132, 164, 4)),
        # 299 / 7 is 42.7.
        (video.spread, [0, 42, 85, 128, 170, 213, 256, 299]),
    ],
)
def test_frames(served, choose, expected):
    assert choose(300, served.module) == list(expected)


def test_what_is_too_short_begins_again(served):
    """5 frames at 25 per second are 10 of the file."""
    assert video.middle(10, served.module) == [0, 2, 4, 6, 8, 0, 2, 4]
