"""What is said of a record folder; the numbers are those of its files."""

import json

import pytest

from d3d_tf.data.dataset import Dataset
from d3d_tf.data.summary import describe

INFO = {
    "splits": {"train": 3, "val": 1, "test": 2},
    "classes": ["a", "b"],
    "clipped_flow": 0.0123,
    "num_trimmed": 0,
    "flow": {"library": "made up"},
    "empty_classes": [],
}
FILES = {
    "found": 24,
    "used": 6,
    "quarantined": 13,
    "left_out": {
        "archives": {"count": 1, "example": "a.zip"},
        "pictures": {"count": 4, "example": "a/1.jpg"},
    },
}


@pytest.fixture
def lines(tmp_path):
    """`lines(**info)`: what is said after the first line."""

    def describe_with(skipped=0, **info):
        rows = [
            {"id": "", "path": f"a/{i}.mp4", "split": "test", "label": 0}
            | {"skipped": "empty"}
            for i in range(skipped)
        ]
        (tmp_path / "manifest.json").write_text(json.dumps(rows))
        first, *others = describe(Dataset(tmp_path, INFO | info)).splitlines()
        assert first == (
            f"records: {tmp_path}: 3 train, 1 val, 2 test; 2 classes; "
            "1.2 % of flow vectors clipped"
        )
        return others

    return describe_with


def test_records_of_earlier_versions_say_less(lines):
    assert lines() == []


def test_every_file_is_accounted_for(lines):
    assert lines(files=FILES) == [
        "  24 files: 6 used, 13 quarantined, 5 not tried: 1 archives (such as "
        "a.zip), 4 pictures (such as a/1.jpg)"
    ]
    plain = {"found": 2, "used": 2, "quarantined": 0, "left_out": {}}
    assert lines(files=plain) == ["  2 files: 2 used, 0 quarantined"]


def test_a_long_quarantine_is_cut(lines):
    assert lines(skipped=10)[-1] == "  left out a/9.mp4: empty"
    assert lines(skipped=13)[9:] == [
        "  left out a/9.mp4: empty",
        "  and 3 more, see quarantine.csv",
    ]


def test_classes_without_videos(lines):
    names = [str(i) for i in range(6)]
    assert lines(empty_classes=names[:1]) == ["  1 classes have no video: 0"]
    assert lines(empty_classes=names) == [
        "  6 classes have no video: 0, 1, 2, 3, 4, ..."
    ]


def test_lost_frames_and_joined_recordings(lines):
    assert lines(num_with_missing_frames=2, num_missing_frames=9) == [
        "  2 videos lack 9 frames in their middle, lost by damage or a camera; "
        "the frame before is shown instead (missing_frames in manifest.json)"
    ]
    assert lines(num_joined=1) == [
        "  1 files are several recordings, one after the other (recordings in "
        "manifest.json)"
    ]
    assert lines(num_missing_frames=0, num_joined=0) == []
