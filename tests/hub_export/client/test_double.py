"""The double answers clients that are not ours as TensorFlow Serving does."""

import json
import re
import urllib.error
import urllib.request

import grpc
import numpy as np
import ovmsclient
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

# Every pixel 0.75, inside 0.5: logits -2, 0, 2.
BRIGHT = np.full([2, 4, 16, 16, 3], 0.75, np.float32)
LOGITS = [[-2, 0, 2]] * 2


def host(address):
    return address.split("://")[1]


def rest(double, path, content=None):
    """(HTTP status, answer)"""
    data = None if content is None else json.dumps(content).encode()
    try:
        with urllib.request.urlopen(
            double.rest + path, data, timeout=20
        ) as got:
            return got.status, json.load(got)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def predict(double, inputs, model="d3d", signature="serving_default"):
    """Through the published stubs."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    with grpc.insecure_channel(host(double.grpc)) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        return stub.Predict(request, timeout=20)


def test_ovmsclient_over_grpc(double):
    client = ovmsclient.make_grpc_client(host(double.grpc))
    assert client.get_model_status("d3d", 1) == {
        1: {"state": "AVAILABLE", "error_code": 0, "error_message": ""}
    }
    metadata = client.get_model_metadata("d3d", 1)
    assert metadata["model_version"] == 1
    assert metadata["inputs"]["frames"] == {
        "shape": [-1, -1, 16, 16, 3],
        "dtype": "DT_FLOAT",
    }
    outputs = client.predict({"frames": BRIGHT}, "d3d", 1)
    np.testing.assert_allclose(outputs["logits"], LOGITS, atol=1e-6)
    with pytest.raises(ovmsclient.ModelNotFoundError):
        client.predict({"frames": BRIGHT}, "other", 1)
    with pytest.raises(ovmsclient.InvalidInputError):
        client.predict({"frames": BRIGHT[0]}, "d3d", 1)


def test_ovmsclient_over_rest(double):
    client = ovmsclient.make_http_client(host(double.rest))
    status = client.get_model_status("d3d", 1)
    assert status == {
        1: {"state": "AVAILABLE", "error_code": 0, "error_message": ""}
    }
    # It looks for other spellings there, and then hands on what it got.
    metadata = client.get_model_metadata("d3d", 1)
    assert metadata["model_spec"]["version"] == "1"
    outputs = client.predict({"frames": BRIGHT}, "d3d", 1)
    np.testing.assert_allclose(outputs["logits"], LOGITS, atol=1e-6)
    with pytest.raises(ovmsclient.ModelNotFoundError):
        client.predict({"frames": BRIGHT}, "other", 1)
    with pytest.raises(ovmsclient.InvalidInputError):
        client.predict({"frames": BRIGHT[0]}, "d3d", 1)


def test_rest_forms(double):
    """Rows, columns, and a single output without its name."""
    path = "/v1/models/unchecked:predict"
    rows = [[1.0, 2.0], [3.0, 4.0]]
    assert rest(double, path, {"instances": rows}) == (
        200,
        {"predictions": [3.0, 7.0]},
    )
    named = {"instances": [{"rows": row} for row in rows]}
    assert rest(double, path, named)[1] == {"predictions": [3.0, 7.0]}
    for inputs in (rows, {"rows": rows}):
        assert rest(double, path, {"inputs": inputs}) == (
            200,
            {"outputs": [3.0, 7.0]},
        )
    code, answer = rest(double, path, {"instances": rows, "inputs": rows})
    assert code == 400 and "either" in answer["error"]


def test_rest_metadata(double):
    code, found = rest(double, "/v1/models/d3d/versions/1/metadata")
    assert code == 200
    assert found["model_spec"]["name"] == "d3d"
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert signatures["frames_encoded"]["inputs"]["frames"]["tensor_shape"] == {
        "dim": [{"name": "", "size": "-1"}] * 2,
        "unknown_rank": False,
    }


@pytest.mark.parametrize(
    "path, code, words",
    [
        ("/v1/models/no", 404, r"Servable not found for request: Latest\(no\)"),
        ("/v1/models/d3d/versions/7/metadata", 404, r"Specific\(d3d, 7\)"),
        ("/elsewhere", 400, "Malformed request: GET /elsewhere"),
    ],
)
def test_rest_errors(double, path, code, words):
    found, answer = rest(double, path)
    assert found == code
    assert re.search(words, answer["error"])


def test_shapes_are_not_compared_with_the_signature(double):
    """The signature says rows of two; C++ lets three through, Python does not.

    What guards a module is in its graph: rank 4 is refused there.
    """
    response = predict(double, {"rows": np.float32([[1, 2, 3]])}, "unchecked")
    assert list(response.outputs["sums"].float_val) == [6]
    assert not response.outputs["sums"].tensor_content
    rows = {"inputs": [[1.0, 2.0, 3.0]]}
    assert rest(double, "/v1/models/unchecked:predict", rows)[1] == {
        "outputs": [6.0]
    }
    with pytest.raises(grpc.RpcError) as error:
        predict(double, {"frames": BRIGHT[0]})
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "inputs, model, signature, code",
    [
        ({"frames": BRIGHT}, "no", "serving_default", "NOT_FOUND"),
        ({"frames": BRIGHT}, "d3d", "no", "FAILED_PRECONDITION"),
        ({"clip": BRIGHT}, "d3d", "serving_default", "INVALID_ARGUMENT"),
        ({}, "d3d", "serving_default", "INVALID_ARGUMENT"),
        ({"frames": BRIGHT}, "d3d", "frames_uint8", "INVALID_ARGUMENT"),
    ],
)
def test_grpc_codes(double, inputs, model, signature, code):
    with pytest.raises(grpc.RpcError) as error:
        predict(double, inputs, model, signature)
    assert error.value.code().name == code


def test_faults(double):
    """The tests' own way to make it fail: once, then no more."""
    double.set(unavailable=1)
    with grpc.insecure_channel(host(double.grpc)) as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        asked = get_model_status_pb2.GetModelStatusRequest()
        asked.model_spec.name = "d3d"
        with pytest.raises(grpc.RpcError) as error:
            stub.GetModelStatus(asked, timeout=20)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
        status = stub.GetModelStatus(asked, timeout=20)
    assert [v.version for v in status.model_version_status] == [1]
