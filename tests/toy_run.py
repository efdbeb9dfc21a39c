"""One tiny run of the main job, shared by the tests of what it makes.

Real videos, flow, records, training on two replicas, export and report; S3D-G
ends after its third layer, so that it is traced in a moment. All of S3D-G is in
the slow tier of test_distill.py.
"""

import contextlib
import dataclasses
import fcntl
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands import distill
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.locks import FILE
from d3d_tf.recipes import TOY
from d3d_tf.runs.folder import Run
from d3d_tf.tfrecords.flow import tvl1_flow

# The shortest S3D-G: two convolutions and a pooling.
TINY = {
    "depth_multiplier": 1 / 64,
    "min_depth": 4,
    "final_endpoint": "Conv2d_2b_1x1",
}
# 24 x 24 pixels, 5 frames; 16 training and 8 + 8 test videos of 8 classes.
SETTINGS = (
    "toy.size=24",
    "toy.num_frames=5",
    "toy.train_videos=16",
    "toy.test_videos=8",
    "data.short_side=24",
    "data.num_shards=2",
    "flow.scales=2",
    "flow.warps=1",
    "clip.frames=4",
    "clip.size=16",
    "train.steps=3",
    "train.batch_size=4",
    "train.checkpoint_every=2",
    "distill.weight=0.5",
    *(f"network.{key}={value}" for key, value in TINY.items()),
)


@dataclasses.dataclass(frozen=True)
class ToyRun:
    """A finished run and how it was started.

    Attributes:
      recipe: of the run.
      run: its folder.
      records_dir: where its records are.
      shown: what the user saw.
    """

    recipe: config.Recipe
    run: Run
    records_dir: Path
    shown: str

    def dataset(self) -> Dataset:
        """The records."""
        return open_dataset(self.run.origin()["records"])

    def again(self, mode=distill, **changes) -> str:
        """Starts the same command again; what it shows."""
        run = changes.pop("run", self.run)
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            mode.run(
                self.recipe,
                run_dir=str(run.folder),
                **{"records_dir": str(self.records_dir)} | changes,
            )
        return shown.getvalue()


@pytest.fixture(scope="session")
def toy(tmp_path_factory, replicas) -> ToyRun:
    """The run; tests leave it as it is. One worker of pytest makes it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "toy"
    recipe = config.override(TOY, list(SETTINGS))
    run = ToyRun(recipe, Run(folder / "run"), folder / "records", "")
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shown = folder / "shown.txt"
        if not shown.exists():
            # The first flow of all tells that it compiles.
            tvl1_flow(np.zeros((2, 16, 16), np.uint8))
            shown.write_text(run.again())
        return dataclasses.replace(run, shown=shown.read_text())


@pytest.fixture
def other_flow(toy, tmp_path):
    """`other_flow(library)`: the toy's records, with flow by another library.

    Their shards are those of the toy; what is compared is the identity.
    """

    def make(library: str) -> Dataset:
        dataset = toy.dataset()
        folder = tmp_path / f"records by {library}"
        folder.mkdir()
        for path in dataset.folder.iterdir():
            (folder / path.name).symlink_to(path)
        info = dataset.info | {"flow": dataset.flow | {"library": library}}
        (folder / "dataset.json").unlink()
        (folder / "dataset.json").write_text(json.dumps(info))
        return open_dataset(folder)

    return make


@pytest.fixture
def copied_run(toy, tmp_path) -> Run:
    """The finished run, in a copy of one's own."""
    passing = shutil.ignore_patterns(FILE, "*.tmp-*")  # Of another test.
    shutil.copytree(toy.run.folder, tmp_path / "copy", ignore=passing)
    return Run(tmp_path / "copy")
