"""The requests that TF Serving replays."""

import json
import sys

import pytest
import tensorflow as tf

from d3d_tf.hub_export.warm_up import NAME, write_warm_up


@pytest.mark.card
def test_every_signature_is_warmed_up(exported):
    """As TensorFlow's C++ reads the tensors: one value stands for all."""
    from tensorflow_serving.apis import prediction_log_pb2

    _, path = exported
    signatures = tf.saved_model.load(str(path)).signatures
    warmed = []
    for record in tf.data.TFRecordDataset(str(path / NAME)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        name = request.model_spec.signature_name
        dtype = signatures[name].structured_input_signature[1]["frames"].dtype
        frames = tf.io.parse_tensor(
            request.inputs["frames"].SerializeToString(), dtype
        )
        assert frames.shape[:2] == (1, 3)
        assert signatures[name](frames=frames)["logits"].shape == (1, 3)
        warmed.append(name)
    assert sorted(warmed) == sorted(signatures)
    assert (path / NAME).stat().st_size < 10_000
    told = json.loads((path / "module.json").read_text())["warm_up"]
    assert told.startswith("one request of one clip")


def test_without_the_package_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    assert "tensorflow-serving-api was not" in write_warm_up(tmp_path, {})
    assert not list(tmp_path.iterdir())
