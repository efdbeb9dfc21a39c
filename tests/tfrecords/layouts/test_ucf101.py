"""UCF-101's lists, its three splits and its two spellings."""

from pathlib import Path

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.ucf101 import list_videos

LISTS = {
    "trainlist01.txt": "YoYo/v_YoYo_g08_c01.avi 101\r\n"
    "HandStandPushups/v_HandStandPushups_g08_c01.avi 37\r\n"
    "YoYo/v_YoYo_g09_c01.avi 101\r\n",
    "testlist01.txt": "YoYo/v_YoYo_g01_c01.avi\n",
    "trainlist02.txt": "YoYo/v_YoYo_g01_c01.avi 101\n",
    "testlist02.txt": "YoYo/v_YoYo_g08_c01.avi\n",
    "classInd.txt": "101 YoYo\n",
}
OFFICIAL = Path(__file__).resolve().parents[4] / "shared/data/annotations"


@pytest.mark.parametrize(
    "files",
    [
        # As the archive unpacks, flat, and made into another format.
        [
            "UCF-101/YoYo/v_YoYo_g08_c01.avi",
            "UCF-101/HandstandPushups/v_HandStandPushups_g08_c01.avi",
            "UCF-101/YoYo/v_YoYo_g01_c01.avi",
        ],
        [
            "v_YoYo_g08_c01.mp4",
            "v_HandstandPushups_g08_c01.mp4",
            "v_YoYo_g01_c01.mp4",
        ],
    ],
)
def test_split_1(tree, files):
    """Labels are those of classInd.txt, which counts from 1."""
    folder = tree("videos", *files)
    listing = list_videos(folder, tree("lists", LISTS), DataRecipe())
    assert [
        (s.id, s.path, s.label, s.class_name, s.split) for s in listing.sources
    ] == [
        ("YoYo/v_YoYo_g08_c01.avi", f"{folder}/{files[0]}", 100)
        + ("YoYo", "train"),
        (
            "HandstandPushups/v_HandStandPushups_g08_c01.avi",
            f"{folder}/{files[1]}",
            36,
        )
        + ("HandstandPushups", "train"),
        ("YoYo/v_YoYo_g01_c01.avi", f"{folder}/{files[2]}", 100)
        + ("YoYo", "test"),
    ]
    assert [s.id for s in listing.missing] == ["YoYo/v_YoYo_g09_c01.avi"]


def test_split_2(tree):
    folder = tree("videos", "v_YoYo_g08_c01.avi", "v_YoYo_g01_c01.avi")
    listing = list_videos(folder, tree("lists", LISTS), DataRecipe(split=2))
    assert {s.id: s.split for s in listing.sources} == {
        "YoYo/v_YoYo_g01_c01.avi": "train",
        "YoYo/v_YoYo_g08_c01.avi": "test",
    }


def test_wrong_lists_are_told(tree):
    folder = tree("videos", "v_YoYo_g08_c01.avi")
    with pytest.raises(UserError, match=r"no .*trainlist03\.txt"):
        list_videos(folder, tree("lists", LISTS), DataRecipe(split=3))
    broken = tree("broken", LISTS | {"testlist01.txt": "Yoyo\n"})
    with pytest.raises(UserError, match="line 1: expected CLASS/FILE.avi"):
        list_videos(folder, broken, DataRecipe())


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=f"no {OFFICIAL}")
@pytest.mark.parametrize(
    ("split", "train", "test"),
    # Soomro et al. 2012: 13,320 videos, in three splits.
    [(1, 9537, 3783), (2, 9586, 3734), (3, 9624, 3696)],
)
def test_official_lists(tree, split, train, test):
    folder = tree("videos", "v_YoYo_g08_c01.avi")
    listing = list_videos(
        folder, OFFICIAL / "ucfTrainTestlist", DataRecipe(split=split)
    )
    every = [s.split for s in (*listing.sources, *listing.missing)]
    assert every.count("train") == train and every.count("test") == test
    assert {s.label for s in listing.missing} == set(range(101))
