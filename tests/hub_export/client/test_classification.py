"""A video to a server and back, over gRPC and REST."""

import dataclasses
import socket
import time

import numpy as np
import pytest

from d3d_tf.hub_export.client.classification import classify
from d3d_tf.hub_export.client.errors import (
    ClientError,
    ServingError,
    UsageError,
)
from d3d_tf.hub_export.client.module_info import ModuleInfo, read_module_info
from tests.harness import write_lossless

BOTH = pytest.mark.parametrize("way", ["grpc", "rest"])


def failure(*args, **kwargs):
    with pytest.raises(ServingError) as error:
        classify(*args, **{"retries": 0, "deadline": 20} | kwargs)
    return error.value.code, str(error.value)


@BOTH
def test_the_answer_is_the_networks(double, video, expected, way):
    answer = classify(
        video, getattr(double, way), info=read_module_info(double.module)
    )
    np.testing.assert_allclose(answer.probabilities, expected, atol=1e-6)
    assert answer.labels == ("dark", "middle", "größer")
    assert [label for label, _ in answer.top(2)] == ["dark", "middle"]
    assert answer.top()[0][1] == pytest.approx(expected[0], abs=1e-6)
    assert answer.frames == 4 and not answer.assumed
    assert answer.num_bytes > 400 and answer.seconds > 0


@BOTH
def test_without_a_modules_description(double, video, way):
    """The paper's 64 frames at 25 per second, looped: all that it has.

    20 frames of 0.1 s are 50 of 0.04 s; 64 are these and the first 14 again.
    Frame k shows level 10 + 12 * floor(k / 2.5).
    """
    answer = classify(video, getattr(double, way), info=ModuleInfo())
    shown = [10 + 12 * (k * 2 // 5) for k in [*range(50), *range(14)]]
    logit = 4 * (np.mean(shown) / 127.5 - 1)
    odds = np.exp([-logit, 0, logit])
    np.testing.assert_allclose(
        answer.probabilities, odds / odds.sum(), atol=1e-5
    )
    assert answer.assumed == ("frames", "frame_rate")
    assert answer.labels == ("class 0", "class 1", "class 2")


@BOTH
def test_it_comes_back_after_errors_that_pass(double, video, way):
    before = double.set(unavailable=2)
    info = ModuleInfo(frames=1, frame_rate=1.0, short_side=18)
    answer = classify(video, getattr(double, way), info=info, retries=2)
    assert len(answer.probabilities) == 3
    # Metadata three times, then the prediction.
    assert double.set() - before == 4


@BOTH
def test_retries_end(double, video, way):
    double.set(unavailable=9)
    code, text = failure(video, getattr(double, way), retries=1)
    assert code == "UNAVAILABLE" and "Tried 2 times" in text
    assert "scheduling queue" in text


@BOTH
def test_the_deadline(double, video, way):
    double.set(delay=1.0)
    start = time.monotonic()
    code, text = failure(video, getattr(double, way), deadline=0.3, retries=20)
    assert code == "DEADLINE_EXCEEDED" and "--deadline" in text
    assert time.monotonic() - start < 10  # 21 tries take 21 s.


def test_the_deadline_is_over_while_decoding(double, tmp_path):
    """2 s at 10 frames per second, each enlarged to 1200 x 1200."""
    write_lossless(tmp_path / "v.mkv", np.zeros([20, 18, 18, 3], np.uint8))
    info = ModuleInfo(frames=4, frame_rate=10.0, short_side=1200)
    code, text = failure(
        tmp_path / "v.mkv", double.rest, info=info, deadline=0.1
    )
    assert code == "DEADLINE_EXCEEDED" and "before the server" in text


@BOTH
def test_no_server(video, way):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    scheme = {"grpc": "grpc", "rest": "http"}[way]
    code, text = failure(video, f"{scheme}://127.0.0.1:{port}")
    assert code == "UNAVAILABLE"
    assert f"{scheme}://127.0.0.1:{port}" in text and "Is it running" in text


@BOTH
def test_no_such_model_or_version(double, video, way):
    code, text = failure(video, getattr(double, way), model="other")
    assert code == "NOT_FOUND" and "Latest(other)" in text
    code, text = failure(video, getattr(double, way), version=7)
    assert code == "NOT_FOUND" and "Specific(d3d, 7)" in text


@BOTH
def test_a_wrong_signature(double, video, way):
    code, text = failure(video, getattr(double, way), signature="other")
    assert code == "FAILED_PRECONDITION"
    assert "frames_encoded, frames_uint8, serving_default" in text
    _, text = failure(video, getattr(double, way), signature="frames_uint8")
    assert "takes frames (DT_UINT8, rank 5)" in text
    _, text = failure(video, getattr(double, way), model="unchecked")
    assert "no signature 'frames_encoded'; it has serving_default" in text


def test_the_other_port(double, video):
    """REST spoken to the gRPC port and the reverse."""
    grpc_port, rest_port = double.grpc.split("//")[1], double.rest[7:]
    for server in (f"http://{grpc_port}", f"grpc://{rest_port}"):
        code, text = failure(video, server, deadline=5)
        assert code == "UNAVAILABLE", (server, code)
        assert "gRPC is on port 8500, REST on 8501" in text


def test_a_message_that_is_too_large(double, tmp_path):
    """Noise of 256 x 256 px is some 100 KB as JPEG; 64 of them are 6 MB."""
    noise = np.random.default_rng(0).integers(0, 256, [2, 256, 256, 3])
    write_lossless(tmp_path / "noise.mkv", noise)
    info = ModuleInfo(frames=64, frame_rate=10.0, jpeg_quality=100)
    code, text = failure(tmp_path / "noise.mkv", double.grpc_4mb, info=info)
    assert code == "RESOURCE_EXHAUSTED" and "--jpeg_quality" in text
    answer = classify(tmp_path / "noise.mkv", double.grpc, info=info)
    assert answer.num_bytes > 4 * 2**20


def test_labels_of_another_module(double, video):
    info = dataclasses.replace(
        read_module_info(double.module), labels=("one", "two")
    )
    with pytest.raises(ClientError, match="3 classes .* 2 labels"):
        classify(video, double.grpc, info=info)


@BOTH
def test_no_end_and_a_slash(double, video, expected, way):
    server = f"{getattr(double, way)}/"
    info = read_module_info(double.module)
    answer = classify(video, server, info=info, deadline=float("inf"))
    np.testing.assert_allclose(answer.probabilities, expected, atol=1e-6)


@BOTH
@pytest.mark.parametrize("version", [-1, 2**63])
def test_a_version_that_is_none(double, video, way, version):
    with pytest.raises(UsageError, match=f"number of a .*got {version}"):
        classify(video, getattr(double, way), version=version)


@pytest.mark.parametrize(
    "server",
    [
        *("127.0.0.1:8500", "ftp://x", "grpc://", "http:///x"),
        # gRPC would take this port for 34463.
        *("grpc://127.0.0.1:99999", "http://127.0.0.1:x", "http://[::1"),
    ],
)
def test_an_address_without_its_scheme(video, server):
    with pytest.raises(ClientError, match="--server is grpc://HOST:PORT"):
        classify(video, server)


@BOTH
def test_no_video(double, way, tmp_path):
    with pytest.raises(ClientError, match="cannot be decoded"):
        classify(tmp_path / "none.mp4", getattr(double, way))
