"""Kinetics' lists, and the layouts in which its files are handed on."""

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.text_lists import label_map
from d3d_tf.tfrecords.layouts.kinetics import list_videos

HEAD = "label,youtube_id,time_start,time_end,split\n"
# Made-up ids of eleven characters, such as YouTube gives.
TRAIN = HEAD + (
    "abseiling,-abcdefghi_,10,20,train\n"
    '"passing American football (in game)",a_1_2_3_4_5,0,10,train\n'
    "yoga,missing0001,7,17,train\n"
)
VAL = HEAD + "arm wrestling,Val00000001,123,133,val\n"
LISTS = {"train.csv": TRAIN, "val.csv": VAL}
CLIPS = (
    "-abcdefghi__000010_000020",
    "a_1_2_3_4_5_000000_000010",
    "Val00000001_000123_000133",
)


def listed(folder, annotations, name="kinetics400"):
    return list_videos(folder, annotations, DataRecipe(layout=name))


@pytest.mark.parametrize(
    "files",
    [
        # The CVDF mirror: flat, or in the folders of its archives.
        [f"train/{CLIPS[0]}.mp4", f"train/{CLIPS[1]}.mp4"]
        + [f"val/{CLIPS[2]}.mp4"],
        [f"train/part_0/{CLIPS[0]}.mp4", f"train/part_1/{CLIPS[1]}.mp4"]
        + [f"val/part_0/{CLIPS[2]}.mp4"],
        # Downloaders: folders of classes, with blanks or without.
        [f"abseiling/{CLIPS[0]}.mp4"]
        + [f"passing American football (in game)/{CLIPS[1]}.mkv"]
        + [f"arm wrestling/{CLIPS[2]}.webm"],
        [f"train/abseiling/{CLIPS[0]}.mp4"]
        + [f"train/passing_American_football_in_game/{CLIPS[1]}.mp4"]
        + [f"val/arm_wrestling/{CLIPS[2]}.mp4"],
        # Times with fewer zeros.
        ["-abcdefghi__10_20.mp4", "a_1_2_3_4_5_0_10.mp4"]
        + ["Val00000001_0123_0133.mp4"],
    ],
)
def test_layouts_of_clips(tree, files):
    folder = tree("videos", *files)
    listing = listed(folder, tree("lists", LISTS))
    assert [
        (s.id, s.path, s.class_name, s.split, s.start, s.end)
        for s in listing.sources
    ] == [
        (f"train/{CLIPS[0]}", str(folder / files[0]))
        + ("abseiling", "train", 0.0, None),
        (f"train/{CLIPS[1]}", str(folder / files[1]))
        + ("passing American football (in game)", "train", 0.0, None),
        (f"val/{CLIPS[2]}", str(folder / files[2]))
        + ("arm wrestling", "val", 0.0, None),
    ]
    # Lines of the label map, from 0: `grep -n` says 1, 209, 7.
    assert [s.label for s in listing.sources] == [0, 208, 6]
    assert [s.id for s in listing.missing] == [
        "train/missing0001_000007_000017"
    ]
    assert listing.classes == label_map("kinetics400")
    assert listing.name == "kinetics400" and listing.notes == ()


def test_whole_videos_are_cut(tree):
    """`CLASS/ID.mp4`, as downloaders leave them that do not cut."""
    folder = tree(
        "videos", "abseiling/-abcdefghi_.mp4", "arm_wrestling/Val00000001.mkv"
    )
    listing = listed(folder, tree("lists", LISTS))
    assert [(s.id, s.start, s.end) for s in listing.sources] == [
        (f"train/{CLIPS[0]}", 10.0, 20.0),
        (f"val/{CLIPS[2]}", 123.0, 133.0),
    ]
    assert len(listing.missing) == 2


def test_a_clip_is_preferred_to_the_whole_video(tree):
    folder = tree("videos", "-abcdefghi_.mp4", f"x/{CLIPS[0]}.mp4")
    (source,) = listed(folder, tree("lists", LISTS)).sources
    assert source.path == f"{folder}/x/{CLIPS[0]}.mp4" and source.end is None


def test_the_file_of_the_own_split_and_replacements_are_preferred(tree):
    clip = CLIPS[2] + ".mp4"
    folder = tree("videos", f"test/{clip}", f"val/{clip}")
    annotations = tree("lists", LISTS)
    (source,) = listed(folder, annotations).sources
    assert source.path == f"{folder}/val/{clip}"
    tree("videos", f"replacement/replacement_for_corrupted_k400/{clip}")
    (source,) = listed(folder, annotations).sources
    assert "replacement" in source.path


def test_ids_do_not_depend_on_the_layout_or_the_order(tree):
    clips = [f"{clip}.mp4" for clip in CLIPS]
    annotations = tree("lists", LISTS)
    first = listed(tree("one", *clips), annotations)
    second = listed(tree("two", *(f"c/{c}" for c in clips)), annotations)
    assert [s.id for s in first.sources] == [s.id for s in second.sources]


