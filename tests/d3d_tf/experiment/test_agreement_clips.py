"""The same videos by every way into a module."""

import json

import numpy as np
import tensorflow as tf

from d3d_tf.data.pipeline import make_dataset
from d3d_tf.experiment import agreement_clips as code
from d3d_tf.experiment.agreement_clips import CLIENT, ORIGINAL, STORED, samples


def read(pictures):
    return np.stack([tf.io.decode_jpeg(p, 3).numpy() for p in pictures])


def test_samples(toy):
    """8 videos of 24 x 24 pixels; the clip is 4 of 5 frames, 16 x 16."""
    dataset = toy.dataset()
    recipe = toy.run.recipe()
    found = list(samples(dataset, recipe))
    clips = make_dataset(
        dataset,
        "shuffled_colours",
        recipe.clip,
        batch_size=8,
        training=False,
        streams=("frames",),
    )
    inputs, _ = next(iter(clips))
    ours = {np.rint(255 * sample.frames).tobytes() for sample in found}
    levels = np.rint((inputs["frames"].numpy() + 1) * 127.5)
    assert ours == {clip.tobytes() for clip in levels}
    for sample in found:
        stored = read(sample.encoded[STORED])
        assert stored.shape == (4, 24, 24, 3)
        crop = stored[:, 4:20, 4:20]
        np.testing.assert_allclose(crop / 255, sample.frames, atol=1e-6)
        # The files have the size of the records; both are JPEGs of quality 95.
        original = read(sample.encoded[ORIGINAL])
        assert np.abs(original - np.float32(stored)).mean() < 2
        sent = read(sample.encoded[CLIENT])
        np.testing.assert_array_equal(sent[:, 4:20, 4:20], crop)


def test_originals_that_changed_are_left_out(toy, tmp_path):
    row = json.loads((toy.dataset().folder / "manifest.json").read_text())[0]
    recipe = toy.run.recipe()
    assert len(code._original(row, recipe)) == row["frames"]
    assert code._original(row | {"sha256": "0"}, recipe) == []
    assert code._original(row | {"path": str(tmp_path)}, recipe) == []
    assert code._original({}, recipe) == []
