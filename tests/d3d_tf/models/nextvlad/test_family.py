"""The answers of this family to `d3d_tf.models`."""

import pytest

from tests.harness.family import check_family, promises
from tests.harness.tiny import NEXTVLAD

SLOW = ("architecture", "freezing", "replicas", "resumed", "mixed_precision")


@pytest.mark.parametrize("promise", promises(*SLOW, "saved"))
def test_family(promise, request):
    check_family(NEXTVLAD, promise, request)
