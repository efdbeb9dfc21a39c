"""Errors say what happened and what to do."""

import pytest

from d3d_tf.hub_export.client.errors import (
    MOST_TEXT,
    TRANSIENT,
    ClientError,
    printable,
    server_error,
)


@pytest.mark.parametrize(
    "code, words",
    [
        ("UNAVAILABLE", "Is it running"),
        ("DEADLINE_EXCEEDED", "--deadline"),
        ("NOT_FOUND", "--model"),
        ("INVALID_ARGUMENT", "refused the request"),
        ("RESOURCE_EXHAUSTED", "--jpeg_quality"),
        ("UNIMPLEMENTED", "not TensorFlow Serving"),
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


@pytest.mark.parametrize(
    "text, shown",
    [
        ("größer 4 > 3", "größer 4 > 3"),
        ("\x1b[31m\x07\r\n\t\x7f\x9b", r"\x1b[31m\x07\x0d\x0a\x09\x7f\x9b"),
        # They turn the direction of writing, or break the line.
        ("\u202e\u2066\u2028", r"\u202e\u2066\u2028"),
        # A byte of a file's name, and half of a pair.
        ("Mu\udcf1oz \ud800", r"Mu\xf1oz \ud800"),
        # Four characters of ten that are allowed in it, and of eleven that
        # are not.
        ("\x00\x00b", r"\x00\x00b"),
        ("\x00\x00bcd", r"\x00\x00bc..."),
        ("abcdefghij", "abcdefghij"),
        ("abcdefghijk", "abcdefghij..."),
    ],
)
def test_what_terminals_show(text, shown):
    most = 10 if text[:1] in "\x00a" else 300
    assert printable(text, most) == shown


def test_every_error_is_a_line_of_limited_length():
    error = ClientError("\x1b\n" * 10**6)
    assert str(error).startswith(r"\x1b\x0a\x1b")
    assert len(str(error)) == MOST_TEXT + len("...")
    assert len(str(server_error("ABORTED", "x " * 10**6, address="y"))) < 400
