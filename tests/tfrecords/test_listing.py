"""Folders of videos: classes, splits, and what is no video."""

import os

import pytest

from d3d_tf.errors import UserError
from d3d_tf.tfrecords.listing import list_folder


@pytest.fixture
def tree(tmp_path):
    """Makes empty files `tmp_path/videos/...` and returns the folder."""

    def make(*names):
        for name in names:
            path = tmp_path / "videos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "videos"

    return make


def splits(listing):
    """`{id: split}`."""
    return {source.id: source.split for source in listing.sources}


def test_sub_folders_are_classes_in_the_order_of_their_names(tree):
    folder = tree("b/1.mp4", "c c/2.avi", "a/3.MKV", "a/4.mp4")
    listing = list_folder(folder, test_share=0.0)
    assert listing.name == "videos"
    assert listing.classes == ("a", "b", "c c")
    assert [(s.id, s.label, s.class_name) for s in listing.sources] == [
        ("a/3.MKV", 0, "a"),
        ("a/4.mp4", 0, "a"),
        ("b/1.mp4", 1, "b"),
        ("c c/2.avi", 2, "c c"),
    ]
    assert {s.split for s in listing.sources} == {"train"}
    assert listing.sources[0].path == str(folder / "a/3.MKV")


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("test", "test"),
        ("testing", "test"),
        ("Test", "test"),
        ("val", "val"),
        ("valid", "val"),
        ("VAL", "val"),
        ("validation", "val"),
    ],
)
def test_a_split_of_its_own_is_kept(tree, name, split):
    """Classes are those of both sides, though one lacks some."""
    folder = tree("train/a/1.mp4", "train/b/2.mp4", f"{name}/b/2.mp4")
    listing = list_folder(folder, test_share=0.5)
    assert listing.classes == ("a", "b")
    assert splits(listing) == {
        "train/a/1.mp4": "train",
        "train/b/2.mp4": "train",
        f"{name}/b/2.mp4": split,
    }
    assert [s.label for s in listing.sources if s.class_name == "b"] == [1, 1]


@pytest.mark.parametrize(
    ("files", "share", "held_out"),
    [
        (10, 0.2, 2),
        (10, 0.25, 2),  # 2.5, rounded down
        (3, 0.1, 1),  # at least one
        (2, 0.9, 1),  # never all
        (1, 0.9, 0),
        (10, 0.0, 0),
    ],
)
def test_the_share_is_held_out_of_every_class(tree, files, share, held_out):
    names = [f"{c}/{i}.mp4" for c in "ab" for i in range(files)]
    found = splits(list_folder(tree(*names), test_share=share))
    for c in "ab":
        of_class = [split for id_, split in found.items() if id_[0] == c]
        assert len(of_class) == files
        assert of_class.count("test") == held_out


def test_what_is_held_out_depends_on_names_alone(tree, tmp_path):
    names = [f"a/{i}.mp4" for i in range(20)]
    first = splits(list_folder(tree(*names), test_share=0.2))
    for i, name in enumerate(reversed(names)):
        path = tmp_path / "elsewhere" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(i))
    second = splits(list_folder(tmp_path / "elsewhere", test_share=0.2))
    assert first == second
    chosen = [id_ for id_, split in first.items() if split == "test"]
    assert chosen != names[:4] and chosen != names[-4:]


def test_a_larger_share_holds_out_the_same_and_more(tree):
    folder = tree(*[f"a/{i}.mp4" for i in range(20)])
    small, large = (
        {
            id_
            for id_, split in splits(
                list_folder(folder, test_share=share)
            ).items()
            if split == "test"
        }
        for share in (0.2, 0.5)
    )
    assert (len(small), len(large)) == (4, 10)
    assert small < large


