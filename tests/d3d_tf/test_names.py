"""Names of files as text: every byte comes back."""

import os
import random

import pytest

from d3d_tf.names import one_form, printable, spell, unspell


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"run/1.mp4", "run/1.mp4"),
        ("größe [1] *?%#'".encode(), "größe [1] *?%#'"),
        (b"Mu\xf1oz.mp4", "Mu\\xf1oz.mp4"),
        (b"two\nlines\r", "two\\x0alines\\x0d"),
        (b"back\\slash", "back\\x5cslash"),
        (b"\\xf1", "\\x5cxf1"),
        # U+0085 and U+2028 end a line for Python.
        ("a\u0085b\u2028c".encode(), "a\\xc2\\x85b\\xe2\\x80\\xa8c"),
    ],
)
def test_spelling(name, text):
    assert spell(os.fsdecode(name)) == text
    assert os.fsencode(unspell(text)) == name


def test_any_bytes_come_back_and_are_one_line_of_utf_8():
    rng = random.Random(0)
    seen = {}
    for _ in range(2000):
        name = bytes(rng.choices(b"\\x0af1\n\xc3\xa9\xff\x80u", k=8))
        text = spell(os.fsdecode(name))
        assert len(text.splitlines()) == 1 and text.encode().decode() == text
        assert os.fsencode(unspell(text)) == name
        assert seen.setdefault(text, name) == name


def test_for_a_screen_only_such_bytes_are_spelt():
    assert printable("ü\\\n\udcf1") == "ü\\\n\\xf1"
    # Not of a name: from JSON, for one.
    assert printable("\ud83d").isascii()


def test_what_looks_the_same_is_the_same():
    assert one_form("cafe\u0301") == one_form("caf\u00e9") == "caf\u00e9"
    # Also beside a byte that is not UTF-8.
    assert one_form("e\u0301\udcf1") == "\u00e9\udcf1"
