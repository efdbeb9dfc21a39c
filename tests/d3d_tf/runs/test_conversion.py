"""What a run of a published checkpoint is made from."""

import dataclasses

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.runs.conversion import read_checkpoint
from d3d_tf.weights.overrides import parse_settings
from d3d_tf.weights.published import catalog
from tests.published import SMALL, flat_shapes, slim_shapes, values, write


def read(tmp_path, shapes, *settings):
    path = write(tmp_path / "model.ckpt", values(shapes))
    return read_checkpoint(path, parse_settings(list(settings)))


@pytest.mark.parametrize("channels, role", [(3, "baseline"), (2, "teacher")])
def test_the_stream_decides_the_role(tmp_path, channels, role):
    shapes = slim_shapes(5, **SMALL, channels=channels)
    what = read(tmp_path, shapes, "num_classes=5")
    assert (what.role, what.headless) == (role, False)
    assert what.labels == [f"class {i}" for i in range(5)]
    assert what.recipe.name == "converted" and what.published is None


def test_of_pictures_a_trunk_is_left(tmp_path):
    what = read(tmp_path, flat_shapes(11, **SMALL), "model=s3dg")
    assert (what.role, what.headless) == ("initial", True)
    assert what.labels == []
    assert what.recipe.network.model == "s3dg"


def test_another_number_of_classes(tmp_path):
    with pytest.raises(UsageError, match="has 5 classes; num_classes=6 was"):
        read(tmp_path, slim_shapes(5, **SMALL), "num_classes=6")


def test_a_name_tells_the_clips(tmp_path):
    """And what the user sets comes after."""
    path = write(tmp_path / "model.ckpt", values(slim_shapes(400, **SMALL)))
    entry = dataclasses.replace(
        catalog()["i3d_rgb_kinetics400"],
        clip={"frames": 8, "sampling": "segments"},
    )
    for settings, frames in ([], 8), (["clip.frames=4"], 4):
        what = read_checkpoint(path, parse_settings(settings), entry)
        clip = what.recipe.clip
        assert (clip.frames, clip.sampling) == (frames, "segments")
