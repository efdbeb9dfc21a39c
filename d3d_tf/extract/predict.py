"""What a network of features says of a video, by way of its own features.

Frames are not stored in between, so they lack the JPEG losses of records.
"""

import numpy as np
import tensorflow as tf

from d3d_tf.atomic_files import to_path
from d3d_tf.config import ClipRecipe, TeacherModuleRecipe
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.data.crops import centre_geometry
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.frame_sampling import sampled
from d3d_tf.data.one_clip import draw_of
from d3d_tf.data.parse_youtube8m import dequantised
from d3d_tf.errors import UserError
from d3d_tf.experiment.module_teacher import resized
from d3d_tf.experiment.video_clip import say_missing
from d3d_tf.extract.extractors import Extractor, open_extractor
from d3d_tf.extract.pca import load_pca, to_bytes
from d3d_tf.extract.seconds import frames_of_seconds
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.tasks import task_of
from d3d_tf.video.reading import UnreadableVideo, read_video

_CLIPS = 16  # At a time.


def probabilities_of_video(run: Run, role: str, path: str) -> np.ndarray:
    """The scores of the classes of a video, float32 `[classes]`.

    Args:
      run: of a network of features that --mode=prepare made.
      role: of the network that answers.
      path: of the video file.

    Raises:
      UserError: nobody knows what made the run's features, it has changed, or
        the file cannot be used.
    """
    recipe, records = run.recipe(), run.origin()["records"]
    told = open_dataset(records).info if records else {}
    if "extraction" not in told:
        raise UserError(
            f"{run.folder} was not trained on features that --mode=prepare "
            "made, so what would make those of a video is not known: name a "
            "file of features, such as train0000.tfrecord. See "
            "docs/youtube8m.md."
        )
    features = features_of_video(
        told["extraction"], told["features"]["folder"], path
    )
    count = tf.shape(features)[0]
    padded = tf.pad(features, [[0, MAX_FRAMES - count], [0, 0]])
    draws = draw_of(tf.constant([path]), tf.constant([0]), recipe.seed)
    seen = sampled(padded[None], count[None], recipe.frames_of(role), draws)
    network = load_checkpoint(run.folder, role)
    logits = network(seen, training=False)
    return task_of(recipe.task).probabilities(logits)[0].numpy()


def features_of_video(told: dict, folder: str, path: str) -> tf.Tensor:
    """The features of each second of a video, as records have them.

    Args:
      told: the entry `extraction` of dataset.json.
      folder: of the features, and of their PCA.
      path: of the video file.

    Returns:
      float32 `[seconds, width]`.

    Raises:
      UserError: the extractor is another one now, or the file cannot be used.
    """
    said = TeacherModuleRecipe(**told["teacher_module"])
    extractor = open_extractor(told["extractor"], said)
    if extractor.digest != told["extractor_digest"]:
        raise UserError(
            f"{told['extractor']} is not the extractor any more that made the "
            f"features in {folder}: bring the one of before back, or make the "
            "features again."
        )
    try:
        video = read_video(path, **told["video"])
    except UnreadableVideo as error:
        raise UserError(f"{path} cannot be used: {error}.") from error
    say_missing(path, video)
    features = _answers(extractor, told, video.frames)
    if told["pca"]:
        features = load_pca(to_path(folder)).whitened(features)
    return dequantised(tf.constant(to_bytes(features)))


def _answers(extractor: Extractor, told: dict, frames) -> np.ndarray:
    clip = ClipRecipe(**told["clip"])
    length, height, width, _ = frames.shape
    rate = told["video"]["frame_rate"]
    seen = frames_of_seconds(length, rate, clip, told["seconds"]).numpy()
    view = centre_geometry(length, height, width, clip)
    rows, columns = (
        slice(int(start), int(start) + clip.size)
        for start in (view.top, view.left)
    )
    found = []
    for start in range(0, len(seen), _CLIPS):
        pixels = frames[seen[start : start + _CLIPS], rows, columns]
        shown = extractor.pixels.from_bytes(tf.cast(pixels, tf.float32))
        shown = resized(shown, extractor.wanted.size)
        found.append(extractor.forward(shown).numpy())
    return np.concatenate(found)
