"""Errors say what happened and what to do."""

import pytest

from d3d_tf.hub_export.client.errors import TRANSIENT, server_error


@pytest.mark.parametrize(
    "code, words",
    [
        ("UNAVAILABLE", "Is it running"),
        ("DEADLINE_EXCEEDED", "--deadline"),
        ("NOT_FOUND", "--model"),
        ("INVALID_ARGUMENT", "refused the request"),
        ("RESOURCE_EXHAUSTED", "--jpeg_quality"),
        ("UNIMPLEMENTED", "no TensorFlow Serving"),
        ("DATA_LOSS", "DATA_LOSS"),
    ],
)
def test_the_text_has_the_address_the_details_and_a_remedy(code, words):
    error = server_error(code, "two\nlines", address="grpc://host:1")
    assert error.code == code
    for part in ("grpc://host:1", "two lines", words):
        assert part in str(error)
    assert "\n" not in str(error)


def test_only_what_passes_is_tried_again():
    assert {"UNAVAILABLE", "ABORTED"} == TRANSIENT
