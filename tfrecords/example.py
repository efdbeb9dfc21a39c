"""One video as a MediaSequence SequenceExample; see `d3d_tf/schema.py`."""

import cv2
import numpy as np
import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.tfrecords.flow.codecs import import_flow
from d3d_tf.tfrecords.keyframe import add_keyframe
from d3d_tf.tfrecords.listing import Source
from d3d_tf.video.reading import UnreadableVideo, Video


def encode_example(
    video: Video,
    source: Source,
    *,
    dataset_name: str,
    data: DataRecipe,
    flow: FlowRecipe,
    flow_digest: str,
) -> tuple[bytes, float]:
    """Computes flow, if it is wanted, and serialises all there is.

    Args:
      video: the decoded frames.
      source: what is known of it besides.
      dataset_name: of the set that it belongs to.
      data: how the frames were made and are stored.
      flow: how flow is computed and stored.
      flow_digest: of the flow's identity.

    Returns:
      The serialised `tf.train.SequenceExample` and the share of flow vectors
      that the codec had to clip, 0..1.

    Raises:
      UnreadableVideo: its imported flow is missing, damaged or does not fit,
        or the video ends before its keyframe.
    """
    keyframe = source.keyframe
    if keyframe and keyframe.index >= len(video.frames):
        raise UnreadableVideo("it ends before the keyframe")
    codes, clipped = _flow_of(video, source, flow)
    example = _described(video, source.id, dataset_name, data)
    if codes is not None:
        _describe_flow(example, video, data, flow, flow_digest)
    _add_labels(example, source)
    _add_frames(example, video, codes, data)
    if keyframe:
        add_keyframe(example, keyframe, len(video.frames))
    return example.SerializeToString(deterministic=True), clipped


def _add_labels(example: tf.train.SequenceExample, source: Source) -> None:
    context = example.context.feature
    context[schema.LABEL_INDEX].int64_list.value.extend(source.labels)
    names = [name.encode() for name in source.class_names]
    context[schema.LABEL_STRING].bytes_list.value.extend(names)


def _described(
    video: Video, id_: str, dataset_name: str, data: DataRecipe
) -> tf.train.SequenceExample:
    """An example without labels and frames."""
    example = tf.train.SequenceExample()
    end = video.timestamps[-1] + round(1e6 / data.frame_rate)
    texts = {
        schema.EXAMPLE_ID: id_,
        schema.DATASET_NAME: dataset_name,
        schema.DATA_PATH: id_,
        schema.MEDIA_ID: id_,
        schema.IMAGE_FORMAT: "JPEG",
        schema.IMAGE_COLORSPACE: "RGB",
    }
    integers = {
        schema.CLIP_START: 0,
        schema.CLIP_END: int(end),
        schema.SCHEMA_KEY: schema.SCHEMA_VERSION,
        **_pictures("", video),
    }
    _add_context(example, texts, integers, {schema.IMAGE_RATE: data.frame_rate})
    return example


def _describe_flow(
    example: tf.train.SequenceExample,
    video: Video,
    data: DataRecipe,
    flow: FlowRecipe,
    flow_digest: str,
) -> None:
    _add_context(
        example,
        {
            schema.FLOW + schema.IMAGE_FORMAT: "PNG",
            schema.FLOW_RECIPE: flow_digest,
        },
        {schema.LAST_FLOW_REPEATED: 1, **_pictures(schema.FLOW, video)},
        {
            schema.FLOW_SATURATION: flow.saturation,
            schema.FLOW + schema.IMAGE_RATE: data.frame_rate,
        },
    )


def _pictures(prefix: str, video: Video) -> dict[str, int]:
    height, width = video.frames.shape[1:3]
    return {
        prefix + schema.IMAGE_CHANNELS: 3,
        prefix + schema.IMAGE_HEIGHT: height,
        prefix + schema.IMAGE_WIDTH: width,
    }


def _add_context(
    example: tf.train.SequenceExample,
    texts: dict[str, str],
    integers: dict[str, int],
    floats: dict[str, float],
) -> None:
    """Adds one value for each key."""
    context = example.context.feature
    for key, text in texts.items():
        context[key].bytes_list.value.append(text.encode())
    for key, integer in integers.items():
        context[key].int64_list.value.append(integer)
    for key, number in floats.items():
        context[key].float_list.value.append(number)


def _flow_of(
    video: Video, source: Source, flow: FlowRecipe
) -> tuple[np.ndarray | None, float]:
    """Its pictures and the share of clipped vectors; None: it is not wanted."""
    if flow.algorithm == "none":
        return None, 0.0
    if source.flow_path:
        vectors = _imported_flow(video, source, flow)
    else:
        vectors = tvl1_flow(video.frames, flow)
    clipped = schema.clipped_share(vectors, flow.saturation)
    return _flow_codes(video, vectors, flow), clipped


def _flow_codes(
    video: Video, vectors: np.ndarray, flow: FlowRecipe
) -> np.ndarray:
    """The flow's picture of every frame; the last pair's is there twice."""
    if len(vectors):
        vectors = np.concatenate([vectors, vectors[-1:]])
    else:  # A single frame: no motion is known.
        vectors = np.zeros((1, *video.frames.shape[1:3], 2), np.float32)
    return schema.encode_flow(vectors, flow.saturation)


def _add_frames(
    example: tf.train.SequenceExample,
    video: Video,
    codes: np.ndarray | None,
    data: DataRecipe,
) -> None:
    """Adds the frames as JPEG and the flow as PNG, with their times."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, data.jpeg_quality]
    _add_pictures(example, "", video.frames, video.timestamps, ".jpg", quality)
    if codes is not None:
        _add_pictures(example, schema.FLOW, codes, video.timestamps, ".png", [])


def _add_pictures(example, prefix, pictures, times, suffix, options) -> None:
    lists = example.feature_lists.feature_list
    for picture, time in zip(pictures, times, strict=True):
        # OpenCV's encoders take the channels in reverse order.
        _, encoded = cv2.imencode(suffix, picture[..., ::-1], options)
        lists[prefix + schema.IMAGE_ENCODED].feature.add(
            bytes_list=tf.train.BytesList(value=[encoded.tobytes()])
        )
        lists[prefix + schema.IMAGE_TIMESTAMP].feature.add(
            int64_list=tf.train.Int64List(value=[int(time)])
        )


def _imported_flow(
    video: Video, source: Source, flow: FlowRecipe
) -> np.ndarray:
    """Another tool's flow, in pixels of the stored frames."""
    try:
        vectors = import_flow(
            source.flow_path, flow.imported_codec, flow.imported_bound
        )
    except UserError as error:
        raise UnreadableVideo(f"no flow: {error}") from error
    pairs = len(video.frames) - 1
    # Some tools repeat the last pair, to have as many fields as frames.
    if len(vectors) not in (pairs, pairs + 1):
        raise UnreadableVideo(
            f"its flow in {source.flow_path} has {len(vectors)} pairs, its "
            f"frames, at the recipe's rate, {pairs}"
        )
    return schema.resize_flow(vectors[:pairs], *video.frames.shape[1:3])
