"""Charades' lists, as its archives have them."""

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.charades import list_videos

HEAD = (
    "id,subject,scene,quality,relevance,verified,script,objects,descriptions,"
    "actions,length\n"
)
LISTS = {
    "Charades_v1_classes.txt": "c000 Holding some clothes\n"
    "c001 Putting clothes somewhere\n"
    "c002 Taking/consuming some medicine\n",
    "Charades_v1_train.csv": HEAD
    + 'YSKX3,HR43,Bedroom,6,7,Yes,"A person, reading.",bed,He ; she,'
    + "c002 0.00 12.60;c000 11.90 21.20;c002 30.00 31.00,32.12\n"
    + "46GP8,HR43,Kitchen,6,7,Yes,A,food,B,,24.83\n",
    "Charades_v1_test.csv": HEAD
    + "0A8CF,X1,Kitchen,6,7,Yes,A,food,B,c001 0.00 12.60,24.83\n",
}


def test_all_actions_of_a_video(tree):
    folder = tree(
        "videos", "Charades_v1_480/YSKX3.mp4", "Charades_v1_480/x.mp4"
    )
    listing = list_videos(folder, tree("lists", LISTS), DataRecipe())
    (source,) = listing.sources
    assert (source.id, source.split) == ("train/YSKX3", "train")
    assert source.path == f"{folder}/Charades_v1_480/YSKX3.mp4"
    # In the order of the list; an action that comes twice is there once.
    assert source.labels == [2, 0]
    assert source.class_names == [
        "Taking/consuming some medicine",
        "Holding some clothes",
    ]
    assert source.row()["labels"] == [2, 0]
    (missing,) = listing.missing
    assert (missing.id, missing.labels) == ("test/0A8CF", [1])
    assert "labels" not in missing.row()
    assert listing.notes == ("1 listed videos have no action: left out",)
    assert listing.classes[1] == "Putting clothes somewhere"
    assert listing.left_out["of no listed video"]["count"] == 1


@pytest.mark.parametrize(
    "change, message",
    [
        ({"Charades_v1_classes.txt": "Holding\n"}, "line 1: expected a class"),
        (
            {"Charades_v1_test.csv": HEAD + "a,,,,,,,,,c009 0 1,1\n"},
            "line 2: the class c009 is not in Charades_v1_classes.txt",
        ),
        ({"Charades_v1_test.csv": "id,length\na,1\n"}, "no column actions"),
    ],
)
def test_lists_that_are_wrong(tree, change, message):
    folder = tree("videos", "YSKX3.mp4")
    with pytest.raises(UserError, match=message):
        list_videos(folder, tree("lists", LISTS | change), DataRecipe())


def test_lists_that_are_not_there(tree):
    folder = tree("videos", "YSKX3.mp4")
    with pytest.raises(UserError, match="Charades_v1_classes.txt cannot be"):
        list_videos(folder, tree("lists"), DataRecipe())


def test_no_video_is_there(tree):
    with pytest.raises(UserError, match="None of the 2 listed videos"):
        list_videos(tree("videos", "a.mp4"), tree("lists", LISTS), DataRecipe())
