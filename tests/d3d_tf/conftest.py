"""One tiny run of the main job, shared by the tests of what it makes.

Real videos, flow, records, training on two replicas, export and report; but
networks that are traced in a moment stand in for S3D-G. The whole thing with
S3D-G is in the slow tier of test_distill.py.
"""

import contextlib
import dataclasses
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands import distill
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.experiment import experiment
from d3d_tf.models.inception import networks
from d3d_tf.recipes import TOY
from d3d_tf.runs import from_module, loading
from d3d_tf.runs.folder import Run
from d3d_tf.streams import CHANNELS
from d3d_tf.tfrecords.flow import tvl1_flow
from tests.harness import shallow_network, tiny_network

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
)


def stand_in(recipe, num_classes, stream):
    """Instead of `make_network`."""
    return tiny_network(
        {"frames": 3, "flow": 2}[stream],
        num_classes,
        momentum=recipe.batch_norm_momentum,
        weight_decay=recipe.weight_decay,
    )


@pytest.fixture
def trunks_and_heads(stand_ins, monkeypatch):
    """Networks that can start another one, traced in a moment."""

    def make(recipe, num_classes, stream):
        return shallow_network(num_classes, CHANNELS[stream])

    for module in (experiment, loading, from_module):
        monkeypatch.setattr(module, "make_network", make)
    return make


def _replace(patch, replicas):
    for module in (experiment, loading):
        patch.setattr(module, "make_network", stand_in)
    # TensorFlow numbers the sums over replicas per strategy, and remembers
    # their shapes per process: a second strategy on the devices must not be.
    patch.setattr(experiment, "make_strategy", lambda batch_size: replicas)


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch, replicas):
    """No test of jobs traces an S3D-G by accident."""
    _replace(monkeypatch, replicas)


@pytest.fixture
def real_networks(stand_ins, monkeypatch):
    """The networks of published weights are what they are."""
    for module in (experiment, loading):
        monkeypatch.setattr(module, "make_network", networks.make_network)


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
    """The run; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("toy")
    recipe = config.override(TOY, list(SETTINGS))
    run = ToyRun(recipe, Run(folder / "run"), folder / "records", "")
    with pytest.MonkeyPatch.context() as patch:
        _replace(patch, replicas)
        # The first flow of all tells that it compiles.
        tvl1_flow(np.zeros((2, 16, 16), np.uint8))
        shown = run.again()
    return dataclasses.replace(run, shown=shown)


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
    shutil.copytree(toy.run.folder, tmp_path / "copy")
    return Run(tmp_path / "copy")
