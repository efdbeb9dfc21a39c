"""One clip of a video file, as a network of a run wants it."""

import dataclasses

import numpy as np
import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config import FlowRecipe, Recipe
from d3d_tf.data.crops import ClipGeometry, centre_geometry, crop_and_flip
from d3d_tf.data.decode import flow_factors
from d3d_tf.data.one_clip import scale
from d3d_tf.errors import UsageError, UserError
from d3d_tf.pixels import Pixels
from d3d_tf.screen import say
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.video.one_rate import Video
from d3d_tf.video.reading import UnreadableVideo, read_video


@dataclasses.dataclass(frozen=True)
class VideoClip:
    """The clip and the part of the video that it was taken from.

    Attributes:
      frames: uint8 `[length, height, width, 3]`, of that part.
      view: what the clip shows of them.
      times: `[clip frames]` float, when they are shown, in seconds from the
        beginning of the file.
      gap: seconds from one frame of the clip to the next.
    """

    frames: np.ndarray
    view: ClipGeometry
    times: np.ndarray
    gap: float

    def pixels(self) -> tf.Tensor:
        """float32 `[time, size, size, 3]` of 0..255."""
        chosen = tf.gather(self.frames, self.view.indices)
        return tf.cast(crop_and_flip(chosen, self.view), tf.float32)


def say_missing(path: str, video: Video) -> None:
    """Says how many frames a video lacks, if any; see `Timeline.missing`."""
    if video.missing:
        say(
            f"{path} lacks {video.missing} frames, lost by damage or by a "
            "camera; the frame before is shown instead."
        )


def read_clip(
    path: str, recipe: Recipe, second: float | None = None
) -> VideoClip:
    """The centre crop of a clip; says if the video lacks frames.

    Args:
      path: of the video file.
      recipe: of the run.
      second: of the file, where the clip begins; None: it is the middle clip
        of what the run's records would have of the file.

    Raises:
      UserError: the file cannot be used, or is over before the second.
      UsageError: a second of clips that have frames of the whole video.
    """
    data, clip = recipe.data, recipe.clip
    longest, start = data.max_seconds, 0.0
    if second is not None:
        if clip.sampling == "segments":
            raise UsageError(
                f"explain.second={second:g}: with clip.sampling=segments, as "
                "in this run, a clip has frames of the whole video; leave it "
                "out."
            )
        # And a frame more, for the flow of the last one.
        longest, start = (clip.span + 1) / data.frame_rate, second
    try:
        video = read_video(
            path,
            frame_rate=data.frame_rate,
            short_side=recipe.shown_short_side,
            square_pixels=data.square_pixels,
            max_seconds=longest,
            start=start,
        )
    except UnreadableVideo as error:
        raise UserError(f"{path} cannot be used: {error}.") from error
    say_missing(path, video)
    length, height, width, _ = video.frames.shape
    view = centre_geometry(length, height, width, clip)
    stride = (
        length / clip.frames if clip.sampling == "segments" else clip.stride
    )
    return VideoClip(
        video.frames,
        view,
        start + view.indices.numpy() / data.frame_rate,
        stride / data.frame_rate,
    )


def network_input(
    clip: VideoClip, recipe: Recipe, stream: str, pixels: Pixels
) -> tf.Tensor:
    """float32 `[1, time, size, size, C]`, of frames or of their flow.

    Flow is what records would have, but of frames without JPEG's losses.

    Args:
      clip: from `read_clip`.
      recipe: of the run.
      stream: `frames` or `flow`.
      pixels: of the network.

    Raises:
      UserError: the run's flow was not computed here.
    """
    seen = {"frames": clip.pixels()}
    if stream == "flow":
        seen = {
            "flow": crop_and_flip(_flow_codes(clip, recipe.flow), clip.view),
            "factors": flow_factors(recipe.flow.saturation, clip.view),
        }
    return scale(seen, pixels)[stream][tf.newaxis]


def _flow_codes(clip: VideoClip, recipe: FlowRecipe) -> np.ndarray:
    """uint8 `[clip frames, height, width, 2]`; see `d3d_tf.schema`."""
    if recipe.algorithm in ("none", "imported"):
        raise UserError(
            f"The run has flow.algorithm={recipe.algorithm}: the flow of a "
            "video file, which its flow network is to see, cannot be computed."
        )
    frames, last = clip.frames, len(clip.frames) - 2
    if last < 0:  # A single frame: no motion is known.
        frames, last = np.repeat(frames, 2, axis=0), 0
    # As in records, the last frame has the flow of the one before.
    first = np.minimum(clip.view.indices, last)
    vectors = [tvl1_flow(frames[i : i + 2], recipe)[0] for i in first]
    return schema.encode_flow(np.stack(vectors), recipe.saturation)[..., :2]
