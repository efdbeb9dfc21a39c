"""Of two boxes on one person, the better one has the action."""

import tensorflow as tf

from d3d_tf.detector.boxes import is_there, overlap


def suppressed(probabilities, boxes, iou: float):
    """Non-maximum suppression of each action, on boxes that all actions share.

    Args:
      probabilities: float32 `[batch, N, actions]`.
      boxes: float32 `[batch, N, 4]`; those without an area have probability
        0, too.
      iou: what shares more than that with a box that is more probable, and was
        not suppressed, has probability 0 then.

    Returns:
      float32 `[batch, N, actions]`.
    """
    number = tf.shape(boxes)[1]
    shared = overlap(boxes, boxes)
    probabilities = tf.where(is_there(boxes), probabilities, 0.0)

    def of_picture(picture):
        one, among = picture

        def of_action(likely):
            kept = tf.image.non_max_suppression_overlaps(
                among, likely, number, iou
            )
            return tf.scatter_nd(
                kept[:, None], tf.gather(likely, kept), number[None]
            )

        return tf.transpose(tf.map_fn(of_action, tf.transpose(one)))

    return tf.map_fn(
        of_picture,
        (probabilities, shared),
        fn_output_signature=tf.TensorSpec(
            [None, probabilities.shape[-1]], tf.float32
        ),
    )
