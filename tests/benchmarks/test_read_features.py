"""The kit's parsing as it stands here, on the goldens, and the tables."""

import hashlib
import json

import numpy as np
import tensorflow as tf

from benchmarks import read_features
from benchmarks.read_features import KIT, OURS, PAGE, kit_video, markdown
from d3d_tf.data.youtube8m import feature_batches, open_features


def test_the_kits_reader(goldens):
    """What the original returned, to the bit."""
    reader = goldens / "yt8m" / "reader"
    golden = json.loads((reader / "expected.json").read_text())
    records = tf.data.TFRecordDataset(str(reader / "tiny_frames.tfrecord"))
    for record, video in zip(records, golden["videos"], strict=True):
        id_, features, labels, count = kit_video(record, golden["classes"])
        assert id_.numpy().decode() == video["id"]
        assert int(count) == video["num_frames"]
        own = np.flatnonzero(labels).tolist()
        assert own == sorted(set(video["labels"]))
        content = features.numpy().tobytes()
        assert hashlib.sha256(content).hexdigest() == video["sha256"]


def test_both_read_what_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(read_features, "BATCH", 4)
    read_features.write_files(tmp_path, videos=4, files=2)
    found = {}
    for ids, frames, *_ in read_features.kit_batches(tmp_path, 10).take(20):
        found |= dict(zip(ids.numpy(), frames.numpy(), strict=True))
    files = open_features(tmp_path, "train")
    sampling = read_features.SAMPLINGS[read_features.SOME]
    ours = feature_batches(
        files, batch_size=4, training=False, sampling=sampling
    )
    ((inputs, _),) = ours
    features, _ = inputs["features"]
    assert len(found) == 4
    for id_, own in zip(inputs["id"].numpy(), features.numpy(), strict=True):
        np.testing.assert_array_equal(found[id_], own)


def test_scoring_tells_time_and_memory():
    """Six answers of three classes."""
    found = read_features.scoring(6, 3, batch=4)
    assert (found["videos"], found["classes"]) == (6, 3)
    assert found["peak_mib"] >= found["before_mib"] > 0
    assert 0 <= found["gap"] <= 1


def test_tables():
    row = {
        "frames": "all frames",
        "gb_per_second": 0.444,
        "ratio": 1.5,
        "processor_ms": 2,
    }
    rows = [
        row | {"reader": KIT, "videos_per_second": 99.6, "ratio_ci95": [1, 1]},
        row | {"reader": OURS, "videos_per_second": 150, "ratio_ci95": [1, 2]},
    ]
    text = markdown(
        {
            "processor": "P",
            "cores": 2,
            "load_before": 0.5,
            "reading": {
                "rounds": 3,
                "videos": 10,
                "rows": rows,
            },
            "scoring": {
                "videos": 200_000,
                "classes": 4716,
                "keeping_seconds": 10.4,
                "metrics_seconds": 20,
                "before_mib": 500,
                "peak_mib": 1500,
            },
        }
    )
    assert (
        f"| all frames | {KIT} | 100 | 0.44 | 2.00 | 1.50 [1.00, 1.00] |"
        in text
    )
    assert (
        f"| all frames | {OURS} | 150 | 0.44 | 2.00 | 1.50 [1.00, 2.00] |"
        in text
    )
    assert "200,000 videos of 4,716 classes" in text
    assert "0.5 GB before and at most 1.5 GB" in text
    assert "<!-- reading speed -->" in PAGE.read_text()