def test_what_is_clearly_no_video_is_left_out(tree):
    folder = tree(
        "a/1.mp4",
        "a/notes.txt",
        "a/thumb.JPG",
        "a/labels.csv",
        "a/.hidden.mp4",
        "a/.DS_Store",
        ".git/x.mp4",
        "README.md",
        "loose.mp4",
    )
    (folder / "a/deeper").mkdir()
    listing = list_folder(folder, test_share=0.0)
    assert [s.id for s in listing.sources] == ["a/1.mp4"]
    assert listing.classes == ("a",)
    assert listing.num_files == 9
    assert {rule: n["count"] for rule, n in listing.left_out.items()} == {
        "beside the folders of classes": 1,
        "hidden or of the system": 3,
        "pictures": 1,
        "texts and tables": 3,
    }


@pytest.mark.parametrize("suffix", ["jpeg", "png", "bmp", "nfo", "srt", "LRV"])
def test_pictures_and_notes_are_left_out(tree, suffix):
    """FFmpeg decodes a picture as one frame, and .nfo text as ANSI art."""
    folder = tree("a/1.mp4", f"a/1.{suffix}")
    assert len(list_folder(folder, test_share=0.0).sources) == 1


def test_a_misnamed_file_is_tried(tree):
    """So that `prepare` can tell why it is no video."""
    names = ("a/1.mp4", "a/no_suffix", "a/2.xyz", "a/3.gif", "a/4.webp")
    assert len(list_folder(tree(*names), test_share=0.0).sources) == 5


def test_what_is_no_file_is_tried_and_told_too(tree):
    """A pipe, or a link to what has been removed."""
    folder = tree("a/1.mp4")
    os.mkfifo(folder / "a/pipe.mp4")
    (folder / "a/link.mp4").symlink_to(folder / "gone.mp4")
    listing = list_folder(folder, test_share=0.0)
    ids = [source.id for source in listing.sources]
    assert ids == ["a/1.mp4", "a/link.mp4", "a/pipe.mp4"]


def test_splits_are_drawn_where_there_are_none(tree):
    assert list_folder(tree("a/1.mp4"), test_share=0.0).drawn
    given = list_folder(tree("x/train/a/1.mp4") / "x", test_share=0.0)
    assert not given.drawn and not given.listed


@pytest.mark.parametrize("split", ["", "train/"])
def test_folders_without_videos_are_not_classes(tree, split):
    folder = tree(f"{split}a/1.mp4", f"{split}b/notes.txt", f"{split}c/2.mp4")
    tree("__MACOSX/a/._1.mp4", "annotations/a.xml")
    (folder / "empty").mkdir()
    listing = list_folder(folder, test_share=0.0)
    assert listing.classes == ("a", "c")
    assert [s.label for s in listing.sources] == [0, 1]
    (note,) = listing.notes
    assert note.endswith("no video in the folder: annotations, b, empty")


def test_nested_folders_are_of_the_class_of_the_top_one(tree):
    folder = tree("a/v_01/1.mp4", "a/v_02/x/1.mp4", "b/2.mp4")
    listing = list_folder(folder, test_share=0.5)
    assert [(s.id, s.class_name) for s in listing.sources] == [
        ("a/v_01/1.mp4", "a"),
        ("a/v_02/x/1.mp4", "a"),
        ("b/2.mp4", "b"),
    ]
    assert [s.split for s in listing.sources].count("test") == 1


def test_splits_inside_of_classes_are_not_silently_mixed(tree):
    folder = tree("a/train/1.mp4", "a/test/2.mp4", "b/3.mp4")
    (note,) = list_folder(folder, test_share=0.2).notes
    assert note.startswith("warning: test, train are inside of the classes")


def test_annotations_beside_splits(tree):
    """Whatever their suffix; a video there is a class that has no split."""
    folder = tree("train/a/1.mp4", "test/a/2.mp4", "lists/classes/names")
    listing = list_folder(folder, test_share=0.2)
    assert listing.classes == ("a",) and len(listing.sources) == 2
    assert listing.left_out == {
        "beside the folders of classes": {
            "count": 1,
            "example": "lists/classes/names",
        }
    }
    tree("lists/b/3.mp4")
    with pytest.raises(UserError, match=r"splits \(test, train\) and .*lists"):
        list_folder(folder, test_share=0.2)


