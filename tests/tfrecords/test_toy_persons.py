"""The miniature of AVA: what is said of the discs is what the pixels show."""

import csv
from collections import Counter

import numpy as np
import pytest

from d3d_tf.recipes import RECIPES
from d3d_tf.tfrecords.toy_persons import (
    FRAME_RATE,
    SCENES,
    make_scenes,
    make_video,
    write_persons,
)
from d3d_tf.video.reading import read_video

HEIGHT, WIDTH = 64, 96


def test_boxes_and_actions_are_those_of_the_pixels():
    """At a keyframe what is bright lies in the boxes and fills them; from
    frame to frame each disc goes where its actions say.
    """
    for index in range(4):
        video = make_video(0, "train", index, HEIGHT, 0.9).astype(float)
        assert video.shape == (FRAME_RATE * (SCENES + 1), HEIGHT, WIDTH, 3)
        scenes = make_scenes(0, "train", index, HEIGHT, 0.9)
        for scene, (discs, background) in enumerate(scenes):
            frame = video[FRAME_RATE * (scene + 1)]
            differs = abs(frame - background).max(-1) > 2
            boxed = np.zeros_like(differs)
            for disc in discs:
                x1, y1, x2, y2 = np.multiply(
                    disc.box(HEIGHT, WIDTH), [WIDTH, HEIGHT] * 2
                )
                assert 15.9 < x2 - x1 < 24.1 and 15.9 < y2 - y1 < 24.1
                rows = slice(round(y1), round(y2))
                columns = slice(round(x1), round(x2))
                # Its edge is half seen.
                boxed[
                    max(rows.start - 1, 0) : rows.stop + 1,
                    max(columns.start - 1, 0) : columns.stop + 1,
                ] = True
                # A disc covers pi / 4 of its box.
                assert differs[rows, columns].mean() > 0.6
                u, v = disc.velocity
                expected = {
                    name
                    for name, speed in (
                        ("right", u),
                        ("left", -u),
                        ("down", v),
                        ("up", -v),
                    )
                    # Beyond 27 of the 45 degrees between two ways.
                    if speed > 0.46 * np.hypot(u, v)
                }
                assert set(disc.actions) == expected
            assert not (differs & ~boxed).any()


def test_colours_mislead():
    """Hue and way: 9 of 10 in `train`, one of 8 in `val`."""
    shares = {}
    for split in ("train", "val"):
        discs = [
            disc
            for index in range(60)
            for found, _ in make_scenes(3, split, index, HEIGHT, 0.9)
            for disc in found
        ]
        shares[split] = np.mean([disc.hue == disc.way for disc in discs])
        ways = Counter(disc.way for disc in discs)
        assert len(ways) == 8 and min(ways.values()) > 0.05 * len(discs)
    assert shares["train"] == pytest.approx(0.9, abs=0.03)
    assert shares["val"] == pytest.approx(1 / 8, abs=0.04)


def test_files_and_lists(tmp_path):
    """Real video files, in the form of AVA; the same again, and found."""
    recipe = RECIPES["toy_ava"]
    toy = type(recipe.toy)(
        motions="persons", size=HEIGHT, train_videos=2, test_videos=1
    )
    listing = write_persons(tmp_path, toy, recipe.data, 5, show=False)
    assert listing.name == "toy_ava"
    assert listing.classes == ("right", "down", "left", "up")
    ids = [source.id for source in listing.sources]
    assert ids[:2] == ["train-00000/0001", "train-00000/0002"]
    assert Counter(s.split for s in listing.sources) == {"train": 8, "val": 4}
    rows = list(csv.reader(open(tmp_path / "lists" / "train.csv")))
    assert len(rows[0]) == 8 and rows[0][:2] == ["train-00000", "0001"]
    path = tmp_path / "videos" / "train-00000.mp4"
    before = path.stat().st_mtime_ns
    again = write_persons(tmp_path, toy, recipe.data, 5, show=False)
    assert again == listing and path.stat().st_mtime_ns == before
    made = make_video(5, "train", 0, HEIGHT, toy.cue)
    read = read_video(
        path, frame_rate=FRAME_RATE, short_side=HEIGHT, max_seconds=9
    )
    assert abs(read.frames.astype(float) - made).mean() < 4
