"""The layouts by name."""

import subprocess
import sys

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.tfrecords.layouts import LAYOUTS, list_videos


def test_the_table_needs_no_tensorflow():
    code = (
        "import sys, d3d_tf.tfrecords.layouts;"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_folder_per_class_needs_no_list(tree):
    folder = tree("videos", "a/1.mp4")
    listing = list_videos(folder, None, DataRecipe())
    assert [s.id for s in listing.sources] == ["a/1.mp4"]
    assert listing.drawn and not listing.listed
    with pytest.raises(UsageError, match="no effect with data.layout=folders"):
        list_videos(folder, "x.csv", DataRecipe())


@pytest.mark.parametrize("layout", sorted(LAYOUTS.keys() - {"folders"}))
def test_others_need_one(tree, layout):
    with pytest.raises(UsageError, match=f"{layout} needs .*--annotations="):
        list_videos(tree("videos"), None, DataRecipe(layout=layout))
    with pytest.raises(UserError, match="There is no folder /no/where"):
        list_videos("/no/where", None, DataRecipe(layout=layout))


def test_a_csv_list(tree):
    folder = tree("videos", "1.mp4")
    lists = tree("lists", {"my.csv": "path,label\n1.mp4,a\n"})
    data = DataRecipe(layout="csv")
    listing = list_videos(folder, lists / "my.csv", data)
    assert [s.id for s in listing.sources] == ["1.mp4"]
