"""The answers of this family to `d3d_tf.models`."""

import pytest

from tests.harness.family import check_family, promises
from tests.harness.tiny import HRNN


@pytest.mark.parametrize(
    "promise",
    promises(
        "architecture",
        "replicas",
        "resumed",
        "freezing",
        "saved",
        "mixed_precision",
    ),
)
def test_family(promise, request):
    check_family(HRNN, promise, request)
