"""Files that are found below a folder."""

import pytest

from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    listed_once,
)
from d3d_tf.tfrecords.listing import Source
from d3d_tf.tfrecords.tree import Found


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
