"""Modules that other programs made, asked about records that are known.

Video k is grey of level 40 k + 20 in all frames; flow is k pixels to the right.
"""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TeacherModuleRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.teacher_logits import read_logits
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.module_teacher import logits_of_module
from tests.harness.records import Video, flow_codes, write_records

CLASSES = ["class0", "class1"]
SAID = {"frames": 3, "size": 16, "frame_rate": 25.0}


@pytest.fixture
def dataset(tmp_path):
    videos = [
        Video(
            id=f"video{k}",
            label=k % 2,
            frames=np.full([6, 16, 24, 3], 40 * k + 20, np.uint8),
            codes=flow_codes(np.broadcast_to([k, 0.0], [6, 16, 24, 2])),
            split="train",
        )
        for k in range(4)
    ]
    return open_dataset(write_records(tmp_path / "records", videos))


@pytest.fixture
def module(tmp_path):
    """`module(channels, outputs)`: a SavedModel; it answers (mean, -mean) of
    the first channel and the clip's shape."""

    def make(channels=3, outputs=("logits",), shape=(None,) * 4):
        @tf.function(
            input_signature=[
                tf.TensorSpec([*shape, channels], tf.float32, name="clip")
            ]
        )
        def serve(clip):
            mean = tf.reduce_mean(clip[..., 0], axis=[1, 2, 3])
            return {name: tf.stack([mean, -mean], -1) for name in outputs}

        path = tmp_path / f"module{channels}{len(outputs)}{shape[1]}"
        tf.saved_model.save(tf.Module(), str(path), signatures=serve)
        return path

    return make


def ask(path, dataset, **changes):
    said = TeacherModuleRecipe(**SAID | changes)
    file = logits_of_module(path, said, dataset)
    found = read_logits(file, CLASSES)
    return dict(zip(found.ids.tolist(), found.views[0], strict=True))


@pytest.mark.parametrize("low, high", [(0, 1), (-1, 1), (0, 255)])
def test_rgb_in_the_range_that_it_wants(module, dataset, low, high):
    found = ask(module(), dataset, range=(low, high))
    for k in range(4):
        grey = low + (high - low) * (40 * k + 20) / 255
        np.testing.assert_allclose(
            found[f"video{k}"], [grey, -grey], atol=0.006 * (high - low)
        )


@pytest.mark.parametrize("size", [16, 32])
def test_flow_in_pixels_of_its_own_size(module, dataset, size):
    """In units of 20; twice the size is twice the motion."""
    found = ask(module(channels=2), dataset, size=size)
    for k in range(4):
        np.testing.assert_allclose(
            found[f"video{k}"][0], k / 20 * size / 16, atol=0.01
        )


def test_it_is_asked_once(module, dataset, monkeypatch):
    path = module()
    ask(path, dataset)
    monkeypatch.setattr(tf.saved_model, "load", None)
    ask(path, dataset)
    with pytest.raises(UserError, match="cannot be loaded"):
        ask(path, dataset, range=(0, 2))


def test_every_second_frame(module, dataset):
    path = module(shape=(None, 3, 16, 16))
    assert len(ask(path, dataset, frame_rate=12.5)) == 4
    with pytest.raises(UsageError, match="wants 10 frames per second"):
        ask(path, dataset, frame_rate=10)


def test_classes_by_name(module, dataset, tmp_path):
    """Of logits (m, -m) of class1 and class0, class0's comes first."""
    (tmp_path / "names.txt").write_text("class1\nclass0\n")
    found = ask(module(), dataset, labels=str(tmp_path / "names.txt"))
    assert found["video1"][0] == pytest.approx(-60 / 255, abs=0.01)


def test_what_is_not_known_is_asked_for(module, dataset):
    with pytest.raises(UsageError, match="set teacher_module.size, teacher_mo"):
        logits_of_module(module(), TeacherModuleRecipe(frames=3), dataset)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"channels": 4}, "clip float32 .*4"),
        ({"outputs": ("scores",)}, "answers scores .*Set teacher_module.out"),
        (
            {"shape": (None, 5, 16, 16)},
            r"takes clips of \(None, 5, 16, 16, 3\), and not of \(4, 3, 16",
        ),
    ],
)
def test_what_does_not_fit_is_named(module, dataset, options, words):
    path = module(**options)
    with pytest.raises(UserError, match=words) as caught:
        ask(path, dataset)
    assert str(path) in str(caught.value)
