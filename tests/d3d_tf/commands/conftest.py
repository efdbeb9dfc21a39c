"""What the tests of several modes share."""

import pytest

from d3d_tf.experiment import stages


@pytest.fixture
def only_scores(monkeypatch):
    """Nothing may be trained or scored again."""
    for name in ("train", "score_split", "milliseconds_per_video"):
        monkeypatch.setattr(stages, name, None)


def spoil(path):
    """One bit in the middle is another one."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
