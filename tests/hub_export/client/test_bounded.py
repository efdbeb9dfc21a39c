"""What others wrote has a size, a depth and types."""

import pytest

from d3d_tf.hub_export.client.bounded import (
    MOST_BYTES,
    file_content,
    number,
    parsed,
    whole,
)


def test_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * MOST_BYTES)
    assert file_content(tmp_path / "file") == b"x" * MOST_BYTES
    with open(tmp_path / "file", "ab") as file:
        file.truncate(2**40)  # Sparse: it takes no room.
    with pytest.raises(ValueError, match="over 4 MB"):
        file_content(tmp_path / "file")
    with pytest.raises(ValueError, match="over 4 MB"):
        file_content("/dev/zero")


def test_json():
    assert parsed(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}


@pytest.mark.parametrize(
    "content, words",
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b" " * (MOST_BYTES + 1), "over 4 MB"),
        (b"\xff", "decode"),
        (b"", "Expecting value"),
    ],
)
def test_what_is_not_json(content, words):
    with pytest.raises(ValueError, match=words):
        parsed(content)


def test_numbers():
    assert number(3) == 3.0 and number(0.5) == 0.5 and whole(3) == 3
    for other in (True, None, "3", [3], {}):
        with pytest.raises(TypeError, match="must be a number"):
            number(other)
        with pytest.raises(TypeError, match="must be a whole number"):
            whole(other)
    with pytest.raises(TypeError, match=r"3\.0 must be a whole number"):
        whole(3.0)
    with pytest.raises(OverflowError):
        number(10**400)