def test_a_folder_between_is_named(tree):
    folder = tree("UCF-101/YoYo/1.avi", "UCF-101/Mixing/2.avi")
    with pytest.raises(UserError, match=rf"name {folder}/UCF-101 instead"):
        list_folder(folder, test_share=0.2)


def test_linked_folders_are_followed_but_not_in_circles(tree):
    folder = tree("real/x/1.mp4", "videos/b/2.mp4") / "videos"
    (folder / "a").symlink_to("../real/x")
    (folder / "b/again").symlink_to("..")
    (folder / "b/itself").symlink_to("itself")
    listing = list_folder(folder, test_share=0.0)
    # A link to nothing is tried, for its line in the quarantine.
    assert [s.id for s in listing.sources] == [
        "a/1.mp4",
        "b/2.mp4",
        "b/itself",
    ]


def test_names_that_are_not_utf_8_or_have_line_breaks(tree):
    odd = os.fsdecode(b"Mu\xf1oz")
    folder = tree(f"{odd}/{odd}.mp4", "two\nlines/[1]*?%#.mp4")
    listing = list_folder(folder, test_share=0.2)
    assert [(s.id, s.class_name) for s in listing.sources] == [
        ("Mu\\xf1oz/Mu\\xf1oz.mp4", "Mu\\xf1oz"),
        ("two\\x0alines/[1]*?%#.mp4", "two\\x0alines"),
    ]
    assert all(os.path.exists(s.path) for s in listing.sources)
    # Flow of another tool lies under the names themselves.
    flow = listing.with_flow("flow").sources[0].flow_path
    assert flow == f"flow/{odd}/{odd}"


def test_one_class_in_two_unicode_forms(tree):
    """A Mac stores an umlaut as a letter and its dots."""
    folder = tree("train/caf\u00e9/1.mp4", "test/cafe\u0301/1.mp4")
    listing = list_folder(folder, test_share=0.2)
    assert listing.classes == ("caf\u00e9",)
    assert splits(listing) == {
        "train/caf\u00e9/1.mp4": "train",
        "test/cafe\u0301/1.mp4": "test",
    }


def test_a_class_may_be_called_like_a_split(tree):
    """Of railways: no split would have its videos beside each other."""
    listing = list_folder(tree("train/1.mp4", "bus/2.mp4"), test_share=0.0)
    assert listing.classes == ("bus", "train") and listing.drawn


@pytest.mark.parametrize("names", [["1.mp4", "2.mp4"], ["a/x.txt"], []])
def test_a_folder_without_videos_is_refused_with_an_example(
    tree, tmp_path, names
):
    (tmp_path / "videos").mkdir()
    with pytest.raises(UserError, match="one sub-folder per class") as caught:
        list_folder(tree(*names), test_share=0.2)
    assert str(tmp_path / "videos") in str(caught.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no folder .*none\."):
        list_folder(tmp_path / "none", test_share=0.2)


def test_a_file_is_no_folder(tree):
    with pytest.raises(UserError, match=r"no folder .*1\.mp4"):
        list_folder(tree("a/1.mp4") / "a/1.mp4", test_share=0.2)


def test_the_current_folder_has_a_name(tree, monkeypatch):
    monkeypatch.chdir(tree("a/1.mp4"))
    assert list_folder(".", test_share=0.0).name == "videos"


def test_splits_and_classes_side_by_side_are_refused(tree):
    """A class called `train` (railways) among others, most likely."""
    folder = tree("train/1.mp4", "jump/2.mp4", "train/a/3.mp4")
    with pytest.raises(UserError):
        list_folder(folder, test_share=0.2)
