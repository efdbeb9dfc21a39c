"""The clips whose logits are kept are those that a training draws.

Flow says where each pixel was before crop and flip.
"""

import numpy as np
import pytest

from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.pipeline import training_batches
from d3d_tf.data.teacher_batches import epoch_batches
from d3d_tf.data.teacher_logits import TeacherLogits
from tests.harness.records import Video, place_codes, write_records

COUNT = 6
CLIP = ClipRecipe(frames=2, size=16)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    videos = [
        Video(
            id=f"video{i}",
            label=i % 2,
            frames=np.full([5, 24, 32, 3], 40 * i, np.uint8),
            codes=place_codes(5, 24, 32),
            split="train",
        )
        for i in range(COUNT)
    ]
    folder = tmp_path_factory.mktemp("records")
    return open_dataset(write_records(folder, videos, num_shards=2))


def drawn(dataset, epoch):
    """Flow by id of an epoch's clips."""
    data = epoch_batches(
        dataset,
        "train",
        CLIP,
        epoch=epoch,
        batch_size=4,
        streams=("flow", "id"),
        seed=3,
    )
    return {
        id_.decode(): flow
        for inputs, _ in data
        for id_, flow in zip(
            inputs["id"].numpy(), inputs["flow"].numpy(), strict=True
        )
    }


def test_each_video_once_in_the_order_of_the_shards(dataset):
    first = drawn(dataset, 0)
    # Two shards, filled in turn.
    assert list(first) == [f"video{i}" for i in (0, 2, 4, 1, 3, 5)]
    second = drawn(dataset, 1)
    assert any((first[id_] != second[id_]).any() for id_ in first)


@pytest.mark.parametrize("kept", [None, 2])
def test_a_training_draws_them_again(dataset, kept):
    """With K kept views, epoch e shows the draws of epoch e modulo K."""
    logits = None
    if kept:
        ids = np.array([f"video{i}" for i in range(COUNT)])
        views = tuple(
            np.float32([[10 * view + i] for i in range(COUNT)])
            for view in range(kept)
        )
        logits = TeacherLogits(ids, views, drawn=True)
    data = training_batches(
        dataset,
        "train",
        CLIP,
        batch_size=COUNT,
        streams=("flow", "id"),
        seed=3,
        teacher_logits=logits,
    )
    for epoch, (inputs, _) in enumerate(data.take(3)):
        expected = drawn(dataset, epoch % kept if kept else epoch)
        if not kept:
            for id_, flow in zip(
                inputs["id"].numpy(), inputs["flow"].numpy(), strict=True
            ):
                np.testing.assert_array_equal(flow, expected[id_.decode()])
            continue
        assert set(inputs) == {"flow", "teacher_logits"}
        found = inputs["teacher_logits"].numpy()[:, 0].astype(int)
        assert sorted(found % 10) == list(range(COUNT))
        assert set(found // 10) == {epoch % kept}
        for number, flow in zip(found % 10, inputs["flow"], strict=True):
            np.testing.assert_array_equal(flow, expected[f"video{number}"])


def test_videos_without_logits_have_none(dataset):
    logits = TeacherLogits(np.array(["video2"]), (np.ones([1, 3], np.float32),))
    data = training_batches(
        dataset,
        "train",
        CLIP,
        batch_size=COUNT,
        streams=("frames",),
        teacher_logits=logits,
    )
    inputs, _ = next(iter(data))
    found = inputs["teacher_logits"].numpy()
    assert np.isnan(found).all(axis=1).sum() == COUNT - 1
    assert (np.nan_to_num(found).sum(axis=1) == 3).sum() == 1
