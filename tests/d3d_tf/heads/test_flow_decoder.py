"""The decoder against PWC-Net's own, run in PyTorch: shared/goldens/dnr."""

import importlib.util
import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.heads.flow_decoder import FlowDecoder
from d3d_tf.keras_api import keras


@pytest.fixture(scope="module")
def golden(goldens):
    folder = goldens / "dnr"
    spec = importlib.util.spec_from_file_location("synth", folder / "synth.py")
    synth = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(synth)
    cases = json.loads((folder / "flow.json").read_text())["cases"]
    return synth, cases, np.load(folder / "flow.npz")


def filled(synth, case, *, context):
    values = synth.make_values(case["variables"], case["weights_seed"])
    assert synth.fingerprint(values) == case["weights_sha256"]
    decoder = FlowDecoder(context=context)
    decoder(tf.zeros([1, 1, 4, 4, case["shape"][-1]]))
    for layer in [*decoder.dense, decoder.predict, *decoder.context]:
        layer.kernel.assign(values[f"decoder.{layer.name}.weight"])
        layer.bias.assign(values[f"decoder.{layer.name}.bias"])
    return decoder


@pytest.mark.parametrize("context", [True, False])
@pytest.mark.parametrize(
    "name, seed", [("flow/2x28x28x192", 201), ("flow/1x14x14x480", 202)]
)
def test_outputs(golden, name, seed, context):
    synth, cases, arrays = golden
    case = cases[name]
    decoder = filled(synth, case, context=context)
    count = "parameters" if context else "parameters_without_context"
    assert decoder.count_params() == case[count]
    frames = np.maximum(synth.tensor(seed, case["shape"]), 0)
    way = "with_context" if context else "without_context"
    expected = arrays[f"{name.replace('/', '__')}__{way}"]
    # A frame at a time: as a clip of that many frames, or as many clips.
    for clip in (frames[None], frames[:, None]):
        found = decoder(tf.constant(clip, tf.float32)).numpy()
        error = np.linalg.norm(found.reshape(expected.shape) - expected)
        assert error <= 5e-6 * np.linalg.norm(expected)


def test_the_papers_count():
    """D3D's features at 3A: supplement, and methods.md 1.3."""
    decoder = FlowDecoder()
    decoder(tf.zeros([1, 1, 4, 4, 192]))
    assert decoder.count_params() == 2_701_030


def test_half_precision_features():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        decoder = FlowDecoder()
        outputs = decoder(tf.ones([1, 2, 3, 5, 8], tf.bfloat16))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert outputs.dtype == tf.float32 and outputs.shape == (1, 2, 3, 5, 3)
    layers = [*decoder.dense, decoder.predict, *decoder.context]
    assert {layer.compute_dtype for layer in layers} == {"float32"}


@pytest.mark.parametrize("context", [True, False])
def test_made_again_from_its_config(context):
    decoder = FlowDecoder(context=context, name="probe")
    again = FlowDecoder.from_config(decoder.get_config())
    assert again.name == "probe"
    assert len(again.context) == (7 if context else 0)
