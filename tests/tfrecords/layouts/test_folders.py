"""A folder per class; the rules are those of `listing`."""

from d3d_tf.config import DataRecipe
from d3d_tf.tfrecords.layouts.folders import list_videos


def test_the_share_that_is_held_out(tree):
    folder = tree("videos", *(f"a/{i}.mp4" for i in range(4)))
    for share, count in ((0.0, 0), (0.5, 2)):
        listing = list_videos(folder, None, DataRecipe(test_share=share))
        splits = [source.split for source in listing.sources]
        assert len(splits) == 4 and splits.count("test") == count
