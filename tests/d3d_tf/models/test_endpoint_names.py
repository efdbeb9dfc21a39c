"""Endpoints by short names."""

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.models.endpoint_names import full_name
from d3d_tf.models.inception.table import ENDPOINTS


@pytest.mark.parametrize(
    "given, wanted",
    [
        ("2c", "Conv2d_2c_3x3"),
        ("3a", "MaxPool_3a_3x3"),
        ("4f", "Mixed_4f"),
        ("MaxPool_5a_2x2", "MaxPool_5a_2x2"),
    ],
)
def test_short_names_are_those_of_figure_3(given, wanted):
    assert full_name("key", given, ENDPOINTS) == wanted


@pytest.mark.parametrize("given", ["6a", "3x3", "Mixed", ""])
def test_other_names_are_refused(given):
    with pytest.raises(
        UsageError, match=f"key must be among Conv2d_1a_7x7, .*got '{given}'"
    ):
        full_name("key", given, ENDPOINTS)
