"""The tiny run and its module, and modules of other programs."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TeacherModuleRecipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.extract.extractors import open_extractor

UNSAID = TeacherModuleRecipe()


def test_a_run_and_its_module(toy):
    """Both give what the exported module, folded, serves as `features`."""
    (version,) = toy.run.export_path.glob("[0-9]*")
    clips = np.random.default_rng(0).uniform(size=[2, 4, 16, 16, 3])
    served = tf.saved_model.load(str(version)).signatures["serving_default"]
    expected = served(frames=tf.constant(clips, tf.float32))["features"]
    for given in (toy.run.folder, version):
        extractor = open_extractor(str(given), UNSAID)
        wanted = extractor.wanted
        assert (wanted.frames, wanted.size, wanted.frame_rate) == (4, 16, 25)
        assert extractor.data.frame_rate == 25
        shown = extractor.pixels.from_unit(np.float32(clips))
        np.testing.assert_allclose(
            extractor.forward(shown), expected, rtol=1e-4, atol=1e-5
        )


def test_a_module_of_pictures(picture_module):
    extractor = open_extractor(str(picture_module), UNSAID)
    assert (extractor.wanted.frames, extractor.wanted.size) == (1, 16)
    assert extractor.data.frame_rate == 1
    grey = extractor.pixels.from_bytes(np.full([1, 1, 16, 16, 3], 51, np.uint8))
    found = extractor.forward(grey)
    np.testing.assert_allclose(found, [[-1.2, 0.8, 0, 0.04]], atol=1e-6)


def test_modules_differ_by_what_they_are_shown(picture_module):
    other = TeacherModuleRecipe(range=(-1, 1))
    one, two = (
        open_extractor(str(picture_module), said).digest
        for said in (UNSAID, other)
    )
    assert one != two


def test_what_cannot_be_asked(tmp_path):
    def save(name, shape, outputs):
        @tf.function(
            input_signature=[tf.TensorSpec(shape, tf.float32, "image")]
        )
        def serve(image):
            mean = tf.reduce_mean(image, axis=[1, 2])
            return {key: mean for key in outputs}

        path = tmp_path / name
        tf.saved_model.save(tf.Module(), str(path), signatures=serve)
        return str(path)

    flow = save("flow", [None, 8, 8, 2], ["a"])
    with pytest.raises(UserError, match="with one input.*it has image float32"):
        open_extractor(flow, UNSAID)
    free = save("free", [None, None, None, 3], ["a"])
    with pytest.raises(UsageError, match="set teacher_module.size"):
        open_extractor(free, UNSAID)
    two = open_extractor(save("two", [None, 8, 8, 3], ["a", "b"]), UNSAID)
    with pytest.raises(UserError, match="must answer `features`.*it answers a"):
        two.forward(tf.zeros([1, 1, 8, 8, 3]))
    with pytest.raises(UsageError, match="is no run"):
        open_extractor(str(tmp_path), UNSAID)
