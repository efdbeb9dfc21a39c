"""AVA's lists, in the form of its archives; records of a video that counts."""

import pickle

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.summary import describe
from d3d_tf.doctor.check_shards import choose_sample, read_contents
from d3d_tf.doctor.checks import check_contents
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.ava import list_videos
from d3d_tf.tfrecords.prepare import prepare

DATA = DataRecipe(short_side=32, max_seconds=0.4, layout="ava", num_shards=1)
LISTS = {
    # Two persons, the first of whom does two things; one without an area.
    "ava_train_v2.2.csv": "-a_b,0002,0.1,0.2,0.5,0.6,12,0\n"
    "-a_b,0002,0.1,0.2,0.5,0.6,80,0\n"
    "-a_b,0002,0.7,0.2,0.9,0.6,12,1\n"
    "-a_b,0002,0.7,0.2,0.7,0.6,12,2\n"
    "-a_b,0001,0.1,0.2,0.5,0.6,12,0\n"
    "-a_b,0003\n",
    "ava_train_excluded_timestamps_v2.2.csv": "-a_b,0001\n",
    "ava_val_v2.2.csv": "gone,0901,0,0,1,1,4,7\nhere,1.5,0,0,1,1,99,7\n",
    "ava_val_predicted_boxes.csv": "here,1.500000,0.1,0.2,0.3,0.4,,0.95\n",
}


@pytest.fixture
def listing(tree):
    folder = tree("videos", "-a_b.mp4", "x/here.mkv", "other.mp4")
    return list_videos(folder, tree("lists", LISTS), DATA)


def test_a_source_is_a_keyframe(listing):
    train, val = listing.sources
    assert (train.id, train.split) == ("-a_b/0002", "train")
    # Ten frames, the sixth of which is the keyframe.
    assert (train.start, train.end) == pytest.approx((1.8, 2.2))
    assert train.keyframe.index == 5
    assert train.keyframe.boxes == (
        (0.2, 0.1, 0.6, 0.5),
        (0.2, 0.1, 0.6, 0.5),
        (0.2, 0.7, 0.6, 0.9),
    )
    watch = "watch (a person)"
    assert train.keyframe.actions == ((11, "stand"), (79, watch), (11, "stand"))
    assert train.labels == [11, 79]
    assert train.class_names == ["stand", watch]
    assert train.row()["labels"] == [11, 79]
    # What nobody was seen in is scored, too: here are false alarms.
    assert (val.id, val.split) == ("here/1500000us", "val")
    assert (val.labels, val.row()["label"]) == ([], -1)
    assert val.row()["labels"] == []
    assert val.keyframe.proposals == (((0.2, 0.1, 0.4, 0.3), 0.95),)
    assert len(listing.classes) == 80 and listing.classes[11] == "stand"


def test_what_is_left_out_is_counted(listing):
    assert [source.id for source in listing.missing] == ["gone/0901"]
    assert listing.notes == (
        "1 boxes of train left out: without an area, or with corners the "
        "wrong way round",
        "1 boxes of train are on excluded keyframes",
        "1 keyframes of train without an action: left out",
        "1 boxes of val left out: of actions that the list of names has not",
        "1 of 2 keyframes of val have proposals",
        "1 of 3 listed videos are not on disk, such as gone",
    )
    assert listing.left_out["of no listed video"]["count"] == 1


def test_all_seconds_of_a_video(tree):
    """Of those that are scored; excluded ones are not."""
    lists = LISTS | {
        "ava_included_timestamps_v2.2.txt": "0901\n0902\n0903\n",
        "ava_val_v2.2.csv": "here,0902,0,0,1,1,4,7\n",
        "ava_val_excluded_timestamps_v2.2.csv": "here,0903\n",
    }
    folder = tree("videos", "here.mp4")
    listing = list_videos(folder, tree("lists", lists), DATA)
    found = [(source.id, source.labels) for source in listing.sources]
    assert found == [("here/0901", []), ("here/0902", [3])]


