"""gRPC: what the double does not do."""

from concurrent import futures

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    predict_pb2,
    prediction_service_pb2_grpc,
)

from d3d_tf.hub_export.client.errors import ServingError
from d3d_tf.hub_export.client.grpc_server import GrpcServer
from d3d_tf.hub_export.client.signature import FLOAT, STRING, UINT8, Tensor


class Fixed(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers with one tensor."""

    tensor = None

    def Predict(self, request, context):
        self.request = request
        return predict_pb2.PredictResponse(
            outputs={"probabilities": self.tensor}
        )


@pytest.fixture
def fixed():
    servicer = Fixed()
    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        servicer, server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    servicer.address = f"grpc://127.0.0.1:{port}"
    yield servicer
    server.stop(None).wait()


def ask(fixed, tensor, version=None, inputs=None):
    fixed.tensor = tensor
    server = GrpcServer(fixed.address, "m", version)
    try:
        given = inputs or {"clip": [b"a", b"b"]}
        return server.predict("s", given, 10)["probabilities"]
    finally:
        server.close()


def as_fields(values, dtype, field):
    """As TensorFlow Serving sends it, unless a flag says otherwise."""
    tensor = tf.make_tensor_proto(values, dtype)
    content = tensor.tensor_content
    tensor.tensor_content = b""
    getattr(tensor, field).extend(np.ravel(values))
    assert content
    return tensor


@pytest.mark.parametrize(
    "tensor",
    [
        tf.make_tensor_proto([[0.25, 0.75]], tf.float32),
        tf.make_tensor_proto([[0.25, 0.75]], tf.float64),
        as_fields([[0.25, 0.75]], tf.float32, "float_val"),
        as_fields([[0.25, 0.75]], tf.float64, "double_val"),
    ],
)
def test_both_ways_in_which_values_are_sent(fixed, tensor):
    np.testing.assert_array_equal(ask(fixed, tensor), [[0.25, 0.75]])


def shaped(values):
    """A tensor of shape [1, 4] with these values, as many as they are."""
    tensor = predict_pb2.PredictResponse().outputs["x"]
    tensor.dtype = 1
    for size in (1, 4):
        tensor.tensor_shape.dim.add(size=size)
    tensor.float_val.extend(values)
    return tensor


@pytest.mark.parametrize(
    "sent, meant",
    [
        ([0.25], [0.25, 0.25, 0.25, 0.25]),
        ([0.5, 0.25], [0.5, 0.25, 0.25, 0.25]),
        ([], [0, 0, 0, 0]),
    ],
)
def test_equal_values_sent_once(fixed, sent, meant):
    np.testing.assert_array_equal(ask(fixed, shaped(sent)), [meant])


def test_values_of_another_shape(fixed):
    with pytest.raises(ServingError, match=r"own shape, \[1, 4\]"):
        ask(fixed, shaped([0.2] * 5))
    tensor = shaped([])
    tensor.tensor_content = b"odd"
    with pytest.raises(ServingError, match=r"own shape, \[1, 4\]"):
        ask(fixed, tensor)


def test_what_is_sent(fixed):
    tensor = tf.make_tensor_proto([[1.0, 0.0]])
    ask(fixed, tensor)
    assert not fixed.request.model_spec.HasField("version")
    ask(fixed, tensor, version=0)
    assert fixed.request.model_spec.HasField("version")
    assert fixed.request.model_spec.name == "m"
    assert fixed.request.model_spec.signature_name == "s"
    assert list(fixed.request.output_filter) == ["probabilities"]
    np.testing.assert_array_equal(
        tf.make_ndarray(fixed.request.inputs["clip"]), [[b"a", b"b"]]
    )


@pytest.mark.parametrize(
    "value",
    [
        np.uint8([[0, 7], [255, 1]]),
        np.array(300, np.int32),
        np.float32([[0.5, -1]]),
    ],
)
def test_arrays_that_are_sent(fixed, value):
    """A batch of one, of their own type."""
    ask(fixed, tf.make_tensor_proto([[1.0, 0.0]]), inputs={"x": value})
    sent = tf.make_ndarray(fixed.request.inputs["x"])
    assert sent.dtype == value.dtype
    np.testing.assert_array_equal(sent, value[None])


def test_another_type(fixed):
    with pytest.raises(ServingError, match="have the type 3, not float"):
        ask(fixed, tf.make_tensor_proto([[1, 2]]))


def test_a_grpc_server_that_is_another(fixed):
    """Its GetModelMetadata is not implemented."""
    server = GrpcServer(fixed.address, "m", None)
    with pytest.raises(ServingError, match="not TensorFlow Serving") as error:
        server.signatures(10)
    assert error.value.code == "UNIMPLEMENTED"
    server.close()


def test_signatures(double):
    server = GrpcServer(double.grpc, "d3d", None)
    found = server.signatures(10)
    server.close()
    rank5 = (-1, -1, 16, 16, 3)
    assert found["frames_encoded"].inputs == {
        "frames": Tensor(STRING, (-1, -1))
    }
    assert found["frames_uint8"].inputs == {"frames": Tensor(UINT8, rank5)}
    outputs = found["serving_default"].outputs
    assert outputs["probabilities"] == Tensor(FLOAT, (-1, 3))
