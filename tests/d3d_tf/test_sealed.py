"""A file that says another thing than was written is found out."""

import hashlib
import json

import pytest

from d3d_tf.sealed import SEAL, sealed, unsealed

CONTENT = {
    "b": [1, 0.1, 1e-9, None, True],
    "a": {"über": "x\ny", "2": (3, 4)},
    "top1": float("nan"),
}
AS_READ = json.dumps(json.loads(json.dumps(CONTENT)), sort_keys=True)


def test_what_was_written_is_read():
    text = sealed(CONTENT)
    assert list(json.loads(text)) == [*CONTENT, SEAL]
    assert json.dumps(unsealed(json.loads(text)), sort_keys=True) == AS_READ


def test_the_hash_is_one_that_anybody_can_compute():
    text = '{"a": 1, "b": "x"}'
    told = json.loads(sealed({"b": "x", "a": 1}))[SEAL]
    assert told == hashlib.sha256(text.encode()).hexdigest()


def test_written_again():
    """The hash is that of the new content, whatever was there before."""
    again = json.loads(sealed(CONTENT)) | {"top1": 0.5}
    assert unsealed(json.loads(sealed(again)))["top1"] == 0.5


def test_every_bit():
    """What is still JSON and means the same is read, all else is refused."""
    whole = sealed(CONTENT).encode()
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        try:
            read = unsealed(json.loads(content))
        except ValueError:
            continue
        # The name of the entry itself changed, or an escape's spelling.
        if SEAL in json.loads(content):
            assert json.dumps(read, sort_keys=True) == AS_READ


@pytest.mark.parametrize("content", [[], None, 3, {}, {"a": 1}])
def test_files_without_one(content):
    assert unsealed(content) == content


def test_how_to_change_one():
    content = json.loads(sealed({"a": 1})) | {"a": 2}
    with pytest.raises(ValueError, match="removes that entry"):
        unsealed(content)
    del content[SEAL]
    assert unsealed(content) == {"a": 2}
