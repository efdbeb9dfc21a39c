"""Parses RGB records that other tools wrote: frames, label, other facts.

DMVR and the Model Garden share MediaSequence's `image/encoded` (one feature per
frame) and `clip/label/index`. They write names, sizes and times in their own
ways, or not at all; see `index_foreign`, which reads such a folder once.
"""

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.tasks import DEFAULT, task_of

# DMVR's name for MediaSequence's `clip/label/string`.
LABEL_TEXT = "clip/label/text"
# Keys that may name the video; only `example/id` names the clip.
NAMES = (schema.MEDIA_ID, schema.DATA_PATH, "video/filename")


def parse_foreign(
    record, classes: list[str] | None, task: str = DEFAULT
) -> dict:
    """Encoded frames and what a draw needs, as `decode.parse` gives them.

    Args:
      record: a serialized `SequenceExample`.
      classes: if given, labels are places of the records' label strings in it;
        else they are the records' label indices.
      task: whose target the label is made into.
    """
    video = describe_foreign(record)
    label = video["label"]
    if classes is not None:
        found = tf.equal(tf.constant(classes), video["label_string"])
        label = tf.argmax(tf.cast(found, tf.int32))
    target = task_of(task).target
    return {
        "frames": video["frames"],
        "id": video["id"],
        "label": target.parse({schema.LABEL_INDEX: label}, 1),
        "length": video["length"],
        "height": video["height"],
        "width": video["width"],
    }


def describe_foreign(record) -> dict:
    """All the facts in a record.

    Returns:
      frames: string `[length]`, JPEG or PNG,
      id: `example/id`; without one a name and a digest of the content,
      label: int64, the first index; -1: there is none,
      label_string: empty: there is none,
      length, height, width: int32; the sizes are those of the first frame,
      seconds: float32, from the clip's start to its end; 0: unknown,
      frame_rate: float32, 0: unknown.
    """
    context, frames = _parsed(record)

    def first(key, default):
        # One more value, for a record that has none.
        more = tf.constant([default], context[key].dtype)
        return tf.concat([context[key], more], axis=0)[0]

    def either(one, other):
        return tf.where(tf.equal(one, ""), other, one)

    name = first(NAMES[-1], "record")
    for key in reversed(NAMES[:-1]):
        name = either(first(key, ""), name)
    number = tf.strings.to_hash_bucket_fast(record, 2**63 - 1)
    made_up = tf.strings.join([name, "-", tf.strings.as_string(number)])
    shape = tf.cond(
        tf.io.is_jpeg(frames[0]),
        lambda: tf.io.extract_jpeg_shape(frames[0]),
        lambda: tf.shape(tf.io.decode_png(frames[0], 3)),
    )
    start, end = first(schema.CLIP_START, 0), first(schema.CLIP_END, 0)
    return {
        "frames": frames,
        "id": either(first(schema.EXAMPLE_ID, ""), made_up),
        "label": first(schema.LABEL_INDEX, -1),
        "label_string": either(
            first(schema.LABEL_STRING, ""), first(LABEL_TEXT, "")
        ),
        "length": tf.shape(frames)[0],
        "height": shape[0],
        "width": shape[1],
        "seconds": tf.cast(end - start, tf.float32) / 1e6,
        "frame_rate": first(schema.IMAGE_RATE, 0.0),
    }


def _parsed(record) -> tuple[dict, tf.Tensor]:
    """All values of each key of the context, and the encoded frames."""
    texts = (schema.EXAMPLE_ID, *NAMES, schema.LABEL_STRING, LABEL_TEXT)
    integers = (schema.LABEL_INDEX, schema.CLIP_START, schema.CLIP_END)
    # All have variable lengths: a clip may have several labels, or none.
    wanted = {key: tf.io.VarLenFeature(tf.string) for key in texts}
    wanted |= {key: tf.io.VarLenFeature(tf.int64) for key in integers}
    wanted[schema.IMAGE_RATE] = tf.io.VarLenFeature(tf.float32)
    context, lists = tf.io.parse_single_sequence_example(
        record,
        context_features=wanted,
        sequence_features={
            schema.IMAGE_ENCODED: tf.io.FixedLenSequenceFeature([], tf.string)
        },
    )
    values = {key: tf.sparse.to_dense(context[key]) for key in wanted}
    return values, lists[schema.IMAGE_ENCODED]
