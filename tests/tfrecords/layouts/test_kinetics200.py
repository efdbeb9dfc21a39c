"""The choice of Kinetics-200 from made-up lists of Kinetics-400."""

import csv
import dataclasses
import hashlib
import io
from collections import Counter

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.text_lists import label_map
from d3d_tf.tfrecords.layouts import kinetics200
from d3d_tf.tfrecords.layouts.kinetics200 import (
    choose,
    largest_classes,
    list_videos,
)
from d3d_tf.tfrecords.listing import Source

DATA = DataRecipe(layout="kinetics200")
NAMES = label_map("kinetics400")


def videos_of(counts, split="train"):
    """`{number of a class: videos}`, all on disk."""
    return [
        Source(f"{split}/{k:05d}{n:06d}_000000_000010", "x", k, NAMES[k], split)
        for k, count in counts.items()
        for n in range(count)
    ]


def test_the_largest_classes():
    """300 classes of 2 videos, of which 7 have 3 and 5 have 1."""
    counts = dict.fromkeys(range(300), 2)
    counts |= dict.fromkeys((150, 299, 298, 297, 296, 295, 294), 3)
    counts |= dict.fromkeys((0, 1, 2, 3, 4), 1)
    held_out = videos_of({0: 9}, "val")  # Does not count.
    # The first 193 of the others, from 5 on without 150: 5 to 198.
    expected = [*range(5, 199), *range(294, 300)]
    found = largest_classes([*videos_of(counts), *held_out])
    assert len(found) == 200
    assert found == [NAMES[k] for k in expected]


def test_videos_by_their_digests():
    """Of 500 the 400 with the smallest, of whatever order they are listed in;
    those without a file do not count."""
    videos = videos_of({7: 500}) + videos_of({7: 30}, "val")
    ranked = sorted(
        videos[:500], key=lambda v: hashlib.sha256(v.id.encode()).hexdigest()
    )
    found = choose(videos[::-1], [NAMES[7]])
    assert found[:400] == ranked[:400]
    assert Counter(v.split for v in found) == {"train": 400, "val": 25}
    gone = dataclasses.replace(ranked[3], path="")
    videos[videos.index(ranked[3])] = gone
    found = choose(videos, [NAMES[7]])
    assert found[:401] == [*ranked[:3], gone, *ranked[4:401]]


@pytest.fixture
def small(monkeypatch):
    """Two classes, two training videos and one more of each."""
    monkeypatch.setattr(kinetics200, "CLASSES", 2)
    monkeypatch.setattr(kinetics200, "VIDEOS", {"train": 2, "val": 1})


HEAD = "label,youtube_id,time_start,time_end,split\n"
TRAIN = {
    "yoga": ["yoga0000001", "yoga0000002", "yoga0000003"],
    "abseiling": ["absei-__001", "absei000002", "absei000003"],
    "archery": ["arche000001"],
}
LISTS = {
    "train.csv": HEAD
    + "".join(f"{c},{v},7,17,train\n" for c in TRAIN for v in TRAIN[c]),
    "val.csv": HEAD
    + "".join(f"{c},{c[:4]}val0000,0,10,val\n" for c in ("yoga", "abseiling")),
    "test.csv": HEAD + "yoga,yogatest001,0,10,test\n",
}


def test_a_list_of_kinetics(tree, small):
    files = [f"{v}_000007_000017.mp4" for vs in TRAIN.values() for v in vs]
    gone = "yoga0000002_000007_000017"
    files = [name for name in files if gone not in name]
    folder = tree("videos", *files, "yogaval0000_000000_000010.mp4")
    listing = list_videos(folder, tree("lists", LISTS), DATA)
    # As in the list of Kinetics-400; labels are of these two.
    assert listing.classes == ("abseiling", "yoga")
    assert {(s.class_name, s.label) for s in listing.sources} == {
        ("abseiling", 0),
        ("yoga", 1),
    }
    found = Counter((s.class_name, s.split) for s in listing.sources)
    assert found[("abseiling", "train")] == found[("yoga", "train")] == 2
    assert "1 classes and splits have fewer" in listing.notes[-1]
    # All files are counted: 4 or 5 are used.
    others = sum(rule["count"] for rule in listing.left_out.values())
    assert len(listing.sources) + others == listing.num_files == len(files) + 1
    rows = list(csv.DictReader(io.StringIO(listing.own_list)))
    assert len(rows) == len(listing.sources)
    assert rows[0].keys() == set(HEAD.strip().split(","))
    # The choice is chosen from its own list.
    again = list_videos(
        folder, tree("again", {"list.csv": listing.own_list}), DATA
    )
    assert again.sources == listing.sources
    assert again.own_list == listing.own_list


def test_no_training_list(tree):
    lists = tree("lists", {"val.csv": LISTS["val.csv"]})
    with pytest.raises(UserError, match="lists no training video"):
        list_videos(tree("videos", "x.mp4"), lists, DATA)
