"""A class has a video; folders of anything else have no label."""

import av
import numpy as np
import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.tfrecords.classes import keep_readable_classes
from d3d_tf.tfrecords.listing import list_folder
from d3d_tf.video.writing import write_video

DATA = DataRecipe(short_side=0)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "1.mp4"
    write_video(path, np.zeros([3, 32, 32, 3], np.uint8), 25)
    return path.read_bytes()


@pytest.fixture
def listing(tmp_path):
    """`listing({"a/1.mp4": bytes})`: of a folder with such files."""

    def make(files):
        for name, content in files.items():
            path = tmp_path / "videos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return list_folder(tmp_path / "videos", test_share=0.0)

    return make


def test_a_folder_of_no_videos_is_not_a_class(listing, video):
    """`annotations` is before the others, so labels are counted anew."""
    made = listing(
        {
            "annotations/1.dat": b"no video",
            "annotations/2.dat": b"",
            "jump/0.mp4": b"damaged",
            "jump/1.mp4": video,
            "run/1.mp4": video,
            "swim/1.mp4": b"damaged",
        }
    )
    assert made.classes == ("annotations", "jump", "run", "swim")
    kept = keep_readable_classes(made, DATA)
    assert kept.classes == ("jump", "run")
    assert [(s.id, s.label) for s in kept.sources] == [
        ("jump/0.mp4", 0),
        ("jump/1.mp4", 0),
        ("run/1.mp4", 1),
    ]
    assert all(source.label == -1 and why for source, why in kept.rejected)
    assert {source.id: why for source, why in kept.rejected} == {
        "annotations/1.dat": "cannot be decoded: End of file",
        "annotations/2.dat": "empty file",
        "swim/1.mp4": "cannot be decoded: Invalid data found when processing "
        "input",
    }
    assert kept.notes[-1].endswith("is a video: annotations, swim")
    assert kept.num_files == 6


def test_an_animation_is_a_class(listing, video, tmp_path):
    with av.open(str(tmp_path / "a.gif"), "w") as file:
        stream = file.add_stream("gif", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "rgb8"
        for level in (0, 80, 160, 240):
            pixels = np.full([32, 32, 3], level, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            file.mux(stream.encode(frame.reformat(format="rgb8")))
        file.mux(stream.encode(None))
    made = listing(
        {"a/1.mp4": video, "b/1.gif": (tmp_path / "a.gif").read_bytes()}
    )
    assert keep_readable_classes(made, DATA) == made


def test_where_nothing_can_be_read_all_is_tried(listing):
    """For the message that names the files and the reasons."""
    made = listing({"a/1.mp4": b"", "b/1.mp4": b""})
    assert keep_readable_classes(made, DATA) == made
