"""A module of features before it is saved."""

import pytest
import tensorflow as tf

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.hub_export.features.draft import FeatureDraft
from d3d_tf.hub_export.features.inputs import FeatureSpec
from tests.hub_export.features.conftest import LABELS, UNIFORM, made
from tests.hub_export.features.test_check_parity import SPEC, part_of


def draft(network=None, spec=SPEC, labels=LABELS):
    network = network or made()
    return FeatureDraft(network, part_of(network), spec, labels)


def test_what_makes_it_another_one():
    """Weights, names, the frames that are seen and sent."""
    network = made()
    same = draft(network).digest(None)
    assert draft().digest(None) == same
    others = {
        draft(made(seed=1)).digest(None),
        draft(labels=LABELS[::-1]).digest(None),
        draft(spec=FeatureSpec(FrameSamplingRecipe())).digest(None),
        draft(spec=FeatureSpec(UNIFORM, longest=1)).digest(None),
    }
    assert len(others | {same}) == 5


@pytest.mark.parametrize(
    "sampling, frames",
    [
        (FrameSamplingRecipe(), 16),
        # Every 60-th: 0, 60, 120 and 180 are seen.
        (UNIFORM, 240),
        (FrameSamplingRecipe(way="last", k=9), 18),
        (FrameSamplingRecipe(way="uniform", k=2), 300),
    ],
)
def test_the_example_has_frames_that_are_seen(sampling, frames):
    example = draft(spec=FeatureSpec(sampling)).example()["features"]
    assert example.shape == (frames, 1152) and example.dtype == "uint8"


@pytest.mark.large
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
        answer = loaded.signatures[name](**inputs)
        assert answer["probabilities"].shape == (1, 3)
        warmed.append(name)
    assert sorted(warmed) == sorted(loaded.signatures)
