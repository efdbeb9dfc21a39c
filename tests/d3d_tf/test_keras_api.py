"""Keras is Keras 2 on every TensorFlow, or an error says what to install."""

import importlib.util
import sys
import types

import pytest
import tensorflow as tf

from d3d_tf import keras_api


@pytest.fixture
def reloaded(monkeypatch):
    """Imports the module again, beside itself, with pretended packages."""

    def load(version, tf_keras):
        tensorflow = types.SimpleNamespace(__version__=version, keras="tf")
        monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
        monkeypatch.setitem(sys.modules, "tf_keras", tf_keras)
        spec = importlib.util.spec_from_file_location(
            "keras_api_again", keras_api.__file__
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.keras

    return load


def test_it_is_keras_2():
    """Layers of Keras 2 are `tf.Module`s, those of Keras 3 are not."""
    assert issubclass(keras_api.keras.layers.Layer, tf.Module)


@pytest.mark.parametrize("version", ["2.9.3", "2.15.1", "2.15.0-rc1"])
def test_older_tensorflow_brings_it(reloaded, version):
    assert reloaded(version, None) == "tf"


@pytest.mark.parametrize("version", ["2.16.1", "2.20.0-rc0", "3.0.0"])
def test_newer_tensorflow_needs_tf_keras(reloaded, version):
    package = types.ModuleType("tf_keras")
    assert reloaded(version, package) is package


def test_without_tf_keras_the_error_says_what_to_install(reloaded):
    with pytest.raises(
        ImportError, match=r"`pip install 'tf_keras~=2\.18\.0'`"
    ):
        reloaded("2.18.1", None)
