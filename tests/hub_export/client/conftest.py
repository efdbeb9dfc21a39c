"""A module of known answers, served by the double, and a video for it."""

import contextlib
import dataclasses
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import yaml

from d3d_tf.hub_export.export import export_module
from d3d_tf.keras_api import keras
from tests.harness import write_lossless

ROOT = Path(__file__).resolve().parents[3]
LABELS = ["dark", "middle", "größer"]
FRAMES, RATE, SIZE = 4, 10.0, 16


def brightness():
    """Logits (-4 m, 0, 4 m) of the mean m, in [-1, 1], of what it is shown."""
    clip = keras.Input([None, None, None, 3])
    means = keras.layers.GlobalAveragePooling3D()(clip)
    network = keras.Model(clip, keras.layers.Dense(3, use_bias=False)(means))
    network.set_weights([np.float32([[-4 / 3, 0, 4 / 3]] * 3)])
    return network


class Unchecked(tf.Module):
    """Sums rows of two; no word about other lengths."""

    @tf.function(input_signature=[tf.TensorSpec([None, 2], name="rows")])
    def sum(self, rows):
        return {"sums": tf.reduce_sum(rows, axis=1)}


@dataclasses.dataclass(frozen=True)
class Double:
    """A running double.

    Attributes:
      module: the version folder that it serves as `d3d`.
      grpc, rest: addresses.
      grpc_4mb: one that takes 4 MB, as any Python server.
    """

    module: Path
    grpc: str
    rest: str
    grpc_4mb: str

    def set(self, **values) -> int:
        """What is to go wrong next; returns the requests so far."""
        with urllib.request.urlopen(
            f"{self.rest}/double", json.dumps(values).encode(), timeout=10
        ) as answer:
            return json.load(answer)["requests"]


@contextlib.contextmanager
def serving(module: Path, *others: str):
    """Starts a double with the flags of the export's own compose.yaml."""
    folder = module.parent / "serving"
    service = yaml.safe_load((folder / "compose.yaml").read_text())
    service = service["services"]["serving"]
    (volume,) = service["volumes"]
    source, target, _ = volume.split(":")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.serving_double",
            *service["command"],
            f"--mount={folder / source}:{target}",
            *others,
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        ports = json.loads(process.stdout.readline())
        yield Double(
            module,
            f"grpc://127.0.0.1:{ports['grpc']}",
            f"http://127.0.0.1:{ports['rest']}",
            f"grpc://127.0.0.1:{ports['grpc_4mb']}",
        )
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def double(tmp_path_factory):
    """`d3d`, the module of known answers, and `unchecked`."""
    folder = tmp_path_factory.mktemp("serving")
    unchecked = Unchecked()
    tf.saved_model.save(
        unchecked, str(folder / "unchecked" / "5"), unchecked.sum
    )
    module = export_module(
        brightness(),
        folder / "export",
        labels=LABELS,
        frames=FRAMES,
        size=SIZE,
        short_side=18,
        info={"frame_rate": RATE},
    )
    with serving(module, f"--add=unchecked={folder / 'unchecked'}") as double:
        yield double


@pytest.fixture(autouse=True)
def no_faults(request):
    """Faults of one test are not those of the next."""
    yield
    if "double" in request.fixturenames:
        request.getfixturevalue("double").set(unavailable=0, delay=0.0)


# Frame k of the video below, and what its mean is in [-1, 1].
LEVELS = np.arange(10, 250, 12)  # 20 frames, 2 s at 10 frames per second.


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """Grey frames of `LEVELS`, without loss, 18 x 32 px."""
    path = tmp_path_factory.mktemp("video") / "grey.mkv"
    write_lossless(path, np.tile(LEVELS[:, None, None, None], (1, 18, 32, 3)))
    return path


@pytest.fixture(scope="session")
def expected():
    """Probabilities of the middle clip: frames 8, 9, 10 and 11.

    Their levels are 106, 118, 130, 142 with mean 124, in [-1, 1]
    124 / 127.5 - 1 = -0.027451, logits 0.109804, 0, -0.109804.
    """
    odds = np.exp([0.109804, 0, -0.109804])
    return odds / odds.sum()
