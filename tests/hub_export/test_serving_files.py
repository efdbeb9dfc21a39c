"""The files beside a module say what TensorFlow Serving understands."""

import os
import re
import subprocess

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from d3d_tf.hub_export.client.classification import MODEL
from d3d_tf.hub_export.serving_files import write_serving_files


@pytest.fixture
def folder(tmp_path):
    return write_serving_files(tmp_path / "export", tensorflow="2.15.1")


def test_models_config_is_the_servers_message(folder):
    config = text_format.Parse(
        (folder / "models.config").read_text(),
        model_server_config_pb2.ModelServerConfig(),
    )
    (model,) = config.model_config_list.config
    # The client's default, and where compose.yaml mounts the export.
    assert model.name == MODEL
    assert model.base_path == "/models/d3d"
    assert model.model_platform == "tensorflow"


def test_batching_parameters(folder):
    """Every line is a field of BatchingParameters; the pip package lacks it.

    session_bundle_config.proto: the sizes grow and end in the largest batch.
    """
    text = (folder / "batching_parameters.txt").read_text()
    lines = [x for x in text.splitlines() if not x.startswith("#")]
    wrapped = re.compile(r"(\w+) \{ value: (\d+) \}")
    fields = dict(m.groups() for x in lines if (m := wrapped.fullmatch(x)))
    sizes = [
        int(m[1])
        for x in lines
        if (m := re.fullmatch(r"allowed_batch_sizes: (\d+)", x))
    ]
    assert len(fields) + len(sizes) == len(lines)
    assert fields.keys() == {
        "max_batch_size",
        "batch_timeout_micros",
        "num_batch_threads",
        "max_enqueued_batches",
    }
    assert sizes == sorted(set(sizes)) and sizes[0] == 1
    assert sizes[-1] == int(fields["max_batch_size"])


def test_command_and_compose_file_are_the_same(tmp_path):
    """The command is run, with a `docker` that prints what it is given."""
    folder = write_serving_files(tmp_path / "an export", tensorflow="2.15.1")
    service = yaml.safe_load((folder / "compose.yaml").read_text())
    service = service["services"]["serving"]
    (tmp_path / "docker").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    (tmp_path / "docker").chmod(0o755)
    words = subprocess.run(
        ["sh", "serving/docker_run.sh"],
        # With CDPATH `cd` prints where it goes, a second line.
        env=os.environ
        | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CDPATH": ".:/"},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    first, second = service["ports"]
    assert service["volumes"] == ["..:/models/d3d:ro"]
    mount = f"{tmp_path}/an export:/models/d3d:ro"
    assert service["environment"] == {"TF_ENABLE_ONEDNN_OPTS": "1"}
    onednn = ["-e", "TF_ENABLE_ONEDNN_OPTS=1"]
    options = ["--rm", "-p", first, "-p", second, *onednn, "-v", mount]
    assert words == ["run", *options, service["image"], *service["command"]]
    # What the flags name is there, under the mount.
    for flag in service["command"]:
        value = flag.split("=")[1]
        if value.startswith("/models/d3d/"):
            assert (folder.parent / value.removeprefix("/models/d3d/")).exists()


@pytest.mark.parametrize(
    "version, tag",
    [("2.15.1", "2.19.1"), ("2.19.0", "2.19.0"), ("2.21.0", "2.21.0")],
)
def test_the_server_is_no_older_than_the_module(tmp_path, version, tag):
    folder = write_serving_files(tmp_path, tensorflow=version)
    compose = yaml.safe_load((folder / "compose.yaml").read_text())
    image = compose["services"]["serving"]["image"]
    assert image == f"tensorflow/serving:{tag}"


def test_what_people_changed_stays(folder):
    (folder / "models.config").write_text("mine")
    (folder / "compose.yaml").unlink()
    write_serving_files(folder.parent, tensorflow="2.21.0")
    assert (folder / "models.config").read_text() == "mine"
    assert "2.21.0" in (folder / "compose.yaml").read_text()
    assert "2.19.1" in (folder / "docker_run.sh").read_text()
