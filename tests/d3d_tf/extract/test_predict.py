"""A video of known greys, by a module whose answers are known."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.commands import predict, prepare, train
from d3d_tf.data.dataset import open_dataset
from d3d_tf.errors import UserError
from d3d_tf.extract.predict import features_of_video, probabilities_of_video
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.roles import TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.video.writing import write_video
from tests.d3d_tf.extract.test_job import made, recipe_for

GREYS = (60, 120, 200)


@pytest.fixture
def video(tmp_path):
    """Three seconds of 25 frames of one grey each."""
    frames = np.zeros([75, 16, 16, 3], np.uint8)
    for second, grey in enumerate(GREYS):
        frames[25 * second : 25 * (second + 1)] = grey
    path = tmp_path / "greys.mp4"
    write_video(path, frames, 25, crf=0)
    return str(path)


@pytest.fixture
def trained(dataset, picture_module, tmp_path):
    """A network of one step on the features of the records, with a PCA."""
    out = str(tmp_path / "out")
    recipe = recipe_for(picture_module, "features.pca=3")
    prepare.run(recipe, data=str(dataset.folder), records_dir=out)
    (folder,) = made(tmp_path / "out")
    settings = ["task=youtube8m", "model=nextvlad", "clusters=2", "hidden=8"]
    settings += ["network.groups=1", "steps=1", "batch_size=2"]
    train.run(
        config.override(OWN_VIDEOS, settings),
        data=str(folder),
        records_dir=out,
        run_dir=str(tmp_path / "run"),
    )
    return SimpleNamespace(run=Run(tmp_path / "run"), folder=folder)


def test_features_and_answer(trained, video, write_numbered, tmp_path, capsys):
    """By hand; then what is refused."""
    info = open_dataset(trained.folder).info
    found = features_of_video(
        info["extraction"], info["features"]["folder"], video
    ).numpy()
    grey = np.array(GREYS) / 255
    module = np.stack([4 * grey - 2, 1 - grey, 0 * grey, grey**2], 1)
    parts = ("mean", "eigenvecs", "eigenvals")
    mean, vectors, values = (
        np.load(trained.folder / f"{n}.npy") for n in parts
    )
    expected = (module - mean[:, 0]) @ vectors.T
    expected = np.clip(expected / np.sqrt(values[:, 0] + 1e-4), -2, 2)
    # A byte is 4/255; pixels of the file may be one off.
    np.testing.assert_allclose(found - 4 / 512, expected, atol=0.05)
    answer = probabilities_of_video(trained.run, TEACHER, video)
    network = load_checkpoint(trained.run.folder, TEACHER)
    padded = np.zeros([1, 300, 3], np.float32)
    padded[0, :3] = found
    logits = network((padded, np.array([3])))
    np.testing.assert_allclose(answer, tf.sigmoid(logits)[0], atol=1e-5)
    capsys.readouterr()
    predict.run(data=video, checkpoint=str(trained.run.folder))
    shown = capsys.readouterr().out
    best = float(re.search(r"([0-9.]+) %", shown).group(1))
    assert best == pytest.approx(100 * answer.max(), abs=0.06)
    times = [*range(0, 800, 40), *range(1000, 2000, 40)]
    hole = str(write_numbered(tmp_path / "hole.mp4", times))
    predict.run(data=hole, checkpoint=str(trained.run.folder))
    assert f"{hole} lacks 5 frames" in capsys.readouterr().out
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video, and no records")
    with pytest.raises(UserError, match="broken.mp4 cannot be used"):
        predict.run(data=str(broken), checkpoint=str(trained.run.folder))
    told = info["extraction"] | {"extractor_digest": "0123"}
    with pytest.raises(UserError, match="is not the extractor any more"):
        features_of_video(told, info["features"]["folder"], video)