def test_one_file_of_the_list(tree):
    folder = tree("videos", f"{CLIPS[2]}.mp4", f"{CLIPS[0]}.mp4")
    listing = listed(folder, tree("lists", LISTS) / "val.csv")
    assert [s.id for s in listing.sources] == [f"val/{CLIPS[2]}"]
    assert listing.left_out["of no listed video"] == {
        "count": 1,
        "example": f"{CLIPS[0]}.mp4",
    }


@pytest.mark.parametrize("id_", ["abc_12_3456", "x_000010_000020"])
def test_an_id_that_ends_like_the_times_of_a_clip(tree, id_):
    """Its whole video, which is not a clip of `abc` or `x`; and its clips."""
    text = HEAD + f"yoga,{id_},0,10,train\nzumba,{id_},20,30,train\n"
    folder = tree("videos", f"{id_}.mp4", f"{id_}_000020_000030.mp4")
    listing = listed(folder, tree("lists", {"train.csv": text}))
    assert [(s.class_name, s.path, s.end) for s in listing.sources] == [
        ("yoga", f"{folder}/{id_}.mp4", 10.0),
        ("zumba", f"{folder}/{id_}_000020_000030.mp4", None),
    ]
    assert not listing.missing and not listing.left_out


def test_a_list_from_a_european_spreadsheet(tree):
    """Semicolons, decimal commas, Windows' line ends, an empty last column."""
    text = "\ufefflabel;youtube_id;time_start;time_end;split;\r\n" + (
        "yoga;-abcdefghi_;10,0;20,0;val;\r\n;;;;;\r\n"
    )
    folder = tree("videos", f"{CLIPS[0]}.mp4")
    (source,) = listed(folder, tree("lists", {"val.csv": text})).sources
    assert (source.class_name, source.split) == ("yoga", "val")


def test_a_list_in_another_encoding_is_named_with_the_line(tree):
    lists = tree("lists", {"train.csv": ""})
    (lists / "train.csv").write_bytes(
        (TRAIN + "# caf\xe9,x,0,10,train\n").encode("latin1")
    )
    with pytest.raises(UserError, match=r"train\.csv, line 5: .*0xe9.* UTF-8"):
        listed(tree("videos", "a.mp4"), lists)


def test_rows_without_label_and_rows_twice_are_told(tree):
    text = HEAD + (
        "abseiling,-abcdefghi_,10,20,train\n"
        "yoga,-abcdefghi_,10,20,train\n"
        ",Test0000001,1,11,test\n"
    )
    listing = listed(
        tree("videos", f"{CLIPS[0]}.mp4"), tree("lists", {"all.csv": text})
    )
    assert [s.class_name for s in listing.sources] == ["abseiling"]
    assert listing.notes == (
        "1 videos are listed twice: the first line counts",
        "1 listed videos have no label: left out",
    )


@pytest.mark.parametrize(
    ("name", "split"),
    [("validate.CSV", "val"), ("kinetics_train.csv", "train")],
)
def test_a_list_without_splits_tells_them_by_its_name(tree, name, split):
    text = "label,youtube_id,time_start,time_end\nyoga,-abcdefghi_,10.0,20.0\n"
    folder = tree("videos", f"{CLIPS[0]}.mp4")
    # A Mac leaves something of its own beside each file of an archive.
    listing = listed(folder, tree("lists", {name: text, f"._{name}": "x"}))
    assert [s.split for s in listing.sources] == [split]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"a.csv": "id,name\n1,2\n"}, "lacks the columns .*youtube_id"),
        ({"a.txt": ""}, "no CSV file"),
        (
            {"train.csv": HEAD + "acting in play,a,1,2,train\n"},
            "line 2: 'acting in play' is no class of kinetics400; .*edition",
        ),
        ({"a.csv": HEAD + "yoga,a,x,2,train\n"}, "line 2: time_start .*'x'"),
        ({"a.csv": HEAD + "yoga,a,1,2,dev\n"}, "line 2: the split .*'dev'"),
        ({"train.csv": HEAD}, "lists no video"),
        ({"a.csv": HEAD + "yoga,a,1,2,val\n"}, r"a_000001_000002\.mp4"),
    ],
)
def test_wrong_lists_are_told(tree, lists, message):
    folder = tree("videos", "x.mp4")
    with pytest.raises(UserError, match=message) as caught:
        listed(folder, tree("lists", lists))
    assert "\n" not in str(caught.value)


def test_classes_are_told_apart_by_letters_and_digits_alone():
    """Lists are spelt with and without brackets, apostrophes, capitals."""
    from d3d_tf.tfrecords.layouts.kinetics import _plain

    for name in ("kinetics400", "kinetics600", "kinetics700"):
        classes = label_map(name)
        assert len({_plain(c) for c in classes}) == len(classes)