def test_a_keyframe_in_two_splits(tree):
    """It is in the first, and said; a record there is not scored here."""
    row = "v,0002,0,0,1,1,4,7\n"
    lists = tree("lists", {"train.csv": row, "val.csv": row + "w" + row[1:]})
    listing = list_videos(tree("videos", "v.mp4", "w.mp4"), lists, DATA)
    found = [(source.id, source.split) for source in listing.sources]
    assert found == [("v/0002", "train"), ("w/0002", "val")]
    assert "1 videos are listed twice: the first line counts" in listing.notes


def test_the_first_second_of_the_files(tree):
    """A file that was cut out from 900 s on; near its begin the keyframe is
    not in the middle.
    """
    lists = tree("lists", {"train.csv": "v,0900.2,0,0,1,1,4\n"})
    folder = tree("videos", "v.mp4")
    data = DataRecipe(layout="ava", max_seconds=2, first_second=900)
    (source,) = list_videos(folder, lists, data).sources
    assert (source.start, source.keyframe.index) == (pytest.approx(0), 5)
    assert source.end == pytest.approx(2)
    late = DataRecipe(layout="ava", first_second=901)
    with pytest.raises(UserError, match="900.2 s, before the files begin"):
        list_videos(folder, lists, late)


def test_names_of_ones_own(tree):
    """Ids need not be without gaps; a challenge's list is not all of AVA."""
    own = 'item {\n name: "hop"\n id: 1\n}\nitem {\n name: "run"\n id: 3\n}\n'
    rows = {"train.csv": "v,1,0,0,1,1,3\n"}
    folder = tree("videos", "v.mp4")
    listing = list_videos(folder, tree("a", rows | {"x.pbtxt": own}), DATA)
    assert listing.classes == ("hop", "action 2", "run")
    assert listing.sources[0].labels == [2]
    challenge = 'item {\n  name: "stand"\n  id: 12\n}\n'
    lists = tree("b", rows | {"x.pbtxt": challenge})
    assert len(list_videos(folder, lists, DATA).classes) == 80


@pytest.mark.parametrize(
    "change, message",
    [
        ({"ava_val_v2.1.csv": ""}, "ava_val_v2.1.csv and ava_val_v2.2.csv"),
        ({"ava_train_v2.2.csv": "a,b\n"}, "line 1"),
        ({"ava_included_timestamps_v2.2.txt": "a\n"}, "not a list of seconds"),
        ({"ava_val_predicted_boxes.csv": "a,1,2\n"}, "line 1: a proposal is"),
    ],
)
def test_lists_that_are_wrong(tree, change, message):
    folder = tree("videos", "here.mp4")
    with pytest.raises(UserError, match=message):
        list_videos(folder, tree("lists", LISTS | change), DATA)


def test_lists_that_are_not_there(tree):
    folder = tree("videos", "here.mp4")
    with pytest.raises(UserError, match="lists no keyframes"):
        list_videos(folder, tree("lists"), DATA)
    with pytest.raises(UserError, match="is not a folder"):
        list_videos(folder, folder / "here.mp4", DATA)


