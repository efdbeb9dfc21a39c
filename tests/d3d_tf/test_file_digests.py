"""Against sha256sum and git hash-object."""

from d3d_tf.file_digests import digest_file


def test_digests(tmp_path):
    """`git hash-object` and `sha256sum` of a file with one line."""
    path = tmp_path / "x"
    path.write_bytes(b"hello\n")
    assert digest_file(path) == {
        "bytes": 6,
        "sha256": (
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        ),
        "git_blob": "ce013625030ba8dba906f756967f9e9ca394464a",
    }
