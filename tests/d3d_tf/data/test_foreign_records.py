"""What three records of two files say together; counted by hand."""

import pytest

from d3d_tf.data.foreign_records import ForeignRecords

KEYS = "id split label shard length height width seconds frame_rate".split()
ROWS = [
    ("x", "train", 0, "a", 20, 64, 80, 2.0, 0.0),  # 10 per second.
    ("y", "train", 0, "a", 30, 50, 90, 2.0, 25.0),
    ("z", "test", 2, "b", 10, 70, 70, 2.0, 12.0),
]


def records(folder, rows=ROWS, files=("a", "b")):
    for name in files:
        (folder / name).write_bytes(b"12345")
    rows = [dict(zip(KEYS, row, strict=True)) for row in rows]
    return ForeignRecords(
        folder, list(files), rows, ["run", "jump", "sit"], by_string=False
    )


def test_counts(tmp_path):
    info = records(tmp_path).info(default_rate=50.0)
    assert info["num_videos"] == 3 and info["num_bytes"] == 10
    assert info["splits"] == {"train": 2, "test": 1}
    assert info["foreign"]["shards"] == {"train": {"a": 2}, "test": {"b": 1}}
    assert info["empty_classes"] == ["jump"]
    assert info["frames"] == {"min": 10, "max": 30, "sum": 60}
    # The shortest side of any, and the median of 10, 25 and 12.
    assert info["recipe"]["data"]["short_side"] == 50
    assert info["recipe"]["data"]["frame_rate"] == 12.0
    (note,) = info["notes"]
    assert note.endswith("RGB only; frames are 12 per second")


@pytest.mark.parametrize(
    "rows, files, note",
    [
        ([("x", *ROWS[1][1:]), ROWS[0]], ("a",), "the same example/id"),
        (ROWS, ("a", "b", "c"), "1 files hold no record, such as c"),
        ([(*ROWS[0][:7], 0.0, 0.0)], ("a",), "taken to be 50 per second"),
    ],
)
def test_notes(tmp_path, rows, files, note):
    notes = records(tmp_path, rows, files).info(default_rate=50.0)["notes"]
    assert note in notes[-1]
