"""A shard appears whole or not at all, and counts only if it is whole."""

import json
import os
from pathlib import Path

import numba
import pytest

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords import example
from d3d_tf.tfrecords.shard_plan import plan_shards
from d3d_tf.tfrecords.write_shard import write_shard


def halve(path):
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", [halve, os.unlink])
@pytest.mark.parametrize("file", ["path", "part_path"])
def test_a_damaged_shard_is_not_finished(records, damage, file):
    *_, shard = records.shards()
    assert shard.finished()
    damage(getattr(shard, file))
    assert not shard.finished()


def test_the_part_of_another_version_is_not_finished(records):
    *_, shard = records.shards()
    Path(shard.part_path).write_text("{}")
    assert not shard.finished()


def test_a_shard_of_other_inputs_is_not_finished(records):
    *_, shard = records.shards()
    path = shard.sources[0].path
    content, times = Path(path).read_bytes(), os.stat(path)
    os.unlink(path)
    assert not shard.finished()
    Path(path).write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
    assert not shard.finished()
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert shard.finished()


def test_a_shard_of_another_recipe_is_not_finished(records):
    for given in (
        {"data": DataRecipe(short_side=32, num_shards=2, jpeg_quality=90)},
        {"flow": FlowRecipe(warps=2, scales=1, outer_iterations=1)},
    ):
        recipes = {"data": records.data, "flow": records.flow} | given
        shards = plan_shards(records.listing(), records.folder, **recipes)
        assert not any(shard.finished() for shard in shards)


def test_a_shard_is_a_function_of_its_inputs(records):
    before = records.contents()
    for shard in records.shards():
        os.unlink(shard.path)
        os.unlink(shard.part_path)
        assert write_shard(shard) == shard.path
        assert shard.finished()
    assert records.contents() == before


def test_an_interrupted_writer_leaves_no_shard(records, monkeypatch):
    encode, calls = example.encode_example, []

    def interrupted(*args, **kwargs):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return encode(*args, **kwargs)

    monkeypatch.setattr(example, "encode_example", interrupted)
    *_, shard = records.shards()
    assert len(shard.sources) == 3
    os.unlink(shard.path)
    os.unlink(shard.part_path)
    before = set(records.contents())
    with pytest.raises(KeyboardInterrupt):
        write_shard(shard)
    assert not shard.finished()
    assert set(records.contents()) == before


def test_the_part_tells_what_computed_flow_and_how_many_frames(records):
    """Of the four videos of a class one is held out; 3 to 6 frames each."""
    total = 0
    for shard in records.shards():
        part = json.loads(Path(shard.part_path).read_text())
        library = f"d3d_tf tvl1 3, numba {numba.__version__}"
        assert part["flow_library"] == library
        total += shard.counts()["frames"]
    assert total == 2 * (3 + 4 + 5 + 6)
