"""Folders of records of other tools are examined as what they are."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe
from d3d_tf.data.index_foreign import adopt
from d3d_tf.doctor.checks import examine
from d3d_tf.errors import UserError
from d3d_tf.recipes import OWN_VIDEOS
from tests.harness import foreign_record, write_shard


def record(name: str, seed: int, *more: bytes) -> bytes:
    """As DMVR writes it, two pictures and those given."""
    rng = np.random.default_rng(seed)
    pictures = [
        tf.io.encode_png(rng.integers(0, 256, [24, 32, 3], np.uint8)).numpy()
        for _ in range(2)
    ]
    return foreign_record([*pictures, *more], clip__label__text=name)


@pytest.fixture
def theirs(tmp_path):
    folder = tmp_path / "theirs"
    names = ("jump", "wave")
    for split, seed in (("train", 0), ("test", 9)):
        write_shard(
            folder / f"{split}-00000-of-00001",
            [record(name, seed + i) for i, name in enumerate(2 * names)],
        )
    return folder


def lines(capsys) -> dict[str, str]:
    """Level and text of each check, by its name."""
    found = {}
    for line in capsys.readouterr().out.splitlines():
        level, _, rest = line.partition(" ")
        check, _, text = rest.strip().partition(": ")
        found[check] = f"{level} {text}"
    return found


def test_good_records(theirs, tmp_path, capsys):
    """By their own folder, and by the one that was made of it."""
    adopted = adopt(theirs, tmp_path / "records", DataRecipe()).folder
    for data in (theirs, adopted):
        examine(OWN_VIDEOS, str(data), None, str(tmp_path / "page"), 0)
        found = lines(capsys)
        assert found.keys() == {
            "kind",
            "records",
            "pictures",
            "leaks",
            "labels",
            "balance",
        }
        assert {text.split()[0] for text in found.values()} == {"OK"}
        assert "no manifest" in found["kind"]
        assert found["records"] == "OK 8 good ones in 2 files"
        assert "16 frames" in found["pictures"]
        assert "8 of 8 records decoded" in found["pictures"]
    assert not (tmp_path / "page").exists()


def test_bad_records(theirs, tmp_path, capsys):
    """Three of five: no record, a copy of a training video, broken pixels."""
    pixels = np.full([24, 32, 3], 5, np.uint8)
    broken = bytearray(tf.io.encode_png(pixels).numpy())
    start = broken.index(b"IDAT") + 4
    broken[start : start + 10] = bytes(10)
    write_shard(
        theirs / "val-00000-of-00001",
        [
            record("jump", 20),
            b"\xff\xff",
            record("jump", 0),
            record("wave", 21, bytes(broken)),
            record("wave", 22),
        ],
    )
    (theirs / "val-00001-of-00002").touch()
    with pytest.raises(UserError, match="records, pictures, leaks"):
        examine(OWN_VIDEOS, str(theirs), None, str(tmp_path), 0)
    found = lines(capsys)
    assert (
        "ERROR 12 good ones in 4 files; val-00000-of-00001, record 2, is no"
        in found["records"]
    )
    assert "empty: 1 of them, such as val-00001" in found["records"]
    assert "val-00000-of-00001, record 4, has a damaged" in found["pictures"]
    assert "1 are in training and test" in found["leaks"]


def test_labels_without_a_name(theirs, tmp_path, capsys):
    (theirs / "label_map.txt").write_text("jump\n")
    with pytest.raises(UserError, match="1 of 5 checks found errors: labels"):
        examine(OWN_VIDEOS, str(theirs), None, str(tmp_path), 1)
    assert "'wave', which label_map.txt does not" in lines(capsys)["labels"]
