"""Pictures that cannot be decoded, and flow that is another's."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.doctor.check_pictures import (
    PAIRS,
    Pictures,
    check_pictures,
    measure_alignment,
)
from d3d_tf.evaluation.photometric import PhotometricCheck
from tests.harness import moving_texture

SAMPLE = 0  # The pictures of all videos.

ONE = "train/left/0.mp4"
FLOW = "FORWARD_FLOW/image/encoded"


def recode(change):
    """Applies `change` to the codes `[time, height, width, 3]` of a record."""

    def rewritten(example):
        features = example.feature_lists.feature_list[FLOW].feature
        codes = np.stack(
            [
                tf.io.decode_png(f.bytes_list.value[0], 3).numpy()
                for f in features
            ]
        )
        for feature, code in zip(features, change(codes), strict=True):
            feature.bytes_list.value[:] = [tf.io.encode_png(code).numpy()]

    return rewritten


def reverse(codes):
    codes[..., :2] = 256 - codes[..., :2].astype(int)
    return codes


def swap(codes):
    return codes[..., [1, 0, 2]]


def test_sound_pictures(records):
    """Textures of 2 px per frame: flow explains most of their change."""
    findings = records.findings()
    assert findings["pictures"].text.startswith(
        "all pictures of 8 of 8 videos decoded"
    )
    text = findings["alignment"].text
    assert text.startswith("8 moving videos; of the difference to the next")
    left = int(text.split("leaves ")[1].split(" %")[0])
    assert left < 60


@pytest.mark.parametrize(
    ("change", "words"),
    [(reverse, "its flow is reversed"), (swap, "u and v swapped")],
)
def test_flow_the_wrong_way(records, change, words):
    """One video is enough: this is no accident."""
    records.rewrite(recode(change), ONE)
    bad = records.bad()
    assert list(bad) == ["alignment"]
    assert bad["alignment"].startswith("ERROR 8 moving videos")
    assert words in bad["alignment"] and ONE in bad["alignment"]


def test_flow_of_other_frames(records):
    """A single such video may be one of flicker: a warning. All: an error."""

    def nonsense(codes):
        rng = np.random.default_rng(0)
        codes[:-1, ..., :2] = rng.integers(60, 197, codes[:-1, ..., :2].shape)
        codes[-1] = codes[-2]
        return codes

    records.rewrite(recode(nonsense), ONE)
    bad = records.bad()
    assert list(bad) == ["alignment"]
    assert bad["alignment"].startswith("WARNING")
    assert f"its flow does not lead on ({ONE})" in bad["alignment"]
    records.rewrite(recode(nonsense))
    assert records.bad()["alignment"].startswith("ERROR")


def test_the_last_flow_repeats(records):
    def change(codes):
        codes[-1, 0, 0, 0] += 1
        return codes

    records.rewrite(recode(change), ONE)
    assert (
        "the last flow does not repeat its predecessor"
        in (records.bad()["pictures"])
    )


@pytest.mark.parametrize("change", [lambda c: c * 0, lambda c: c | 1])
def test_codes_that_mean_nothing(records, change):
    """0 is no code, and the third channel is 128."""
    records.rewrite(recode(change), ONE)
    assert "flow holds codes that are none" in records.bad()["pictures"]


def test_a_picture_damaged_inside(records):
    """Its beginning and end are right."""

    def change(example):
        feature = example.feature_lists.feature_list[FLOW].feature[1]
        value = bytearray(feature.bytes_list.value[0])
        value[len(value) // 2] ^= 255
        feature.bytes_list.value[:] = [bytes(value)]

    records.rewrite(change, ONE)
    bad = records.bad()
    assert list(bad) == ["pictures"]
    assert f"({ONE})" in bad["pictures"]


def test_pictures_of_another_size(records):
    records.rewrite(recode(lambda codes: codes[:, :, :40]), ONE)
    assert (
        "frames and flow are of different sizes" in (records.bad()["pictures"])
    )


def test_pairs_are_spread_and_weighted():
    """Of a long video PAIRS pairs: truth and its opposite by construction."""
    frames, flow = moving_texture(30, 32, 32, (2.0, 1.0))
    check = measure_alignment(frames, flow[:-1])
    assert check.warped < 2 < check.unwarped < check.negated
    assert len(frames) > PAIRS
    gone = measure_alignment(frames, flow[:-1] * 100)
    assert gone.share == 0 and np.isnan(gone.warped)


def uneven_motion():
    """Steps of 3, 1, 2, 3, ... px to the right, and their flow."""
    steps = np.tile([3, 1, 2], 4)
    places = np.concatenate([[0], np.cumsum(steps)])
    frames, _ = moving_texture(places[-1] + 1, 32, 48, (1.0, 0.0))
    flow = np.zeros((12, 32, 48, 2), np.float32)
    flow[..., 0] = steps[:, None, None]
    return frames[places], flow


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (0, ""),
        (1, "its flow comes one frame late"),
        (-1, "its flow comes one frame early"),
    ],
)
def test_flow_of_the_frame_beside(shift, words):
    """Rolled by one, each field is that of the pair before or after."""
    frames, flow = uneven_motion()
    flow = np.roll(flow, shift, axis=0)
    found = Pictures(
        [],
        measure_alignment(frames, flow),
        tuple(measure_alignment(frames, flow, k).warped for k in (-1, 1)),
    )
    assert found.misaligned() == words


def test_flow_of_the_frame_beside_in_a_record(records):
    """The test videos move evenly: one frame late is as good, and is silent."""

    def late(codes):
        return codes[[0, 0, 1, 2, 3, 3]]

    records.rewrite(recode(late), ONE)
    assert records.bad() == {}


def pictures(unwarped, warped, negated, swapped):
    check = PhotometricCheck(unwarped, warped, negated, swapped, 1.0)
    return Pictures([], check)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((10, 2, 18, 12), ""),
        ((10, 18, 2, 12), "its flow is reversed"),
        ((10, 12, 14, 2), "its flow has u and v swapped"),
        ((10, 11, 10.5, 12), "its flow does not lead on"),
        ((10, 9.8, 9.6, 12), "its flow does not lead on"),  # By a hair.
        ((0.5, 0.6, 0.1, 0.1), ""),  # Nothing moves.
        ((float("nan"),) * 4, ""),  # It leads outside everywhere.
    ],
)
def test_what_is_wrong_with_a_flow(numbers, words):
    assert pictures(*numbers).misaligned() == words


def test_still_videos_say_nothing():
    found = check_pictures({"a": pictures(0.2, 0.3, 0.3, 0.3)}, [], 1)
    assert [f.level for f in found] == ["OK", "OK"]
    assert found[1].text == "0 moving videos"
