"""A record in the form of YouTube-8M's frame-level files."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf


def feature_record(
    name: str, labels: Sequence[int], parts: Mapping[str, np.ndarray]
) -> bytes:
    """A serialized `SequenceExample`, as the release of 2018 has them.

    Args:
      name: the id.
      labels: classes.
      parts: `rgb`, and `audio` where there is sound: uint8 `[frames, width]`.
    """
    video = tf.train.SequenceExample()
    context = video.context.feature
    context["id"].bytes_list.value.append(name.encode())
    context["labels"].int64_list.value.extend(labels)
    for key, codes in parts.items():
        frames = video.feature_lists.feature_list[key].feature
        for row in codes:
            frames.add().bytes_list.value.append(row.tobytes())
    return video.SerializeToString()
