"""HMDB-51's lists and the odd names of its files."""

import csv
import unicodedata

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.doctor.check_splits import check_leaks
from d3d_tf.errors import UserError
from d3d_tf.text_lists import label_map
from d3d_tf.tfrecords.layouts.hmdb51 import list_videos

ODD = "Fußgänger[1]#2_&_(o'er)!_wave_u_cm_np1_fr_goo_0.avi"


@pytest.fixture
def lists(tree):
    """Empty lists, but for `wave` and `kick`."""
    texts = {
        f"{name}_test_split{split}.txt": ""
        for name in label_map("hmdb51")
        for split in (1, 2, 3)
    }
    texts["wave_test_split1.txt"] = (
        f"{ODD} 1 \ntwo words_wave.avi 2 \nneither.avi 0 \ngone.avi 2 \n"
    )
    texts["wave_test_split3.txt"] = f"{ODD} 2 \nneither.avi 1 \n"
    # The same name in another class.
    texts["kick_test_split1.txt"] = "neither.avi 1\n"
    return tree("lists", texts)


def folder_of(tree, root="wave"):
    return tree(
        "videos",
        f"{root}/{ODD}",
        f"{root}/two words_wave.avi",
        f"{root}/neither.avi",
        "kick/neither.avi",
    )


@pytest.mark.parametrize("root", ["wave", "hmdb/wave/wave"])
def test_split_1(tree, lists, root):
    folder = folder_of(tree, root)
    listing = list_videos(folder, lists, DataRecipe(layout="hmdb51"))
    assert [(s.id, s.path, s.label, s.split) for s in listing.sources] == [
        ("kick/neither.avi", f"{folder}/kick/neither.avi", 20, "train"),
        (f"wave/{ODD}", f"{folder}/{root}/{ODD}", 50, "train"),
        ("wave/two words_wave.avi", f"{folder}/{root}/two words_wave.avi", 50)
        + ("test",),
    ]
    assert [s.id for s in listing.missing] == ["wave/gone.avi"]
    assert listing.notes == () and listing.num_files == 4
    assert listing.left_out == {
        "on neither side of this split": {
            "count": 1,
            "example": f"{root}/neither.avi",
        }
    }


def test_split_3(tree, lists):
    listing = list_videos(
        folder_of(tree), lists, DataRecipe(layout="hmdb51", split=3)
    )
    assert {s.id: s.split for s in listing.sources} == {
        f"wave/{ODD}": "test",
        "wave/neither.avi": "train",
    }


def test_names_of_a_mac_are_the_same_names(tree, lists):
    """It stores an umlaut as a letter and its dots."""
    taken_apart = unicodedata.normalize("NFD", ODD)
    assert taken_apart != ODD
    folder = tree("mac", f"wave/{taken_apart}")
    (source,) = list_videos(folder, lists, DataRecipe(layout="hmdb51")).sources
    assert source.id == f"wave/{ODD}"


def test_wrong_lists_are_told(tree, lists):
    folder = folder_of(tree)
    with pytest.raises(UserError, match="no .*brush_hair_test_split1"):
        list_videos(folder, folder, DataRecipe(layout="hmdb51"))
    (lists / "wave_test_split1.txt").write_text("a.avi 1\nb.avi 3\n")
    with pytest.raises(UserError, match=r"line 2: .* 0, 1 or 2; got 'b.avi 3'"):
        list_videos(folder, lists, DataRecipe(layout="hmdb51"))


@pytest.mark.parametrize(
    "split, train, test", [(1, 660, 268), (2, 658, 270), (3, 663, 265)]
)
def test_jhmdb_as_it_is_published(jhmdb, split, train, test):
    """Its 928 clips and three splits; sides as clips.csv has them."""
    recipe = DataRecipe(layout="jhmdb", split=split)
    listing = list_videos(jhmdb / "videos", jhmdb / "splits", recipe)
    assert listing.classes == label_map("jhmdb") and len(listing.classes) == 21
    assert not listing.missing and not listing.notes
    sides = {s.id.removesuffix(".avi"): s.split for s in listing.sources}
    assert list(sides.values()).count("train") == train
    assert list(sides.values()).count("test") == test
    with open(jhmdb / "clips.csv", newline="") as file:
        for row in csv.DictReader(file):
            assert sides[row["path"][:-4]] == row[f"split{split}"]
    rows = [
        {"id": s.id, "split": s.split, "label": s.label}
        | {"sha256": s.path, "path": s.path}
        for s in listing.sources
    ]
    found = check_leaks(rows)
    assert found.level == "WARNING"
    assert "films have clips in training and test" in found.text
