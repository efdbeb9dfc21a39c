"""Files with other times of change and the same content are not coded again."""

import dataclasses
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from d3d_tf.tfrecords.same_content import without_recognised
from d3d_tf.tfrecords.write_shard import write_shard


@pytest.fixture
def mounted_again(records):
    """Changes the time of every video, as a copy does."""

    def change():
        for path in Path("videos").rglob("*.*"):
            os.utime(path, (1000, 1000))

    return change


def test_a_copied_data_set_is_recognised(records, mounted_again, capfd):
    before, times = records.contents(), records.shard_times()
    mounted_again()
    assert not any(shard.finished() for shard in records.shards())
    records.prepare(show=True)
    assert records.shard_times() == times
    assert "4 of 4 shards stay" in capfd.readouterr().out
    after = records.contents()
    for shard in records.shards():
        assert shard.finished()
        name = Path(shard.part_path).name
        old, new = (json.loads(each.pop(name)) for each in (before, after))
        assert old.pop("inputs") != new.pop("inputs")
        assert old == new
    assert before == after
    records.prepare(show=True)
    assert "shards" not in capfd.readouterr().out


def test_other_content_of_the_same_size_is_not(records, mounted_again):
    times = records.shard_times()
    *_, shard = records.shards()
    changed = Path(shard.sources[0].path)
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    mounted_again()
    records.prepare()
    after = records.shard_times()
    assert [name for name in times if times[name] != after[name]] == [
        Path(shard.path).name
    ]
    assert all(shard.finished() for shard in records.shards())


def test_what_is_quarantined_is_recognised_too(records, mounted_again):
    Path("videos/jump/broken.mp4").write_bytes(b"not a video")
    records.prepare()
    quarantine = records.folder.joinpath("quarantine.csv").read_text()
    assert "broken.mp4" in quarantine
    times = records.shard_times()
    mounted_again()
    records.prepare()
    assert records.shard_times() == times
    again = records.folder.joinpath("quarantine.csv").read_text()
    assert again == quarantine


def test_a_part_without_the_digest_is_not(records, mounted_again):
    """Earlier versions wrote none."""
    *others, shard = records.shards()
    path = Path(shard.part_path)
    part = json.loads(path.read_text())
    del part["inputs_without_times"]
    path.write_text(json.dumps(part))
    times = records.shard_times()
    mounted_again()
    records.prepare()
    after = records.shard_times()
    assert after[Path(shard.path).name] != times[Path(shard.path).name]
    for other in others:
        assert after[Path(other.path).name] == times[Path(other.path).name]


def test_a_folder_of_pictures_is_not(records):
    """Their digest is of the pictures that were used."""
    *_, shard = records.shards()
    folder = Path("pictures")
    folder.mkdir()
    for i in range(4):
        picture = np.full((32, 48, 3), 50 * i, np.uint8)
        cv2.imwrite(str(folder / f"{i}.png"), picture)
    source = dataclasses.replace(shard.sources[0], path=str(folder))
    shard = dataclasses.replace(shard, sources=(source, *shard.sources[1:]))
    write_shard(shard)
    assert shard.finished()
    os.utime(folder, (1000, 1000))
    assert shard.made_at_other_times()
    assert without_recognised([shard], show=False) == [shard]
    assert not shard.finished()
