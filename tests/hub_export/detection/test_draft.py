"""A detector's module before it is saved."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.hub_export.detection.draft import DetectionDraft
from d3d_tf.hub_export.detection.inputs import KeyframeSpec
from tests.hub_export.detection.conftest import LABELS, made

CLIP = KeyframeSpec(4, 36, 2)


def draft(network=None, clip=CLIP, labels=LABELS):
    return DetectionDraft(network or made(), clip, labels)


def test_what_makes_it_another_one():
    """Weights that it asks, names, clips, the rate; not the unused head."""
    network = made()
    same = draft(network).digest(25.0)
    network.backbone.head.variables[0].assign_add(
        tf.ones_like(network.backbone.head.variables[0])
    )
    assert draft(network).digest(25.0) == same
    network.offsets.bias.assign([0, 0, 0, 1])
    others = {
        draft(network).digest(25.0),
        draft().digest(30.0),
        draft(labels=LABELS[::-1]).digest(25.0),
        draft(clip=KeyframeSpec(4, 40, 2)).digest(25.0),
    }
    assert len(others | {same}) == 5


def test_the_example_is_asked_about_persons():
    example = draft().example()
    assert example["pictures"].shape == (4, 36, 48, 3)
    boxes = np.array(example["boxes"])
    sizes = boxes[:, 2:] - boxes[:, :2]
    assert ((sizes > 0).all(1) == [True, True, False]).all()


@pytest.mark.card
def test_warm_up_requests_are_answered(exported, loaded):
    """As TensorFlow's C++ reads them."""
    from tensorflow_serving.apis import prediction_log_pb2

    path = exported[1] / "assets.extra" / "tf_serving_warmup_requests"
    warmed = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        name = request.model_spec.signature_name
        inputs = {
            key: tf.io.parse_tensor(
                tensor.SerializeToString(), tf.as_dtype(tensor.dtype)
            )
            for key, tensor in request.inputs.items()
        }
        assert loaded.signatures[name](**inputs)["boxes"].shape == (1, 8, 4)
        warmed.append(name)
    assert sorted(warmed) == sorted(loaded.signatures)
