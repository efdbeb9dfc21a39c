"""One clip of a video's record: what the training draws, a view of a score."""

from collections.abc import Callable

import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.colour_jitter import random_jitter
from d3d_tf.data.crops import random_geometry, view_geometry
from d3d_tf.data.decode import (
    decode_flow,
    decode_frames,
    flow_factors,
    parse,
    scale_flow,
)
from d3d_tf.errors import UserError
from d3d_tf.pixels import SYMMETRIC, Pixels


def training_clip(
    record,
    epoch,
    clip: ClipRecipe,
    *,
    streams: tuple[str, ...] = ("frames", "flow"),
    seed: int = 0,
    read=parse,
    mirrored: Callable | None = None,
):
    """What the training sees of one video in one epoch; see `make_dataset`.

    Args:
      record: string scalar, a serialized record.
      epoch: integer scalar.
      clip, streams, seed: as in `make_dataset`.
      read: record and streams to what `parse` gives.
      mirrored: label, and whether the clip is flipped, to the clip's label;
        None: a flip does not change labels.

    Returns:
      `(clip, label)` without the batch axis; the clip is for `scale`.
    """
    video = read(record, streams)
    draw = draw_of(video["id"], epoch, seed)
    geometry = random_geometry(
        video["length"],
        video["height"],
        video["width"],
        clip=clip,
        seed=draw,
    )
    jitter = random_jitter(clip, draw)
    label = video["label"]
    if mirrored is not None:
        label = mirrored(label, geometry.flip)
    return _decode(video, geometry, streams, jitter), label


def draw_of(id_, epoch, seed: int):
    """int32 `[2]`, the seed of all draws of one clip in one epoch.

    Args:
      id_: string scalar, of the record; or `[batch]`, for seeds `[batch, 2]`.
      epoch: integer, of the same shape.
      seed: of the training.
    """
    clip_key = tf.strings.to_hash_bucket_fast(id_, 2**31 - 1)
    epoch_key = tf.cast(epoch, tf.int32) + tf.constant(
        (seed * 7919) % (2**31 - 1), tf.int32
    )
    return tf.stack([epoch_key, tf.cast(clip_key, tf.int32)], axis=-1)


def evaluation_clip(
    record,
    view,
    clip: ClipRecipe,
    views: EvaluationRecipe,
    *,
    streams: tuple[str, ...],
    read=parse,
):
    """One view of one video; see `view_geometry` and `training_clip`."""
    video = read(record, streams)
    geometry = view_geometry(
        view,
        video["length"],
        video["height"],
        video["width"],
        views=views,
        clip=views.clip_of(clip),
    )
    return _decode(video, geometry, streams), video["label"]


def scale(clips: dict, pixels: Pixels = SYMMETRIC) -> dict:
    """The inputs of the networks, see `make_dataset`, of one clip or many.

    Args:
      clips: what `training_clip` and `evaluation_clip` give.
      pixels: how the network wants RGB.
    """
    inputs = dict(clips)
    if "frames" in clips:
        inputs["frames"] = pixels.from_bytes(clips["frames"])
    if "flow" in clips:
        inputs["flow"] = scale_flow(clips["flow"], inputs.pop("factors"))
    return inputs


def _decode(
    video: dict, geometry, streams: tuple[str, ...], jitter=None
) -> dict:
    """The asked streams of a parsed record, not yet scaled."""
    clip = {}
    if "id" in streams:
        clip["id"] = video["id"]
    if "frames" in streams:
        clip["frames"] = decode_frames(video["frames"], geometry, jitter)
    if "flow" in streams:
        clip["flow"] = decode_flow(video["flow"], geometry)
        clip["factors"] = flow_factors(video["saturation"], geometry)
    return clip


def mirrored_classes(clip: ClipRecipe, classes: list[str]) -> list[int] | None:
    """For each class, that of its mirror image; None: no class changes."""
    if not clip.swap_on_flip:
        return None
    other = dict(clip.swap_on_flip)
    other |= {right: left for left, right in clip.swap_on_flip}
    if missing := sorted(other.keys() - set(classes)):
        raise UserError(
            f"clip.swap_on_flip names {missing[0]!r}, which is not a class of "
            f"the records; they have {', '.join(classes)}."
        )
    return [classes.index(other.get(name, name)) for name in classes]
