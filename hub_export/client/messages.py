"""TensorFlow Serving's messages, and records of features, as far as needed.

The published Python stubs (tensorflow-serving-api) import TensorFlow. These are
declared here, by field numbers, and the same on the wire (tested against the
stubs). They live in a pool of their own, so that TensorFlow's may be loaded
beside them. Sources: tensorflow/core/framework/{tensor,tensor_shape}.proto,
tensorflow/core/example/{example,feature}.proto,
tensorflow/core/protobuf/meta_graph.proto, and predict.proto, model.proto and
get_model_metadata.proto of tensorflow_serving/apis.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "float": _Field.TYPE_FLOAT,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
}
# Message: field: (number, type). `[]` is repeated, `{}` a map from strings.
# Enumerations are numbers here, and what is not read is left out.
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Dim": {"size": (1, "int64")},
    "TensorShape": {"dim": (2, "[]Dim"), "unknown_rank": (3, "bool")},
    "Tensor": {
        "dtype": (1, "int32"),
        "tensor_shape": (2, "TensorShape"),
        "tensor_content": (4, "bytes"),
        "float_val": (5, "[]float"),
        "double_val": (6, "[]double"),
        "string_val": (8, "[]bytes"),
    },
    "TensorInfo": {"dtype": (2, "int32"), "tensor_shape": (3, "TensorShape")},
    "SignatureDef": {
        "inputs": (1, "{}TensorInfo"),
        "outputs": (2, "{}TensorInfo"),
    },
    "SignatureDefMap": {"signature_def": (1, "{}SignatureDef")},
    "Version": {"value": (1, "int64")},
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "Version"),
        "signature_name": (3, "string"),
    },
    "PredictRequest": {
        "model_spec": (1, "ModelSpec"),
        "inputs": (2, "{}Tensor"),
        "output_filter": (3, "[]string"),
    },
    "PredictResponse": {"outputs": (1, "{}Tensor")},
    "Any": {"type_url": (1, "string"), "value": (2, "bytes")},
    "GetModelMetadataRequest": {
        "model_spec": (1, "ModelSpec"),
        "metadata_field": (2, "[]string"),
    },
    "GetModelMetadataResponse": {"metadata": (2, "{}Any")},
    "BytesList": {"value": (1, "[]bytes")},
    "Feature": {"bytes_list": (1, "BytesList")},
    "Features": {"feature": (1, "{}Feature")},
    "FeatureList": {"feature": (1, "[]Feature")},
    "FeatureLists": {"feature_list": (1, "{}FeatureList")},
    "SequenceExample": {
        "context": (1, "Features"),
        "feature_lists": (2, "FeatureLists"),
    },
}


def _add_field(message, name: str, number: int, kind: str) -> None:
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_OPTIONAL
    if kind.startswith(("[]", "{}")):
        field.label = _Field.LABEL_REPEATED
    if kind.startswith("{}"):
        entry = message.nested_type.add(name=f"{name.title()}Entry")
        entry.name = entry.name.replace("_", "")
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, kind[2:])
        kind = f"{message.name}.{entry.name}"
    kind = kind.removeprefix("[]")
    if kind in _TYPES:
        field.type = _TYPES[kind]
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".d3d_tf.serving.{kind}"


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="d3d_tf/serving.proto", package="d3d_tf.serving", syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add_field(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{file.package}.{name}")
        )
        for name in _MESSAGES
    }


_CLASSES = _build()
PredictRequest = _CLASSES["PredictRequest"]
PredictResponse = _CLASSES["PredictResponse"]
GetModelMetadataRequest = _CLASSES["GetModelMetadataRequest"]
GetModelMetadataResponse = _CLASSES["GetModelMetadataResponse"]
SignatureDefMap = _CLASSES["SignatureDefMap"]
SequenceExample = _CLASSES["SequenceExample"]