@pytest.mark.parametrize("kind", ["file", "pictures"])
def test_records(kind, tmp_path, tree, write_numbered, numbers):
    """The keyframe's picture is the one of its second, whatever the rate, and
    the record is what Model Garden's readers of AVA expect.
    """
    lists = LISTS | {"ava_val_v2.2.csv": "gone,1\n-a_b,0009\n"}
    # Grey levels tell 40 pictures apart; 13.3 a second.
    times = [75 * i for i in range(40)]
    videos = tree("videos")
    if kind == "file":
        write_numbered(videos / "-a_b.mp4", times)
    else:
        (videos / "-a_b").mkdir()
        for i in range(40):
            level = np.full([32, 32, 3], 16 + 6 * i, np.uint8)
            png = tf.io.encode_png(level).numpy()
            (videos / "-a_b" / f"-a_b_{i + 1:06d}.png").write_bytes(png)
    data = DataRecipe(
        **{**DATA.__dict__, "picture_rate": 1000 / 75, "num_shards": 1}
    )
    listing = list_videos(videos, tree("lists", lists), data)
    folder = tmp_path / "records"
    flow = FlowRecipe(algorithm="none")
    prepare(listing, folder, data=data, flow=flow, show=False)
    dataset = open_dataset(folder)
    assert dataset.has_keyframes and dataset.flow == {}
    assert "no flow" in describe(dataset)
    # Its keyframe at 9 s is after the end; the other two are used.
    (row,) = dataset.skipped()
    assert row["id"] == "-a_b/0009" and "over after 3.0 s" in row["skipped"]
    (path,) = dataset.shards("train")
    (record,) = tf.data.TFRecordDataset(path).as_numpy_iterator()
    floats = tf.io.VarLenFeature(tf.float32)
    context, lists = tf.io.parse_single_sequence_example(
        record,
        {
            "clip/key_frame/frame_index": tf.io.FixedLenFeature([], tf.int64),
            "clip/key_frame/bbox/ymin": floats,
            "clip/key_frame/bbox/xmax": floats,
            "clip/key_frame/bbox/score": floats,
            "clip/key_frame/bbox/label/index": tf.io.VarLenFeature(tf.int64),
        },
        {
            "image/encoded": tf.io.FixedLenSequenceFeature([], tf.string),
            "detectron_frcnn_person/region/bbox/ymin": floats,
        },
    )
    assert "FORWARD_FLOW" not in str(record)
    index = int(context["clip/key_frame/frame_index"])
    frames = [tf.io.decode_jpeg(f).numpy() for f in lists["image/encoded"]]
    # From 1.8 s on; at 2 s picture 2000 / 75 = 26.7 is shown.
    assert len(frames) == 10 and numbers(np.stack(frames))[0] == 24
    assert numbers(np.stack(frames))[index] == 26
    values = [
        context[f"clip/key_frame/bbox/{key}"].values.numpy().tolist()
        for key in ("ymin", "xmax", "score", "label/index")
    ]
    assert values[0] == pytest.approx([0.2, 0.2, 0.2])
    assert values[1] == pytest.approx([0.5, 0.5, 0.9])
    assert values[2:] == [[1, 1, 1], [11, 79, 11]]
    key = "detectron_frcnn_person/region/bbox/ymin"
    assert lists[key].dense_shape.numpy()[0] == 10


def test_the_doctor_of_such_records(tmp_path, tree, write_numbered):
    """Nothing is wrong with them, although they have no flow, and one of them
    no action.
    """
    lists = LISTS | {"ava_val_v2.2.csv": "v,0001\n"}
    videos = tree("videos")
    write_numbered(videos / "-a_b.mp4", range(0, 3000, 100))
    write_numbered(videos / "v.mp4", range(0, 2900, 100))
    listing = list_videos(videos, tree("lists", lists), DATA)
    prepare(
        listing,
        tmp_path / "records",
        data=DATA,
        flow=FlowRecipe(algorithm="none"),
        show=False,
    )
    dataset = open_dataset(tmp_path / "records").for_task("detection")
    rows = dataset.rows()
    found = read_contents(dataset, choose_sample(rows, 2))
    findings = check_contents(dataset, rows, found)
    assert [f.line() for f in findings if f.level == "ERROR"] == []


def test_a_pickle_of_proposals(tree):
    """As SlowFast's: protocol 2, latin 1 and all."""
    lists = tree("lists", {"val.csv": "v,0902\n"})
    boxes = {"v,0902": np.float32([[0.1, 0.2, 0.3, 0.4, 0.9]])}
    path = lists / "ava_dense_proposals_val.FAIR.recall_93.9.pkl"
    path.write_bytes(pickle.dumps(boxes, protocol=2))
    (source,) = list_videos(tree("videos", "v.mp4"), lists, DATA).sources
    ((box, score),) = source.keyframe.proposals
    assert box == pytest.approx((0.2, 0.1, 0.4, 0.3))
    assert score == pytest.approx(0.9)
