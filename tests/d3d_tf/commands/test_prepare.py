"""A dry run writes nothing; a preparation makes a folder of records."""

import pytest

from d3d_tf.commands import prepare
from d3d_tf.config import override
from d3d_tf.errors import UsageError
from d3d_tf.recipes import OWN_VIDEOS


def test_a_dry_run(toy, tmp_path, capsys):
    prepare.run(toy.recipe, records_dir=str(tmp_path / "records"), dry_run=True)
    out = capsys.readouterr().out
    assert "name: toy\n" in out
    assert out.endswith(
        f"would prepare the toy videos into {tmp_path / 'records'}\n"
    )
    assert not (tmp_path / "records").exists()


def test_videos_are_needed():
    with pytest.raises(UsageError, match="own_videos.*needs --data=FOLDER"):
        prepare.run(OWN_VIDEOS)


def test_records(toy, tmp_path, capsys):
    """Two training and two test videos of each split."""
    recipe = override(
        toy.recipe, ["toy.train_videos=2", "toy.test_videos=2", "num_shards=1"]
    )
    prepare.run(recipe, records_dir=str(tmp_path))
    assert "2 train" in capsys.readouterr().out
    (info,) = tmp_path.glob("toy-*/dataset.json")
    assert len(list(info.parent.glob("train-*.tfrecord"))) == 1
