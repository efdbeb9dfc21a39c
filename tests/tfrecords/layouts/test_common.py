"""Label maps that never change, and files found below a folder."""

import hashlib

import pytest

from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    label_map,
    listed_once,
)
from d3d_tf.tfrecords.listing import Source
from d3d_tf.tfrecords.tree import Found


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        # Known from the data sets' own papers and lists.
        ("kinetics400", 400, {0: "abseiling", 6: "arm wrestling"}),
        ("kinetics600", 600, {0: "abseiling", 1: "acting in play"}),
        ("kinetics700", 700, {0: "abseiling", 19: "backflip (human)"}),
        # classInd.txt counts from 1: 1 ApplyEyeMakeup, 37, 101 YoYo.
        (
            "ucf101",
            101,
            {0: "ApplyEyeMakeup", 36: "HandstandPushups", 100: "YoYo"},
        ),
        ("hmdb51", 51, {0: "brush_hair", 50: "wave"}),
    ],
)
def test_label_maps(name, count, some):
    classes = label_map(name)
    assert len(classes) == len(set(classes)) == count
    assert {i: classes[i] for i in some} == some


def test_label_maps_are_what_they_were():
    """A label of a published network must mean the same for ever.

    SHA-256 of the files in shared/data/annotations, by `sha256sum`.
    """
    expected = {
        "kinetics400": "e9f2806fe9109b85",
        "kinetics600": "8dfca4202520ea82",
        "kinetics700": "2f265d35aa760602",
        "ucf101": "fabeefc51625dad8",
        "hmdb51": "c24c56a7af6f3ea5",
    }
    for name, digest in expected.items():
        text = "".join(f"{c}\n" for c in label_map(name))
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_files_at_any_depth_by_their_stem(tree):
    folder = tree(
        "v", "b/x.mp4", "a/part 1/x.webm", "y.avi", ".z/h.mp4", "a/n.txt"
    )
    found = index_files(files_below(folder))
    assert found == {
        "x": [folder / "a/part 1/x.webm", folder / "b/x.mp4"],
        "y": [folder / "y.avi"],
    }


def test_archives_alone_are_to_be_unpacked(tree):
    folder = tree("v", "train/part_0.tar.gz")
    with pytest.raises(UserError, match=r"unpack .*part_0\.tar\.gz"):
        files_below(folder)


def test_a_missing_folder(tmp_path):
    with pytest.raises(UserError, match="no folder"):
        files_below(tmp_path / "none")


def make(id_, path="", label=0):
    return Source(id_, path, label, "ab"[label], "train")


def test_missing_videos_are_parted_from_the_others(tmp_path):
    """Files of the list are tried, whatever they are called; one is outside."""
    names = ("1.mp4", "2.mp4", "3.jpg", "4.jpg")
    files = [Found(tmp_path / n, "pictures" * ("jpg" in n)) for n in names]
    there = [
        make("1", str(tmp_path / "x" / ".." / "1.mp4")),
        make("3", str(tmp_path / "3.jpg")),
        make("5", "/elsewhere/5.mp4"),
    ]
    gone = make("2")
    listing = finish(
        "set", "ab", [*there, gone], files, folder=tmp_path, example="1.mp4"
    )
    assert listing.sources == tuple(there) and listing.missing == (gone,)
    assert listing.listed and not listing.drawn
    assert listing.classes == ("a", "b") and listing.notes == ()
    assert listing.num_files == 5
    assert listing.left_out == {
        "of no listed video": {"count": 1, "example": "2.mp4"},
        "pictures": {"count": 1, "example": "4.jpg"},
    }


def test_nothing_on_disk_says_what_was_expected(tmp_path):
    files = [Found(tmp_path / f"{i}.mp4", "") for i in range(3)]
    with pytest.raises(
        UserError, match="None of the 1 .* 3 files .*expected as 1.mp4"
    ):
        finish(
            "set", "ab", [make("1")], files, folder=tmp_path, example="1.mp4"
        )


def test_a_video_that_is_listed_twice_is_taken_once():
    kept, notes = listed_once([make("1", "a"), make("1", "b", 1), make("2")])
    assert kept == [make("1", "a"), make("2")]
    assert notes == ["1 videos are listed twice: the first line counts"]
    assert listed_once([make("1")])[1] == []
