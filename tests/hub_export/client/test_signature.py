"""Which signatures take encoded frames, and what is said of the others."""

import pytest

from d3d_tf.hub_export.client.errors import ServingError
from d3d_tf.hub_export.client.signature import (
    FLOAT,
    STRING,
    UINT8,
    Signature,
    Tensor,
    encoded_input,
)

OUT = {"probabilities": Tensor(FLOAT, (-1, 3))}


def one(dtype, shape, outputs=OUT):
    return {"s": Signature({"clip": Tensor(dtype, shape)}, outputs)}


@pytest.mark.parametrize(
    "shape, frames", [((-1, -1), None), ((-1, 16), 16), (None, None)]
)
def test_encoded_frames(shape, frames):
    assert encoded_input(one(STRING, shape), "s") == ("clip", frames)


@pytest.mark.parametrize(
    "signatures, words",
    [
        (one(UINT8, (-1,) * 5), r"takes clip \(DT_UINT8, rank 5\)"),
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
        encoded_input(signatures, "s")
    assert error.value.code == "FAILED_PRECONDITION"
