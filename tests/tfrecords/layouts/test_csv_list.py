"""Lists of one's own: what they may say, and which line is wrong."""

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.csv_list import list_videos

FILES = [f"{i}.mp4" for i in range(4)]


def listed(tree, text, *, label_map=None, **data):
    files = {"my.csv": text}
    if label_map:
        files["label_map.txt"] = label_map
    return list_videos(
        tree("videos", *FILES),
        tree("lists", files) / "my.csv",
        DataRecipe(**data),
    )


def test_paths_labels_splits_and_parts_of_files(tree):
    listing = listed(
        tree,
        "path,label,start,end,split\n"
        "0.mp4,run,,,train\n"
        "1.mp4,jump,0.5,2.25,val\n"
        "1.mp4,run,2.25,,train\n"
        "none.mp4,run,,,train\n",
    )
    assert [
        (s.id, s.label, s.class_name, s.split, s.start, s.end)
        for s in listing.sources
    ] == [
        ("0.mp4", 1, "run", "train", 0.0, None),
        ("1@0.5-2.25.mp4", 0, "jump", "val", 0.5, 2.25),
        ("1@2.25-end.mp4", 1, "run", "train", 2.25, None),
    ]
    assert listing.name == "my" and not listing.drawn
    assert [s.id for s in listing.missing] == ["none.mp4"]
    assert listing.num_files == 4
    assert listing.left_out["of no listed video"]["count"] == 2


def test_a_label_map_beside_the_list_fixes_the_order(tree):
    text = "path,label\n0.mp4,b\n1.mp4,a\n"
    assert listed(tree, text).classes == ("a", "b")
    fixed = listed(tree, text, label_map="c\nb\na\n")
    assert fixed.classes == ("c", "b", "a")
    assert [s.label for s in fixed.sources] == [1, 2]
    with pytest.raises(UserError, match="line 3: 'a' is not in label_map"):
        listed(tree, text, label_map="b\n")


def test_without_a_split_a_share_is_held_out(tree):
    """A quarter of the four videos of one class."""
    text = "path,label\n" + "".join(f"{name},a\n" for name in FILES)
    listing = listed(tree, text, test_share=0.25)
    assert listing.drawn
    assert [s.split for s in listing.sources].count("test") == 1


def test_one_label_in_the_column_labels(tree):
    listing = listed(tree, "path,labels\n0.mp4,a\n")
    assert listing.sources[0].class_name == "a"


def test_several_labels(tree):
    """The first is the label that shares and balance are about."""
    listing = listed(tree, "path,labels\n0.mp4,sit; eat\n1.mp4,run\n")
    assert listing.classes == ("eat", "run", "sit")
    first, second = listing.sources
    assert (first.label, first.others) == (2, ((0, "eat"),))
    assert first.row()["labels"] == [2, 0]
    assert second.others == () and "labels" not in second.row()


def test_absolute_paths_and_the_mark_that_a_spreadsheet_leaves(tree, tmp_path):
    path = tree("else", "x y.mp4") / "x y.mp4"
    listing = listed(tree, f"\ufeffPath,Label\n{path},a\n")
    assert listing.sources[0].path == listing.sources[0].id == str(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with a line of column names"),
        ("0.mp4,a\n", "column names: path and label"),
        ("path,label\n", "lists no video"),
        ("path,label,labels\n0.mp4,a,a\n", "path and label"),
        (
            "path,label,colour\n0.mp4,a,b\n",
            "unknown columns colour; known: path",
        ),
        ("path,labels\n0.mp4,a;a\n", "line 2: a label is there twice"),
        ("path,labels\n0.mp4,a;\n", "line 2: the path or a label is empty"),
        ("path,label\n0.mp4,a\n0.mp4,b\n", r"line 3: 0.mp4 is listed twice"),
        ("path,label\n0.mp4,\n", "line 2: .*empty"),
        ("path,label\n0.mp4,a,b\n", "line 2: not as many fields"),
        ("path,label\n0.mp4\n", "line 2: the path or a label is empty"),
        ('path,label\n0.mp4,"a\nb"\n', r"line 2: the label 'a\\nb' has a line"),
        ("path,label,start\n0.mp4,a,-1\n", "line 2: start must be seconds"),
        ("path,label,end\n0.mp4,a,nan\n", "line 2: end must be seconds"),
        ("path,label,start,end\n0.mp4,a,3,3\n", "line 2: the end, 3 s, is not"),
        ("path,label,split\n0.mp4,a,x-y\n", "line 2: a split is one word"),
        (
            "path,label,split\n0.mp4,a,train\n1.mp4,a,\n",
            "every line a split, or none",
        ),
        ("path,label\nnone.mp4,a\n", "None of the 1 listed videos"),
    ],
)
def test_wrong_lists_are_told(tree, text, message):
    with pytest.raises(UserError, match=message) as caught:
        listed(tree, text)
    assert "\n" not in str(caught.value)


def test_a_missing_list_is_told(tree, tmp_path):
    with pytest.raises(UserError, match="cannot be read as a CSV"):
        list_videos(tree("videos", "a.mp4"), tmp_path / "no.csv", DataRecipe())
