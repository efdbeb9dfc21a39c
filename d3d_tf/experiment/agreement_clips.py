"""Videos of a data set by the ways they can take into a module."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import tensorflow as tf

from d3d_tf.config import Recipe
from d3d_tf.data.counted import Counted
from d3d_tf.data.crops import centre_geometry
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import decode_frames, parse
from d3d_tf.hub_export.client.clip import encoded_clip
from d3d_tf.hub_export.client.module_info import ModuleInfo
from d3d_tf.hub_export.video_agreement import Sample
from d3d_tf.names import unspell
from d3d_tf.tasks import task_of
from d3d_tf.video.reading import (
    UnreadableVideo,
    first_frame_size,
    read_video,
)

VIDEOS = 16
STORED = "frames_encoded, the records' JPEGs"
ORIGINAL = "frames_encoded, the original file's frames"
CLIENT = "the client, frames_encoded, the original file"


def samples(dataset: Dataset, recipe: Recipe) -> Iterator[Sample]:
    """The centre clips of some videos of the hardest test split.

    Those whose original file is still there, and whole, come from there too.

    Args:
      dataset: records of ours.
      recipe: that a network was trained by.
    """
    split = (dataset.test_splits or ["train"])[-1]
    with naming_damage(dataset, split):
        yield from _samples(dataset, recipe, split)


def _samples(dataset: Dataset, recipe: Recipe, split: str) -> Iterator[Sample]:
    Counted(dataset, split)
    shards = list(dataset.shards(split))
    sources = {row["id"]: row for row in dataset.rows()}
    # One of each shard, then the second: those of a shard may be alike.
    records = tf.data.Dataset.from_tensor_slices(shards).interleave(
        tf.data.TFRecordDataset, cycle_length=len(shards)
    )
    for record in records.take(VIDEOS):
        video = parse(record, ("frames",), task_of(dataset.task).target)
        geometry = centre_geometry(
            video["length"],
            video["height"],
            video["width"],
            recipe.clip,
            short_side=recipe.evaluation.scaled_short_side,
        )
        indices = geometry.indices.numpy()
        encoded = {STORED: [*video["frames"].numpy()[indices]]}
        source = sources.get(video["id"].numpy().decode(), {})
        original = _original(source, recipe)
        if original and len(original) == video["length"]:
            encoded[ORIGINAL] = [original[i] for i in indices]
            encoded[CLIENT] = _sent(unspell(source["path"]), recipe)
        pixels = tf.cast(decode_frames(video["frames"], geometry), tf.float32)
        yield Sample(pixels.numpy() / 255, encoded)


def _sent(path: str, recipe: Recipe) -> list[bytes]:
    """What the client sends of a video file; the wire changes nothing of it."""
    info = ModuleInfo(
        short_side=recipe.shown_short_side,
        size=recipe.clip.size,
        max_seconds=recipe.data.max_seconds,
        square_pixels=recipe.data.square_pixels,
        stride=recipe.clip.stride,
        sampling=recipe.clip.sampling,
    )
    return encoded_clip(
        path,
        info,
        frames=recipe.clip.frames,
        frame_rate=recipe.data.frame_rate / recipe.clip.stride,
    )


def _original(row: dict, recipe: Recipe) -> list[bytes]:
    """JPEGs of a video's frames in their own size; none if it is gone."""
    path = Path(row.get("path", ""))
    if not path.is_file():
        return []
    if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
        return []
    square = recipe.data.square_pixels
    try:
        video = read_video(
            path,
            frame_rate=recipe.data.frame_rate,
            short_side=min(first_frame_size(path, square_pixels=square)),
            max_seconds=recipe.data.max_seconds,
            square_pixels=square,
        )
    except UnreadableVideo:
        return []
    quality = [cv2.IMWRITE_JPEG_QUALITY, recipe.data.jpeg_quality]
    return [
        cv2.imencode(".jpg", frame[..., ::-1], quality)[1].tobytes()
        for frame in video.frames
    ]
