"""The run of a student of features that was never trained, and its records."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.commands import export
from d3d_tf.data.feature_sets import adopt_features
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.runs.networks import make_role
from d3d_tf.runs.origin import Origin
from d3d_tf.training.checkpoints import save_finished
from tests.harness.networks import randomize
from tests.harness.yt8m import feature_record

LABELS = ["Game", "Vehicle", "größer"]
# It sees frames 0, 60, 120, 180 and 240.
SETTINGS = [
    *("task=youtube8m", "model=nextvlad", "network.groups=2", "clusters=4"),
    *("network.expansion=1", "hidden=8", "reduction=2", "batch_size=4"),
    *("fewer_frames.way=uniform", "fewer_frames.k=5"),
    "fewer_frames.rounding=up",
]


@dataclasses.dataclass(frozen=True)
class FeatureRun:
    """The run, its network, the file that is scored and its videos' bytes."""

    run: Run
    network: object
    file: Path
    videos: dict[str, np.ndarray]


@pytest.fixture(scope="session")
def feature_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("of_features")
    data = root / "data"
    data.mkdir()
    (data / "label_map.txt").write_text("".join(f"{n}\n" for n in LABELS))
    rng = np.random.default_rng(0)
    videos = {
        f"v{frames}": rng.integers(0, 256, [frames, 1152], np.uint8)
        for frames in (1, 59, 61, 150, 300, 310)
    }
    for split in ("train", "validate"):
        with tf.io.TFRecordWriter(str(data / f"{split}0000.tfrecord")) as file:
            for name, content in videos.items():
                file.write(
                    feature_record(
                        name=name,
                        labels=(len(content) % 3,),
                        rgb=[row[:1024].tobytes() for row in content],
                        audio=[row[1024:].tobytes() for row in content],
                    )
                )
    dataset = adopt_features(data, root / "records")
    recipe = config.override(OWN_VIDEOS, SETTINGS)
    run = Run(root / "run")
    run.start(recipe, LABELS, Origin(records=dataset.folder, flow={}))
    network = make_role(recipe, STUDENT, len(LABELS))
    randomize(network)
    save_finished(network, run.checkpoints(STUDENT), {"steps": 0})
    return FeatureRun(run, network, data / "validate0000.tfrecord", videos)


@pytest.fixture(scope="session")
def feature_module(feature_run):
    """The module of the run, as `--mode=export` writes it."""
    export.run(checkpoint=str(feature_run.run.folder))
    return feature_run.run.export_path / "1"


def probabilities_of(network, content: np.ndarray) -> np.ndarray:
    """Of a video by hand: its frames 0, 60, 120, 180 and 240."""
    seen = np.float32(content[:300:60] * (4 / 255) + (4 / 512 - 2))
    logits = network(seen[None])[0].numpy()
    return 1 / (1 + np.exp(-logits))
