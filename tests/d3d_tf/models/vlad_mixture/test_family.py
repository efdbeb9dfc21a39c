"""The answers of this family to `d3d_tf.models`."""

import pytest

from tests.harness.family import check_family, promises
from tests.harness.tiny import VLAD_MIXTURE

SLOW = ("architecture", "freezing", "replicas", "resumed", "mixed_precision")


@pytest.mark.parametrize(
    "promise",
    promises(
        *SLOW,
        "saved",
        "config",
        "up_to",
        "layers_up_to",
        "endpoints_and_shapes",
        "clips_alone",
        "folded",
    ),
)
def test_family(promise, request):
    check_family(VLAD_MIXTURE, promise, request)
