"""The flow of the toy's videos that no algorithm made."""

from collections.abc import Callable
from pathlib import PurePosixPath

import numpy as np

from d3d_tf.config import Recipe


def reader(
    recipe: Recipe, seed: int | None
) -> Callable[[str], np.ndarray] | None:
    """What gives the exact flow of a video by its id.

    Args:
      recipe: of the run that is looked into.
      seed: of the videos; None: they are not the toy's.

    Returns:
      From `example/id` to float32 `[time, size, size, 2]` in pixels, the last
      one twice as in records; None if the videos are not the toy's, or a clip
      is not a whole video.
    """
    toy, clip = recipe.toy, recipe.clip
    if toy is None or seed is None:
        return None
    if (clip.frames, clip.size) != (toy.num_frames, toy.size):
        return None
    from d3d_tf.tfrecords.toy_videos import make_clip

    def flow(id_: str) -> np.ndarray:
        path = PurePosixPath(id_)
        clip = make_clip(
            seed,
            path.parts[0],
            int(path.stem),
            size=toy.size,
            num_frames=toy.num_frames,
            cue=toy.cue,
            motions=toy.motions,
        )
        return np.concatenate([clip.flow, clip.flow[-1:]])

    return flow
