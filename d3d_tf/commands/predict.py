"""A video file in, top classes out."""

import numpy as np
import tensorflow as tf

from d3d_tf.data.crops import centre_geometry, crop_and_flip
from d3d_tf.errors import UserError
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint, role_to_load
from d3d_tf.screen import say
from d3d_tf.video.reading import UnreadableVideo, read_video

TOP = 5


def predict(path: str, run: Run) -> None:
    """Prints the five most probable classes of a video.

    The baseline answers while no student is finished, and that is said. The
    centre clip and crop are used, whatever views the run is evaluated by.

    Raises:
      UserError: the file cannot be used, or the run has no RGB network yet.
    """
    recipe = run.recipe()
    role = role_to_load(run)
    network = load_checkpoint(run.folder, role)
    try:
        video = read_video(
            path,
            frame_rate=recipe.data.frame_rate,
            short_side=recipe.data.short_side,
            max_seconds=recipe.data.max_seconds,
            square_pixels=recipe.data.square_pixels,
        )
    except UnreadableVideo as error:
        raise UserError(f"{path} cannot be used: {error}.") from error
    labels = run.labels()
    length, height, width, _ = video.frames.shape
    view = centre_geometry(
        length,
        height,
        width,
        frames=recipe.clip.frames,
        size=recipe.clip.size,
    )
    clip = crop_and_flip(tf.gather(video.frames, view.indices), view)
    logits = network(network.pixels.from_bytes(tf.cast(clip, tf.float32)[None]))
    probabilities = tf.nn.softmax(logits[0]).numpy()
    if role != STUDENT and not run.is_converted():
        say(f"{run.folder} has no finished student: its {role} answers.")
    say(f"{path}, by {run.folder}:")
    for index in np.argsort(-probabilities)[:TOP]:
        say(f"{100 * probabilities[index]:6.1f} %  {labels[index]}")
