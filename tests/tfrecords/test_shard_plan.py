"""A video stays in its shard; new ones get shards of their own."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.shard_plan import plan_shards, save_plan
from d3d_tf.video.writing import write_video


def make_sources(count, split, first=0):
    return tuple(
        Source(f"{split}/{i}.mp4", f"/none/{i}.mp4", 0, "a", split)
        for i in range(first, first + count)
    )


def plan(sources, num_shards, folder="folder", **given):
    return plan_shards(
        Listing("x", ("a",), sources, **given),
        Path(folder),
        data=DataRecipe(num_shards=num_shards),
        flow=FlowRecipe(),
    )


def content(shards):
    """`{file: ids}`"""
    return {Path(s.path).name: [v.id for v in s.sources] for s in shards}


@pytest.mark.parametrize(
    ("count", "num_shards", "sizes"),
    [(10, 4, [3, 3, 2, 2]), (3, 16, [1, 1, 1]), (16, 1, [16])],
)
def test_videos_are_dealt_evenly(count, num_shards, sizes):
    sources = make_sources(count, "train") + make_sources(1, "test")
    test, *train = plan(sources, num_shards)
    assert test.path == "folder/test-00000-of-00001.tfrecord"
    assert [len(s.sources) for s in train] == sizes
    assert [s.path for s in train] == [
        f"folder/train-{i:05d}-of-{len(sizes):05d}.tfrecord"
        for i in range(len(sizes))
    ]
    dealt = [source.id for s in (test, *train) for source in s.sources]
    assert sorted(dealt) == sorted(source.id for source in sources)


def test_the_plan_does_not_depend_on_the_order_of_the_listing():
    sources = make_sources(20, "train")
    assert plan(sources, 3) == plan(sources[::-1], 3)


def test_videos_of_a_class_are_spread():
    """Not a class per shard, though they are listed one after the other."""
    sources = tuple(
        Source(f"{label}/{i}.mp4", "p", label, str(label), "train")
        for label in range(4)
        for i in range(25)
    )
    for shard in plan(sources, 4):
        assert len({source.label for source in shard.sources}) == 4


@pytest.mark.parametrize(
    # Shards hold 5 videos: 7 more need 2, 1 more needs 1, 100 more all 4.
    ("more", "shards"),
    [(7, 2), (1, 1), (100, 4)],
)
def test_new_videos_get_new_shards(tmp_path, more, shards):
    old = plan(make_sources(20, "train"), 4, tmp_path)
    save_plan(tmp_path, old)
    every = make_sources(20 + more, "train")
    new = plan(every, 4, tmp_path)
    added = content(new)
    for name, ids in content(old).items():
        assert added.pop(name) == ids
    assert list(added) == [
        f"train-more1-{i:05d}-of-{shards:05d}.tfrecord" for i in range(shards)
    ]
    ids = sorted(i for ids in added.values() for i in ids)
    assert ids == sorted(f"train/{i}.mp4" for i in range(20, 20 + more))
    # And so again.
    save_plan(tmp_path, new)
    third = plan(make_sources(1, "train", 500) + every, 4, tmp_path)
    names = set(content(third)) - set(content(new))
    assert names == {"train-more2-00000-of-00001.tfrecord"}


def test_a_video_that_is_gone_changes_its_shard_alone(tmp_path):
    sources = make_sources(20, "train")
    old = content(plan(sources, 4, tmp_path))
    save_plan(tmp_path, plan(sources, 4, tmp_path))
    new = content(plan(sources[1:], 4, tmp_path))
    (changed,) = [name for name in old if old[name] != new[name]]
    assert new[changed] == [i for i in old[changed] if i != sources[0].id]


def test_a_shard_without_videos_is_none(tmp_path):
    sources = make_sources(3, "train")
    save_plan(tmp_path, plan(sources, 3, tmp_path))
    assert len(plan(sources[:1], 3, tmp_path)) == 1


def test_a_drawn_split_stays_and_a_given_one_is_obeyed(tmp_path):
    """A new file may draw other test videos; those that were, remain."""
    sources = make_sources(4, "train")
    save_plan(tmp_path, plan(sources, 1, tmp_path))
    moved = tuple(dataclasses.replace(s, split="test") for s in sources[:1])
    drawn = plan(moved + sources[1:], 1, tmp_path, drawn=True)
    assert [s.split for shard in drawn for s in shard.sources] == ["train"] * 4
    given = content(plan(moved + sources[1:], 1, tmp_path))
    assert given["test-00000-of-00001.tfrecord"] == ["train/0.mp4"]
    assert len(given["train-00000-of-00001.tfrecord"]) == 3


def test_a_damaged_plan_is_told(tmp_path):
    (tmp_path / "plan.json").write_text("[")
    with pytest.raises(UserError, match=r"plan\.json is damaged"):
        plan(make_sources(1, "train"), 1, tmp_path)


def examples(records):
    """`{id: serialised record}` of the whole set."""
    found = {}
    for path in sorted(records.folder.glob("*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            example = tf.train.SequenceExample.FromString(record)
            (id_,) = example.context.feature["example/id"].bytes_list.value
            found[id_.decode()] = record
    return found


def test_a_grown_set_is_the_set_made_at_once(records):
    """But for its division into shards; finished shards are not touched."""
    times = records.shard_times()
    before = examples(records)
    noise = np.random.default_rng(9).integers(0, 256, (2, 4, 32, 48, 3))
    for k, pixels in enumerate(noise.astype(np.uint8)):
        write_video(f"videos/jump/new{k}.mp4", pixels, 25)
    grown = records.prepare()
    assert grown["num_videos"] == 10
    after = records.shard_times()
    assert {name: after[name] for name in times} == times
    assert all("-more1-" in name for name in after.keys() - times.keys())
    assert sorted(grown["shards"]) == sorted(after)
    content = examples(records)
    assert before.items() < content.items()
    shutil.rmtree(records.folder)
    at_once = records.prepare()
    assert examples(records) == content
    assert at_once["digest"] == grown["digest"]
    assert at_once["shards"] != grown["shards"]


def test_the_plan_is_saved_before_the_work(records, monkeypatch):
    """A killed job goes on with the same shards, whatever was added since."""
    expected = json.loads((records.folder / "plan.json").read_text())
    shutil.rmtree(records.folder)

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("d3d_tf.tfrecords.prepare._run", killed)
    with pytest.raises(KeyboardInterrupt):
        records.prepare()
    assert json.loads((records.folder / "plan.json").read_text()) == expected
