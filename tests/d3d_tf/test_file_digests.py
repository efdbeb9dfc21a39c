"""Against sha256sum, md5sum and git hash-object."""

import pytest

from d3d_tf.file_digests import digest_file, has_digest


def test_digests(tmp_path):
    """`git hash-object`, `sha256sum` and `md5sum` of a file with one line."""
    path = tmp_path / "x"
    path.write_bytes(b"hello\n")
    assert digest_file(path) == {
        "bytes": 6,
        "sha256": (
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        ),
        "md5": "b1946ac92492d2347c6235b4d2611184",
        "git_blob": "ce013625030ba8dba906f756967f9e9ca394464a",
    }


@pytest.mark.parametrize(
    "published, same",
    [
        ("ce013625030ba8dba906f756967f9e9ca394464a", True),
        ("sha256:5891b5b5", True),
        ("md5:b1946ac92492d2347c6235b4d2611184", True),
        ("5891b5b5", False),
        ("sha256:b1946ac9", False),
        ("md5:b1946ac92492d2347c6235b4d2611185", False),
    ],
)
def test_what_a_publisher_tells(tmp_path, published, same):
    """All of a digest or its beginning, as in names of PyTorch's files."""
    (tmp_path / "x").write_bytes(b"hello\n")
    assert has_digest(digest_file(tmp_path / "x"), published) is same
