"""From records and from video files to features that training reads."""

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands import prepare, train
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.feature_sets import files_of
from d3d_tf.data.fit_recipe import fit_recipe
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.errors import UsageError
from d3d_tf.models import make_network
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.video.writing import write_video
from tests.d3d_tf.extract.conftest import grey_of


def made(folder) -> list:
    return sorted(folder.glob("*-features-*"))


def read(dataset, split) -> dict:
    files = files_of(dataset, split)
    found = {}
    for inputs, labels in feature_batches(files, batch_size=2, training=False):
        features, frames = inputs["features"]
        for place, id_ in enumerate(inputs["id"].numpy()):
            rows = features[place, : int(frames[place])].numpy()
            found[id_.decode()] = rows, np.flatnonzero(labels[place]).tolist()
    return found


def recipe_for(module, *settings):
    given = ["records=features", f"features.extractor={module}", *settings]
    return config.override(OWN_VIDEOS, given)


def test_of_records(dataset, picture_module, tmp_path, capsys):
    """4 g - 2, 1 - g, 0, g^2 of the first frame of each second."""
    recipe = recipe_for(picture_module)
    prepare.run(
        recipe, data=str(dataset.folder), records_dir=str(tmp_path / "out")
    )
    (folder,) = made(tmp_path / "out")
    found = open_dataset(folder)
    assert found.kind == "features" and found.classes == dataset.classes
    assert found.splits == {"train": 3, "test": 1}
    told = found.info["extraction"]
    assert told["records"] == dataset.info["digest"] and told["pca"] == 0
    for split, videos in (("train", (0, 1, 2)), ("test", (3,))):
        there = read(found, split)
        assert sorted(there) == [f"video{k}" for k in videos]
        for k in videos:
            rows, labels = there[f"video{k}"]
            assert labels == [k % 2]
            grey = (np.array([grey_of(k, s) for s in range(3)]) + 2) / 255
            expected = [4 * grey - 2, 1 - grey, 0 * grey, grey**2]
            np.testing.assert_allclose(
                rows - 4 / 512, np.stack(expected, 1), atol=2 / 255 + 1e-4
            )
    assert "0 % of the numbers were cut off" in capsys.readouterr().out


def test_pca_and_going_on(dataset, picture_module, tmp_path):
    """Another PCA asks the network nothing; the network undoes it."""
    out = str(tmp_path / "out")
    data = str(dataset.folder)
    prepare.run(recipe_for(picture_module), data=data, records_dir=out)
    answers = sorted((dataset.folder / "frame_features").glob("*/*.npz"))
    assert len(answers) == 4 - 1  # A shard of the test split is empty.
    times = [path.stat().st_mtime_ns for path in answers]
    with_pca = recipe_for(picture_module, "features.pca=2")
    prepare.run(with_pca, data=data, records_dir=out)
    prepare.run(with_pca, data=data, records_dir=out)
    assert [path.stat().st_mtime_ns for path in answers] == times
    (folder,) = [p for p in made(tmp_path / "out") if (p / "mean.npy").exists()]
    found = open_dataset(folder)
    assert found.info["features"]["widths"] == {"rgb": 2, "audio": 0}
    values = np.load(folder / "eigenvals.npy")
    rows = np.concatenate([r for r, _ in read(found, "train").values()])
    spread = (rows - 4 / 512).var(axis=0)
    expected = (values / (values + 1e-4))[:, 0]
    np.testing.assert_allclose(spread, expected, atol=0.03)
    recipe = config.override(
        OWN_VIDEOS,
        [
            "task=youtube8m",
            "model=nextvlad",
            "clusters=2",
            "hidden=8",
            "network.groups=2",
            f"network.eigenvalues={folder / 'eigenvals.npy'}",
        ],
    )
    fitted = fit_recipe(recipe, found).network
    network = make_network(fitted, 2, "features")
    deviations = network.trunk.units[0].whitening.deviations
    np.testing.assert_allclose(
        deviations, np.sqrt(values[:, 0]) + 1e-4, rtol=1e-5
    )


def test_of_video_files(picture_module, tmp_path):
    """A broken one is left out and told; 75 frames at 25 are 3 s."""
    rng = np.random.default_rng(0)
    for split, name in (("train", "a"), ("test", "b")):
        place = tmp_path / "videos" / split / name
        place.mkdir(parents=True)
        noise = rng.integers(0, 255, [75, 16, 16, 3], np.uint8)
        write_video(place / "good.mp4", noise, 25)
        (place / "bad.mp4").write_bytes(b"no video")
    prepare.run(
        recipe_for(picture_module, "features.seconds=2"),
        data=str(tmp_path / "videos"),
        records_dir=str(tmp_path / "out"),
    )
    (folder,) = made(tmp_path / "out")
    found = open_dataset(folder)
    assert found.splits == {"test": 1, "train": 1} and len(found.classes) == 2
    assert found.info["num_skipped"] == 2
    ((rows, labels),) = read(found, "test").values()
    assert rows.shape == (2, 4) and labels == [1]


def test_refusals(picture_module, tmp_path):
    recipe = recipe_for(picture_module, "data.frame_rate=5")
    with pytest.raises(UsageError, match="data.frame_rate must be left alone"):
        prepare.run(recipe, data=str(tmp_path), records_dir=str(tmp_path))
    with pytest.raises(UsageError, match="--flow_dir has no effect"):
        prepare.run(
            recipe_for(picture_module), data=str(tmp_path), flow_dir="flow"
        )
    with pytest.raises(UsageError, match="--mode=train makes no features"):
        train.run(recipe_for(picture_module), data=str(tmp_path))
    with pytest.raises(UsageError, match="features.extractor must be given"):
        config.override(OWN_VIDEOS, ["records=features"])
