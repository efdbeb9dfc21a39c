"""The Python of docs/deployment.md that asks a server runs as it stands."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "deployment.md"
BLOCKS = [
    block
    for block in re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    if "127.0.0.1:850" in block
]


@pytest.mark.parametrize("block", BLOCKS)
def test_block(block, double, video, capsys):
    for theirs, ours in {
        "grpc://127.0.0.1:8500": double.grpc,
        "http://127.0.0.1:8501": double.rest,
        '"video.mp4"': repr(str(video)),
        '"export/1"': repr(str(double.module)),
    }.items():
        block = block.replace(theirs, ours)
    exec(block, {})
    # The highest of three probabilities; see the fixture `expected`.
    assert "0.370" in capsys.readouterr().out


def test_there_are_blocks():
    assert len(BLOCKS) == 2
