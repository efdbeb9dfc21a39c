"""Records of both kinds, parsed for a task."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.kinds import KINDS, reader
from d3d_tf.errors import UserError
from d3d_tf.tasks import TASKS
from tests.harness import Video, foreign_record, grey_frames, write_records


@pytest.fixture
def regression(monkeypatch):
    """The task of `tests/regression.py`, whose target is a float."""
    monkeypatch.setitem(TASKS, "regression", "tests.regression")
    return "regression"


@pytest.fixture
def dataset(tmp_path):
    frames = grey_frames(np.full([3, 2, 2], 100))
    codes = np.full([3, 16, 16, 2], 128, np.uint8)
    videos = [Video(f"v{k}", k, frames, codes) for k in (1, 2)]
    return open_dataset(write_records(tmp_path / "records", videos))


def test_the_target_is_that_of_the_task(dataset, regression):
    record = next(iter(tf.data.TFRecordDataset([*dataset.shards("train")])))
    streams = ("frames", "id")
    assert dataset.kind == "video"
    label = reader(dataset, "train")(record, streams)["label"]
    assert label.dtype == tf.int64 and int(label) == 1
    other = dataset.for_task(regression)
    label = reader(other, "train")(record, streams)["label"]
    assert label.dtype == tf.float32 and float(label) == 1.0


def foreign(dataset, **entry):
    entry = {"folder": ".", "shards": {}, "label_by_string": False} | entry
    return type(dataset)(
        dataset.folder, dataset.info | {"foreign": entry}, dataset.task
    )


def test_records_of_another_tool(dataset, regression):
    jpeg = tf.io.encode_jpeg(np.zeros([16, 16, 3], np.uint8)).numpy()
    record = foreign_record(
        [jpeg] * 2, clip__label__index=0, clip__label__string="class2"
    )
    for by_string, expected in ((False, 0), (True, 2)):
        theirs = foreign(dataset, label_by_string=by_string)
        assert theirs.kind == "foreign"
        parse = KINDS["foreign"].parser(theirs)
        assert int(parse(record, ("frames",))["label"]) == expected
        parse = KINDS["foreign"].parser(theirs.for_task(regression))
        label = parse(record, ("frames",))["label"]
        assert label.dtype == tf.float32 and float(label) == expected


def test_a_task_that_needs_more_than_a_class(dataset, regression, monkeypatch):
    wanted = {"clip/boxes": tf.io.VarLenFeature(tf.float32)}
    monkeypatch.setattr("tests.regression.Number.features", lambda self: wanted)
    with pytest.raises(UserError, match="regression needs clip/boxes in every"):
        reader(foreign(dataset).for_task(regression), "train")
