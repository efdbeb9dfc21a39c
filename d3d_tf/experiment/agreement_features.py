"""Videos of records of features by the ways that lead into a module."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from d3d_tf.config import Recipe
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.feature_sets import files_of
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.experiment.agreement_clips import VIDEOS
from d3d_tf.hub_export.video_agreement import summary
from d3d_tf.tasks import task_of


def compare_with_pipeline(
    module,
    network,
    dataset: Dataset,
    recipe: Recipe,
    sampling: FrameSamplingRecipe,
) -> dict:
    """How a module's signatures agree with the network's own scores.

    The network is given videos as evaluation gives them; the module all their
    frames, as they are stored.

    Args:
      module: as `hub.load` gives it.
      network: that it was exported from.
      dataset: of features.
      recipe: that the network was trained by.
      sampling: the frames that it sees.

    Returns:
      The entry `videos` of module.json.
    """
    split = (dataset.test_splits or ["train"])[-1]
    task = task_of(recipe.task)
    rgb = dataset.info["features"]["widths"]["rgb"]
    found: dict[str, list[tuple]] = {}
    with naming_damage(dataset, split):
        for seen, whole in _videos(dataset, split, recipe, sampling):
            expected = task.probabilities(network(seen))[0].numpy()
            for way, inputs in _asked(whole, rgb).items():
                answer = module.signatures[way](**inputs)
                given = answer["probabilities"].numpy()[0]
                found.setdefault(f"{way}, the records' features", []).append(
                    (
                        task.agreement.same(given, expected),
                        np.abs(given - expected).max(initial=0),
                    )
                )
    note = f"records of {split} of {dataset.info['name']}"
    if sampling.draws:  # By ids, which a module does not know.
        note += ", of which evaluation draws other frames than the module"
    return {"note": note, "ways": summary(found, task.agreement)}


def _videos(
    dataset: Dataset,
    split: str,
    recipe: Recipe,
    sampling: FrameSamplingRecipe,
) -> Iterator[tuple]:
    """What the network sees of some videos, and the whole of them."""
    batches = feature_batches(
        files_of(dataset, split),
        batch_size=1,
        training=False,
        sampling=sampling,
        seed=recipe.seed,
        also_all=True,
    )
    for inputs, _ in batches.take(VIDEOS):
        yield inputs["features"], inputs["all_features"]


def _asked(video: tuple, rgb: int) -> dict[str, dict]:
    """A padded video of a batch of 1, as each signature takes it.

    Args:
      video: features, float32 `[1, frames, N]`, and int32 `[1]`, how many
        frames are its own.
      rgb: how many of the features are of the picture.
    """
    features, num_frames = video
    # Means of videos are no bytes, and are sent as they are.
    asked = {
        "serving_default": {"features": features, "num_frames": num_frames},
        "without_padding": {"features": features[:, : num_frames[0]]},
    }
    if features.shape[1] > 1:
        # The bytes that they were, 4/255 apart.
        stored = tf.cast(
            tf.round((features + 2 - 4 / 512) * (255 / 4)), tf.uint8
        )
        count = {"num_frames": num_frames}
        asked["features_uint8"] = {"features": stored} | count
        parts = {"rgb": stored[..., :rgb], "audio": stored[..., rgb:]}
        if parts["audio"].shape[-1]:
            asked["rgb_audio_uint8"] = parts | count
    return asked
