"""The toy's laws: exact flow, motion is the class, colour is a mere cue."""

import colorsys
import os

import cv2
import numpy as np
import pytest

from d3d_tf.config import ToyRecipe
from d3d_tf.tfrecords.toy_videos import (
    CLASSES,
    HEADINGS,
    SPLITS,
    make_clip,
    write_videos,
)
from d3d_tf.video.reading import read_video
from d3d_tf.video.writing import write_video

SMALL = ToyRecipe(size=32, num_frames=4, train_videos=16, test_videos=8)


def clip(index=0, *, seed=0, split="train", size=44, num_frames=6, cue=0.9):
    return make_clip(
        seed, split, index, size=size, num_frames=num_frames, cue=cue
    )


def moving(flow):
    """`[time, height, width]`: pixels away from the edge of what moves."""
    still = np.all(flow == 0, axis=-1).astype(np.uint8)
    return np.stack([cv2.dilate(s, np.ones((5, 5))) == 0 for s in still])


def test_shapes_and_types():
    made = clip(size=40, num_frames=5)
    assert made.frames.shape == (5, 40, 40, 3)
    assert made.frames.dtype == np.uint8
    assert made.flow.shape == (4, 40, 40, 2)
    assert made.flow.dtype == np.float32
    assert np.isfinite(made.flow).all()


@pytest.mark.parametrize("index", range(8))
def test_the_flow_is_exact(index):
    """What is at (x, y) is at (x + u, y + v) in the next frame.

    Looked up there, the next frame differs by rounding and interpolation
    alone: a small part of what it differs by without the flow.
    """
    made = clip(index)
    inside = moving(made.flow)
    assert inside.sum() > 100
    y, x = np.mgrid[:44, :44].astype(np.float32)
    warped, unwarped = [], []
    for t, (u, v) in enumerate(np.moveaxis(made.flow, -1, 1)):
        here = inside[t] & (x + u < 42) & (x + u > 1)
        here &= (y + v < 42) & (y + v > 1)
        now, after = made.frames[t], made.frames[t + 1]
        there = cv2.remap(after, x + u, y + v, cv2.INTER_CUBIC)
        warped.append(np.abs(there.astype(float) - now)[here])
        unwarped.append(np.abs(after.astype(float) - now)[here])
    warped, unwarped = np.concatenate(warped), np.concatenate(unwarped)
    assert warped.mean() < 0.25 * unwarped.mean()
    assert warped.mean() < 6


@pytest.mark.parametrize("index", range(8))
def test_where_the_flow_is_zero_nothing_changes(index):
    """Two pixels from what moves, before and after the step."""
    made = clip(index)
    still = np.all(made.flow == 0, axis=-1).astype(np.uint8)
    still = np.stack([cv2.erode(s, np.ones((5, 5))) > 0 for s in still])
    both = still[:-1] & still[1:]
    assert both.any()
    change = made.frames[1:-1].astype(int) - made.frames[:-2]
    assert np.abs(change[both]).max() <= 1


@pytest.mark.parametrize("label", range(8))
def test_the_label_is_the_sector_of_the_direction(label):
    """Class k moves within 22.5 degrees of k * 45; 0 is right, 90 down.

    So a name says `right` if, and only if, the cosine is above sin(22.5).
    """
    for index in (label, label + 8, label + 16):
        made = clip(index)
        assert made.label == label
        u, v = made.flow[moving(made.flow)].mean(axis=0)
        distance = np.degrees(np.arctan2(v, u)) - 45 * label
        assert abs((distance + 180) % 360 - 180) < 22.5
        border = np.hypot(u, v) * np.sin(np.pi / 8)
        name = CLASSES[label]
        assert ("right" in name, "left" in name) == (u > border, -u > border)
        assert ("down" in name, "up" in name) == (v > border, -v > border)


@pytest.mark.parametrize("label", range(8))
def test_a_heading_lies_between_two_directions(label):
    """`ese` is nearer to east than to south, and away from both by 4.5 degrees.

    22.5 - 18; by the larger and the smaller component, with v downwards.
    """
    for index in (label, label + 8, label + 16):
        made = make_clip(
            0, "train", index, size=44, num_frames=6, motions="headings"
        )
        assert made.label == label
        u, v = made.flow[moving(made.flow)].mean(axis=0)
        across, along = "e" if u > 0 else "w", "s" if v > 0 else "n"
        first = across if abs(u) > abs(v) else along
        assert HEADINGS[label] == first + along + across
        angle = np.degrees(np.arctan2(*sorted(np.abs([u, v]))))
        assert 4.4 < angle < 40.6


def test_other_motions_are_shown_by_other_textures():
    first, second = (
        make_clip(0, "train", 0, size=32, num_frames=2, motions=motions)
        for motions in ("directions", "headings")
    )
    still = np.all(first.flow == 0, axis=-1) & np.all(second.flow == 0, axis=-1)
    assert np.any(first.frames[:1][still] != second.frames[:1][still])


