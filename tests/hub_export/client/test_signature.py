"""Which signatures take encoded frames, and what is said of the others."""

import pytest

from d3d_tf.hub_export.client.errors import ServingError
from d3d_tf.hub_export.client.signature import (
    FLOAT,
    INT32,
    STRING,
    UINT8,
    Signature,
    Tensor,
    encoded_input,
    feature_input,
)

OUT = {"probabilities": Tensor(FLOAT, (-1, 3))}


def one(dtype, shape, outputs=OUT):
    return {"s": Signature({"clip": Tensor(dtype, shape)}, outputs)}


@pytest.mark.parametrize(
    "shape, frames", [((-1, -1), None), ((-1, 16), 16), (None, None)]
)
def test_encoded_frames(shape, frames):
    found = encoded_input(one(STRING, shape), "s", address="grpc://x")
    assert found == ("clip", frames, 3, False)


@pytest.mark.parametrize(
    "shape, classes", [((-1, -1), None), (None, None), ((), None), ((1, 7), 7)]
)
def test_the_number_of_classes(shape, classes):
    outputs = {"probabilities": Tensor(FLOAT, shape)}
    found = encoded_input(one(STRING, None, outputs), "s", address="grpc://x")
    assert found.classes == classes


@pytest.mark.parametrize(
    "signatures, words",
    [
        (one(UINT8, (-1,) * 5), r"takes clip \(DT_UINT8, rank 5\)"),
        (one(STRING, (-1, 0)), "of frames numbering 0"),
        (one(STRING, (-1, 10_001)), "at most 10000 frames"),
        (one(STRING, (8, -1)), "takes batches of 8 clips"),
        (one(STRING, (-1,)), r"takes clip \(DT_STRING, rank 1\)"),
        ({"s": Signature({}, OUT)}, "takes nothing"),
        (
            {
                "s": Signature(
                    {k: Tensor(STRING, (-1, -1)) for k in ("a", "b")}, OUT
                )
            },
            "takes a .*, b ",
        ),
        (
            one(STRING, (-1, -1), {"features": Tensor(FLOAT, (-1, 8))}),
            "returns features and no probabilities",
        ),
        (
            {"t": one(STRING, (-1, -1))["s"], "__saved_model_init_op": None},
            "no signature 's'; it has t",
        ),
    ],
)
def test_others_are_refused(signatures, words):
    with pytest.raises(ServingError, match=words) as error:
        encoded_input(signatures, "s", address="grpc://x")
    assert error.value.code == "FAILED_PRECONDITION"
    assert "grpc://x" in str(error.value)


VIDEO = {
    "features": Tensor(UINT8, (-1, -1, 1152)),
    "num_frames": Tensor(INT32, (-1,)),
}


def test_features():
    known = {"s": Signature(VIDEO, OUT)}
    found = feature_input(known, "s", address="grpc://x")
    assert found == ("features", None, 3, False)


@pytest.mark.parametrize(
    "inputs, outputs, words",
    [
        (VIDEO | {"features": Tensor(FLOAT, (-1, -1, 1152))}, OUT, "DT_FLOAT"),
        (VIDEO | {"features": Tensor(UINT8, None)}, OUT, "rank free"),
        ({"features": VIDEO["features"]}, OUT, "sends features, DT_UINT8 of"),
        (VIDEO, {"logits": OUT["probabilities"]}, "logits and no probabilit"),
    ],
)
def test_other_features_are_refused(inputs, outputs, words):
    known = {"s": Signature(inputs, outputs)}
    with pytest.raises(ServingError, match=words):
        feature_input(known, "s", address="grpc://x")
    with pytest.raises(ServingError, match="no signature 't'; it has s"):
        feature_input(known, "t", address="grpc://x")
