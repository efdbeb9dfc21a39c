"""Who does what where in a keyframe, as a record and its manifest state it."""

from d3d_tf import schema
from d3d_tf.tasks.multilabel.target import ClassSet


class Persons(ClassSet):
    """Boxes and their actions; a `Target` of `d3d_tf/tasks/task.py`.

    As a tensor: float32 `[persons, 4 + classes]`, a row per box: y1, x1, y2, x2
    as shares of height and width, then 1 for each of its actions. There may be
    none. Boxes that are equal are one person.
    """

    def features(self):
        import tensorflow as tf

        return super().features() | {
            schema.KEYFRAME_BOX + "label/index": tf.io.VarLenFeature(tf.int64),
            **{
                schema.KEYFRAME_BOX + side: tf.io.VarLenFeature(tf.float32)
                for side in schema.SIDES
            },
        }

    def parse(self, context, num_classes):
        import tensorflow as tf

        sides = [context[schema.KEYFRAME_BOX + s].values for s in schema.SIDES]
        boxes, person = tf.raw_ops.UniqueV2(x=tf.stack(sides, 1), axis=[0])
        labels = context[schema.KEYFRAME_BOX + "label/index"].values
        actions = tf.math.unsorted_segment_sum(
            tf.one_hot(labels, num_classes), person, tf.shape(boxes)[0]
        )
        rows = tf.concat([boxes, tf.minimum(actions, 1.0)], 1)
        return tf.ensure_shape(rows, [None, 4 + num_classes])

    def mirrored(self, target, flipped, classes):
        import tensorflow as tf

        if classes is None:
            return target
        places = [*range(4), *(4 + place for place in classes)]
        return tf.where(flipped, tf.gather(target, places, axis=1), target)

    def agrees(self, target, listed, num_classes):
        """Every box has an action, and all together are those listed."""
        import tensorflow as tf

        actions = target[:, 4:]
        good = tf.reduce_all(tf.reduce_any(actions > 0, 1))
        if listed is None:
            return good
        zero = tf.zeros([1, num_classes])
        seen = tf.reduce_max(tf.concat([actions, zero], 0), 0)
        return good & tf.reduce_all(seen == listed)

    def problem(self, context, row, num_classes):
        """As of its classes, which may be none."""
        values = context.feature[schema.LABEL_INDEX].int64_list.value
        if not values and (row is None or not row.get("labels", [0])):
            return None
        return super().problem(context, row, num_classes)
