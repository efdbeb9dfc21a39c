"""The messages are TensorFlow Serving's on the wire, in both directions."""

import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    predict_pb2,
)

from d3d_tf.hub_export.client import messages
from tests.harness.yt8m import feature_record

SPEC = {"name": "d3d", "version": {"value": 3}, "signature_name": "encoded"}


def test_a_request_is_read_by_the_published_stubs():
    ours = messages.PredictRequest(
        model_spec=SPEC, output_filter=["probabilities"]
    )
    tensor = ours.inputs["frames"]
    tensor.dtype = 7
    tensor.tensor_shape.dim.add(size=1)
    tensor.tensor_shape.dim.add(size=2)
    tensor.string_val.extend([b"\xff\xd8first", b""])
    theirs = predict_pb2.PredictRequest.FromString(ours.SerializeToString())
    expected = predict_pb2.PredictRequest(
        inputs={
            "frames": tf.make_tensor_proto([[b"\xff\xd8first", b""]], tf.string)
        },
        output_filter=["probabilities"],
    )
    expected.model_spec.name = "d3d"
    expected.model_spec.version.value = 3
    expected.model_spec.signature_name = "encoded"
    assert theirs == expected


def test_a_response_of_the_published_stubs_is_read():
    theirs = predict_pb2.PredictResponse()
    theirs.outputs["probabilities"].CopyFrom(
        tf.make_tensor_proto([[0.25, 0.75]], tf.float32)
    )
    theirs.outputs["logits"].dtype = 1
    theirs.outputs["logits"].float_val.extend([1.5, -2.0])
    theirs.model_spec.name = "d3d"
    ours = messages.PredictResponse.FromString(theirs.SerializeToString())
    packed = ours.outputs["probabilities"]
    assert [d.size for d in packed.tensor_shape.dim] == [1, 2]
    # 0.25 and 0.75 as little-endian float32.
    assert packed.tensor_content == bytes.fromhex("0000803e0000403f")
    assert list(ours.outputs["logits"].float_val) == [1.5, -2.0]


def test_metadata_are_read():
    asked = messages.GetModelMetadataRequest(
        model_spec=SPEC, metadata_field=["signature_def"]
    )
    theirs = get_model_metadata_pb2.GetModelMetadataRequest.FromString(
        asked.SerializeToString()
    )
    assert json_format.MessageToDict(theirs) == {
        "modelSpec": {
            "name": "d3d",
            "version": "3",
            "signatureName": "encoded",
        },
        "metadataField": ["signature_def"],
    }
    signatures = get_model_metadata_pb2.SignatureDefMap()
    info = signatures.signature_def["encoded"].inputs["frames"]
    info.name, info.dtype = "frames:0", 7
    info.tensor_shape.dim.add(size=-1)
    signatures.signature_def["encoded"].outputs["logits"].dtype = 1
    signatures.signature_def["encoded"].method_name = "predict"
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.metadata["signature_def"].Pack(signatures)
    ours = messages.GetModelMetadataResponse.FromString(
        response.SerializeToString()
    )
    found = messages.SignatureDefMap.FromString(
        ours.metadata["signature_def"].value
    ).signature_def["encoded"]
    assert found.inputs["frames"].dtype == 7
    assert found.inputs["frames"].tensor_shape.dim[0].size == -1
    assert found.outputs["logits"].dtype == 1


def test_what_is_not_known_is_passed_over():
    """A newer server's fields: here the version label and a half_val."""
    theirs = predict_pb2.PredictRequest()
    theirs.model_spec.version_label = "stable"
    theirs.inputs["x"].half_val.append(1)
    ours = messages.PredictRequest.FromString(theirs.SerializeToString())
    assert ours.SerializeToString() == theirs.SerializeToString()


def test_a_record_of_tensorflow_is_read():
    record = feature_record(
        id_key="video_id", name="é", rgb=[b"\0" * 1024, b"\1" * 1024]
    )
    found = messages.SequenceExample.FromString(record)
    names = found.context.feature["video_id"].bytes_list.value
    assert list(names) == ["é".encode()]
    rgb = found.feature_lists.feature_list["rgb"].feature
    values = [frame.bytes_list.value[0] for frame in rgb]
    assert values == [b"\0" * 1024, b"\1" * 1024]