def test_something_moves_in_every_frame():
    for index in range(64):
        assert np.any(clip(index, num_frames=10).flow, axis=(1, 2, 3)).all()


def test_the_hue_is_that_of_what_moves():
    """Nearest of the eight hues k / 8, of the mean colour of the patches."""
    for index in range(24):
        made = clip(index, split="shuffled_colours")
        colour = made.frames[:-1][moving(made.flow)].mean(axis=0)
        hue = colorsys.rgb_to_hsv(*(colour / 255))[0]
        assert round(8 * hue) % 8 == made.hue


def hues(split, cue, count):
    clips = [
        clip(i, split=split, cue=cue, size=16, num_frames=2)
        for i in range(count)
    ]
    return np.array([(c.label, c.hue) for c in clips]).T


@pytest.mark.parametrize("split", ["train", "same_colours"])
@pytest.mark.parametrize("cue", [0.0, 0.7, 1.0])
def test_the_cue_holds_as_often_as_asked(split, cue):
    """`cue`, and by chance up to an eighth of the rest; +- 5 sigma."""
    labels, found = hues(split, cue, 200)
    share = (labels == found).mean()
    most = cue + (1 - cue) / 8
    sigma = np.sqrt(most * (1 - most) / 200)
    assert cue - 5 * sigma <= share <= most + 5 * sigma


def test_shuffled_colours_say_nothing():
    """Each hue, and hue = label, in an eighth of 400: 50 +- 5 * 6.6."""
    labels, found = hues("shuffled_colours", 0.9, 400)
    assert abs((labels == found).sum() - 50) < 33
    assert np.abs(np.bincount(found, minlength=8) - 50).max() < 33
    assert np.bincount(labels).tolist() == [50] * 8


def test_a_clip_is_a_function_of_seed_split_and_index():
    first, _, again = clip(3), clip(4), clip(3)
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.flow, again.flow)
    others = [clip(3, seed=1), clip(11), *(clip(3, split=s) for s in SPLITS)]
    same = [np.array_equal(first.frames, o.frames) for o in others]
    assert same == [False, False, True, False, False]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    return folder, write_videos(folder, SMALL, 0, show=False)


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_source_is_a_file_and_every_file_a_source(written):
    folder, listing = written
    assert listing.name == "toy"
    assert listing.classes == CLASSES
    assert {s.id for s in listing.sources} == set(files(folder))
    assert len({s.id for s in listing.sources}) == 16 + 8 + 8
    for source in listing.sources:
        split, name, _ = source.id.split("/")
        assert (source.split, source.class_name) == (split, name)
        assert CLASSES[source.label] == name
    per_split = [s.split for s in listing.sources]
    assert [per_split.count(s) for s in SPLITS] == [16, 8, 8]


def test_the_files_show_the_clips(written):
    """H.264 blurs colour, so the error is the mean one: below 8 of 255."""
    _, listing = written
    for source in listing.sources[::7]:
        index = int(os.path.basename(source.path).removesuffix(".mp4"))
        made = clip(index, split=source.split, size=32, num_frames=4)
        assert made.label == source.label
        video = read_video(
            source.path, frame_rate=25, short_side=32, max_seconds=9
        )
        assert video.frames.shape == made.frames.shape
        error = np.abs(video.frames.astype(float) - made.frames)
        assert error.mean() < 8


def test_a_second_run_writes_what_is_missing_and_nothing_else(written):
    folder, listing = written
    before = {
        n: (p.stat().st_mtime_ns, p.read_bytes())
        for n, p in files(folder).items()
    }
    lost = listing.sources[5]
    os.unlink(lost.path)
    assert write_videos(folder, SMALL, 0, show=False) == listing
    for name, path in files(folder).items():
        assert path.read_bytes() == before[name][1]
        kept = path.stat().st_mtime_ns == before[name][0]
        assert kept == (name != lost.id)
    assert set(files(folder)) == set(before)


def test_another_seed_gives_other_videos(written, tmp_path):
    folder, _ = written
    other = ToyRecipe(size=32, num_frames=4, train_videos=8, test_videos=8)
    write_videos(tmp_path, other, 1, show=False)
    for name, path in files(tmp_path).items():
        assert path.read_bytes() != files(folder)[name].read_bytes()


def test_the_same_clips_are_the_same_files(tmp_path):
    """Of sixty, ten once differed from one time to the next."""
    path = tmp_path / "clip.mp4"
    for index in range(60):
        clip = make_clip(0, "train", index, size=40, num_frames=12)
        contents = set()
        for _ in range(2):
            write_video(path, clip.frames, 25)
            contents.add(path.read_bytes())
        assert len(contents) == 1, index


def test_the_other_motions_as_files(tmp_path):
    toy = ToyRecipe(
        motions="headings", size=32, num_frames=4, train_videos=8, test_videos=8
    )
    listing = write_videos(tmp_path, toy, 0, show=False)
    assert listing.classes == HEADINGS
    assert {s.class_name for s in listing.sources} == set(HEADINGS)
    assert {s.id for s in listing.sources} == set(files(tmp_path))
