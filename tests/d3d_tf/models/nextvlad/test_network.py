"""Eigenvalues of the recipe, and where they are afterwards."""

import dataclasses

import numpy as np
import pytest

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.youtube8m import feature_batches, open_features
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UserError
from d3d_tf.models import architecture, make_network
from d3d_tf.models.network import rebuilt
from d3d_tf.tasks import YOUTUBE8M, task_of
from d3d_tf.tasks.youtube8m.ranked_labels import RankedLabels
from tests.harness.tiny import NEXTVLAD


def test_eigenvalues_are_part_of_the_network(tmp_path):
    """It takes them along, and asks for the file no more."""
    path = tmp_path / "e.npy"
    np.save(path, np.full(1024, 9.0, np.float32))
    recipe = dataclasses.replace(NEXTVLAD.recipe, eigenvalues=str(path))
    network = make_network(recipe, 3, "features")
    clip = NEXTVLAD.clips()
    path.unlink()
    copy = rebuilt(network)
    np.testing.assert_array_equal(copy(clip), network(clip))
    whitening = copy.trunk.units[0].whitening
    np.testing.assert_allclose(whitening.deviations, 3.0001, rtol=1e-6)
    assert [v.trainable for v in whitening.variables] == [False]
    with pytest.raises(UserError, match="network.eigenvalues=.*cannot be"):
        make_network(recipe, 3, "features")
    # A run that has moved to another machine.
    loaded = make_network(recipe, 3, "features", restored=True)
    loaded.set_weights(network.get_weights())
    np.testing.assert_array_equal(loaded(clip), network(clip))


def test_where_the_file_is_does_not_matter():
    one, other = (
        dataclasses.replace(NEXTVLAD.recipe, eigenvalues=path)
        for path in ("a.npy", "b.npy")
    )
    assert architecture(one) == architecture(other)
    assert architecture(one) != architecture(NEXTVLAD.recipe)


@pytest.mark.large
def test_it_is_trained_on_records(goldens, tmp_path):
    """The example of docs/youtube8m.md, on the goldens' videos."""
    source = goldens / "yt8m" / "reader" / "tiny_frames.tfrecord"
    (tmp_path / "train0000.tfrecord").write_bytes(source.read_bytes())
    files = open_features(tmp_path, "train")
    network = make_network(NEXTVLAD.recipe, files.num_classes, "features")
    trainer = StreamTrainer(network, input_key="features")
    trainer.compile("adam", loss=task_of(YOUTUBE8M).loss())
    options = {"batch_size": 6, "sampling": FrameSamplingRecipe(way="uniform")}
    data = feature_batches(files, training=True, **options)
    first, last = (
        trainer.fit(data, steps_per_epoch=5, verbose=0).history["loss"][0]
        for _ in range(2)
    )
    assert last < first
    ranks = RankedLabels(files.num_classes)
    for inputs, labels in feature_batches(files, training=False, **options):
        ranks.add(trainer.predict_on_batch(inputs), labels)
    assert ranks.videos == 12 and 0 <= ranks.gap() <= 1
