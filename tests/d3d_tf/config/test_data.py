"""What a data set and its flow may be."""

import pytest

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.errors import UsageError
from d3d_tf.tfrecords.layouts import LAYOUTS


def test_every_layout():
    for name in LAYOUTS:
        assert DataRecipe(layout=name).layout == name


@pytest.mark.parametrize(
    "given, words",
    [
        ({"layout": "zip"}, "layout must be one of folders, csv"),
        ({"frame_rate": 0.0}, "frame_rate must be above 0"),
        ({"jpeg_quality": 101}, "jpeg_quality must be"),
        ({"service": "head:5050"}, "service must be empty or grpc://HOST:P"),
        ({"service": "grpc://head"}, "service must be .* got 'grpc://head'"),
    ],
)
def test_data(given, words):
    with pytest.raises(UsageError, match=words):
        DataRecipe(**given)


@pytest.mark.parametrize(
    "given, words",
    [
        ({"algorithm": "raft"}, "algorithm must be one of tvl1, dis"),
        ({"scale_step": 1.0}, "scale_step must be"),
        ({"algorithm": "imported"}, "imported_codec must be given with"),
        ({"imported_codec": "denseflow"}, "imported_codec must be given with"),
    ],
)
def test_flow(given, words):
    with pytest.raises(UsageError, match=words):
        FlowRecipe(**given)
