"""Flow of another tool in records: its values, its fit, what is left out."""

import io

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from d3d_tf.config import DataRecipe, FlowRecipe, override
from d3d_tf.data.dataset import open_dataset
from d3d_tf.errors import UsageError
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.tfrecords.ensure import prepare_records
from d3d_tf.tfrecords.listing import list_folder
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.video.writing import write_video

RECIPE = FlowRecipe(
    algorithm="imported", imported_codec="mmaction2", imported_bound=20.0
)
PAIRS = 3


@pytest.fixture
def videos(tmp_path, texture):
    """Two classes of two videos of 4 frames, 32 x 48 pixels."""
    folder = tmp_path / "videos"
    for name in ("a/1", "a/2", "b/1", "b/2"):
        path = folder / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        frames = [texture(32, 48, 2 * t, -t) for t in range(PAIRS + 1)]
        write_video(path, np.stack(frames), 25)
    return folder


def write_codes(folder, u, v, pairs=PAIRS):
    """What mmaction2 writes for a constant (u, v): it rounds down."""
    folder.mkdir(parents=True)
    for number in range(1, pairs + 1):
        for axis, value in (("x", u), ("y", v)):
            code = int((value + 20) * 255 / 40)
            picture = np.full((32, 48), code, np.uint8)
            path = folder / f"flow_{axis}_{number:05d}.png"
            assert cv2.imwrite(str(path), picture)


def stored_codes(folder):
    """{id: [(u, v) of each frame's first pixel]} of all records."""
    found = {}
    for path in sorted(folder.glob("*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)):
            example = tf.train.SequenceExample.FromString(record.numpy())
            name = example.context.feature["example/id"].bytes_list.value[0]
            lists = example.feature_lists.feature_list
            found[name.decode()] = [
                tuple(
                    np.asarray(Image.open(io.BytesIO(f.bytes_list.value[0])))[
                        0, 0, :2
                    ]
                )
                for f in lists["FORWARD_FLOW/image/encoded"].feature
            ]
    return found


def test_codes_become_pixels_of_the_stored_frames(videos, tmp_path):
    """Half the size, half the motion, counted in steps of 20 / 127 px.

    (5, -3) px is the code floor(25 * 6.375) = 159, the middle of whose step is
    159.5 * 40 / 255 - 20 = 5.0196; (-3): 108, 108.5 -> -2.9804. Halved, and in
    our steps: round(2.5098 * 6.35) = 16, round(-1.4902 * 6.35) = -9. Where
    nothing moves it stays 128.
    """
    flow = tmp_path / "flow"
    for name in ("a/1", "a/2", "b/1"):
        write_codes(flow / name, 5, -3)
    write_codes(flow / "b/2", 0, 0)
    listing = list_folder(videos, test_share=0.5).with_flow(flow)
    data = DataRecipe(short_side=16, num_shards=1)
    info = prepare(
        listing, tmp_path / "records", data=data, flow=RECIPE, show=False
    )
    codes = stored_codes(tmp_path / "records")
    assert codes == {
        "a/1.mp4": [(144, 119)] * 4,
        "a/2.mp4": [(144, 119)] * 4,
        "b/1.mp4": [(144, 119)] * 4,
        "b/2.mp4": [(128, 128)] * 4,
    }
    assert info["flow"]["library"] == "mmaction2, imported"


def test_what_does_not_fit_is_left_out_with_the_reason(videos, tmp_path):
    flow = tmp_path / "flow"
    write_codes(flow / "a/1", 1, 1)
    write_codes(flow / "a/2", 1, 1, pairs=PAIRS + 1)  # The last one repeated.
    write_codes(flow / "b/1", 1, 1, pairs=PAIRS - 1)
    listing = list_folder(videos, test_share=0.5).with_flow(flow)
    data = DataRecipe(short_side=32, num_shards=1)
    folder = tmp_path / "records"
    prepare(listing, folder, data=data, flow=RECIPE, show=False)
    assert sorted(stored_codes(folder)) == ["a/1.mp4", "a/2.mp4"]
    reasons = {
        row["id"]: row["skipped"] for row in open_dataset(folder).skipped()
    }
    assert (
        "has 2 pairs, its frames, at the recipe's rate, 3"
        in (reasons["b/1.mp4"])
    )
    assert reasons["b/2.mp4"] == f"no flow: {flow / 'b/2'} is missing."


def test_an_array_may_lie_there_instead(videos, tmp_path):
    """1 px is round(6.35) = 6 steps."""
    flow = tmp_path / "flow" / "a"
    flow.mkdir(parents=True)
    np.save(flow / "1.npy", np.ones([PAIRS, 32, 48, 2], np.float32))
    listing = list_folder(videos, test_share=0.5).with_flow(flow.parent)
    recipe = FlowRecipe(algorithm="imported", imported_codec="pixels")
    folder = tmp_path / "records"
    data = DataRecipe(short_side=32, num_shards=1)
    prepare(listing, folder, data=data, flow=recipe, show=False)
    assert stored_codes(folder) == {"a/1.mp4": [(134, 134)] * 4}


def test_the_folder_and_the_algorithm_go_together(videos, tmp_path):
    imported = override(
        OWN_VIDEOS, ["algorithm=imported", "imported_codec=mars"]
    )
    for recipe, flow_dir in ((imported, None), (OWN_VIDEOS, str(tmp_path))):
        with pytest.raises(UsageError, match="--flow_dir=FOLDER"):
            prepare_records(
                recipe, str(videos), str(tmp_path / "records"), flow_dir
            )
