"""Videos of features to a server and back, over gRPC and REST."""

import re

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.hub_export.client.__main__ import main
from d3d_tf.hub_export.client.errors import ClientError, ServingError
from d3d_tf.hub_export.client.features import (
    classify_features,
    stored_features,
)
from d3d_tf.hub_export.client.module_info import read_module_info
from tests.feature_run import LABELS, probabilities_of
from tests.harness.yt8m import feature_record
from tests.hub_export.client.conftest import serving
from tests.hub_export.client.test_main import TENSORFLOW, alone

BOTH = pytest.mark.parametrize("way", ["grpc", "rest"])


@pytest.fixture(scope="module")
def served(feature_module):
    """A double that serves the run's module."""
    with serving(feature_module) as double:
        yield double


@BOTH
def test_the_answers_are_the_networks(served, feature_run, way):
    """Of 310 frames the first 300 are sent."""
    answers = list(
        classify_features(
            feature_run.file,
            getattr(served, way),
            info=read_module_info(served.module),
        )
    )
    assert [a.video for a in answers] == list(feature_run.videos)
    assert [a.frames for a in answers] == [1, 59, 61, 150, 300, 300]
    for answer in answers:
        content = feature_run.videos[answer.video]
        right = probabilities_of(feature_run.network, content)
        np.testing.assert_allclose(answer.probabilities, right, atol=1e-5)
        assert answer.top(1)[0][0] == LABELS[right.argmax()]


def test_the_command_without_tensorflow(served, feature_run):
    """A line for each video."""
    flags = [f"--server={served.grpc}", f"--module={served.module}", "--top=2"]
    result = alone(TENSORFLOW, [str(feature_run.file), *flags])
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 6
    for line, name in zip(lines, feature_run.videos, strict=True):
        assert re.fullmatch(
            rf"{name}, \d+ frames: \w+ [\d.]+ %, \w+ [\d.]+ %", line
        )


@BOTH
def test_the_example(served, way, capsys):
    """The module's own answer to it, and not to another file's."""
    flags = [f"--server={getattr(served, way)}", f"--module={served.module}"]
    assert main(["--check", *flags]) == 0
    assert "equal: the largest difference of 3" in capsys.readouterr().out


def test_a_signature_of_something_else(served, feature_run):
    with pytest.raises(ServingError, match="this client sends features, DT_UI"):
        list(
            classify_features(
                feature_run.file, served.grpc, signature="serving_default"
            )
        )


def written(path, record):
    with tf.io.TFRecordWriter(str(path)) as file:
        file.write(record)
    return path


@pytest.mark.parametrize(
    "record, words",
    [
        (feature_record(rgb=[b"\0" * 9, b"\0"]), "not all of as many bytes"),
        (feature_record(rgb=(), audio=()), "it has no frames"),
        (feature_record(audio=[b"\0" * 128] * 2), "not as many frames"),
        (b"\xff\xff", "record 1, is not a video"),
    ],
)
def test_records_that_are_refused(tmp_path, record, words):
    path = written(tmp_path / "a.tfrecord", record)
    with pytest.raises(ClientError, match=words):
        list(stored_features(path))


def test_files_that_are_refused(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(50))
    (tmp_path / "b.tfrecord").write_bytes(b"")
    for name, words in {
        "a.mp4": "it ends in record 1. .*docs/youtube8m.md",
        "b.tfrecord": "it ends in record 1. ",
        "c.tfrecord": "cannot be read",
    }.items():
        with pytest.raises(ClientError, match=words):
            list(stored_features(tmp_path / name))
