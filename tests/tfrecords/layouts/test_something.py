"""Something-Something's lists, as its archives have them."""

import json

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.text_lists import label_map
from d3d_tf.tfrecords.layouts.something import list_videos

TRAIN = [
    {
        "id": "78687",
        "label": "holding potato next to vicks vaporub bottle",
        "template": "Holding [something] next to [something]",
        "placeholders": ["potato", "vicks vaporub bottle"],
    },
    {"id": "1", "label": "", "template": "Stacking [number of] [something]"},
]
VALIDATION = [
    {"id": "74225", "template": "Pulling [something] from left to right"}
]
TEST = [{"id": "1420"}, {"id": "3"}]
NUMBERS = {text: str(k) for k, text in enumerate(label_map("sthv2"))}
V2 = {
    "something-something-v2-train.json": json.dumps(TRAIN),
    "something-something-v2-validation.json": json.dumps(VALIDATION),
    "something-something-v2-test.json": json.dumps(TEST),
    "something-something-v2-labels.json": json.dumps(NUMBERS),
}
V1 = {
    "something-something-v1-train.csv": "100218;Something falling like a "
    "feather or paper\n24413;Putting something, something and something on "
    "the table\n",
    "something-something-v1-validation.csv": "74225;Holding something\n",
    "something-something-v1-test.csv": "1420\n3\n",
    "something-something-v1-labels.csv": "\n".join(label_map("sthv1")) + "\n",
}
PICTURES = [f"100218/{k:05d}.jpg" for k in (1, 2, 3)]


def listed(tree, files, lists, layout="sthv2", **data):
    data = DataRecipe(layout=layout, **({"picture_rate": 12.0} | data))
    return list_videos(tree("videos", *files), tree("lists", lists), data)


def test_version_2(tree):
    files = ["20bn/78687.webm", "1.webm", "20bn/9.webm"]
    listing = listed(tree, files, V2)
    found = [(s.id, s.label, s.class_name, s.split) for s in listing.sources]
    # Lines 20 and 145 of the label map, from 1.
    assert found == [
        ("train/78687", 19, "Holding something next to something", "train"),
        ("train/1", 144, "Stacking number of something", "train"),
    ]
    folder = tree("videos")
    assert listing.sources[0].path == str(folder / "20bn" / "78687.webm")
    (missing,) = listing.missing
    assert (missing.id, missing.label, missing.split) == (
        *("val/74225", 86),
        "val",
    )
    assert listing.notes == ("2 listed videos have no class: left out",)
    assert listing.name == "sthv2" and listing.classes == label_map("sthv2")
    assert listing.left_out["of no listed video"]["count"] == 1
    assert listing.num_files == 3


@pytest.mark.parametrize("inside", ["", "labels/"])
def test_newer_names_of_version_2(tree, inside):
    lists = {
        inside + name.rpartition("-")[2]: text for name, text in V2.items()
    }
    listing = listed(tree, ["78687.webm"], lists)
    assert [s.id for s in listing.sources] == ["train/78687"]
    assert len(listing.missing) == 2 and listing.notes


def test_version_1_in_folders_of_pictures(tree):
    listing = listed(tree, [*PICTURES, "7/00001.jpg"], V1, "sthv1")
    (source,) = listing.sources
    assert (source.id, source.label, source.split) == (
        "train/100218",
        31,
        "train",
    )
    assert source.path == str(tree("videos") / "100218")
    assert [(s.id, s.label) for s in listing.missing] == [
        ("train/24413", 43),
        ("val/74225", 0),
    ]
    assert listing.notes == ("2 listed videos have no class: left out",)
    # The pictures of a video are that video.
    assert listing.left_out["pictures"]["count"] == 1


def test_a_file_stands_before_a_folder(tree):
    listing = listed(tree, [*PICTURES, "x/100218.webm"], V1, "sthv1")
    (source,) = listing.sources
    assert source.path.endswith("x/100218.webm")


def test_the_rate_of_pictures_is_known(tree):
    listing = listed(tree, PICTURES, V1, "sthv1", picture_rate=30.0)
    assert "taken for 30 per second" in listing.notes[-1]


def test_the_rate_of_files_is_their_own(tree):
    listing = listed(tree, ["100218.webm"], V1, "sthv1", picture_rate=30.0)
    assert listing.notes == ("2 listed videos have no class: left out",)


OTHER = json.dumps(NUMBERS | {"Pulling something from left to right": "87"})
MORE = json.dumps(NUMBERS | {"Juggling something": "174"})


@pytest.mark.parametrize(
    "name, text, message",
    [
        (
            "train",
            json.dumps([{"id": "5", "template": "Juggling [something]"}]),
            "train.json, id 5: 'Juggling something' is not one of the 174",
        ),
        ("train", '[{"template": "a"}]', "train.json is damaged .*lacks id"),
        ("train", "{", "train.json is damaged .*not JSON"),
        ("labels", OTHER, "class 86 of sthv2 is .Pulling something from left"),
        ("labels", MORE, "'Juggling something' is not a class of sthv2"),
    ],
)
def test_lists_that_are_wrong(tree, name, text, message):
    lists = V2 | {f"something-something-v2-{name}.json": text}
    with pytest.raises(UserError, match=message):
        listed(tree, ["78687.webm"], lists)


def test_classes_of_version_1_in_another_order(tree):
    classes = "\n".join(sorted(label_map("sthv1")))
    lists = V1 | {"something-something-v1-labels.csv": classes}
    with pytest.raises(UserError, match="class 0 of sthv1 is 'Holding someth"):
        listed(tree, PICTURES, lists, "sthv1")


def test_lists_that_are_not_there(tree):
    with pytest.raises(UserError, match="no list of sthv2: something-somethi"):
        listed(tree, ["78687.webm"], V1)
    tests = {k: v for k, v in V2.items() if "test" in k}
    with pytest.raises(UserError, match="lists no video with a class"):
        list_videos(
            tree("videos"), tree("tests", tests), DataRecipe(layout="sthv2")
        )


def test_no_video_is_there(tree):
    with pytest.raises(UserError, match=r"expected as 78687.webm, or as a fol"):
        listed(tree, ["a.webm"], V2)
