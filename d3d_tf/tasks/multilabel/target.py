"""The classes of a video, as a record and its manifest state them."""

from d3d_tf import schema


class ClassSet:
    """`clip/label/index`, one or more classes; a `Target` of `task.py`.

    As a tensor: float32 `[classes]`, 1 where the video has the class.
    """

    several = True

    def features(self):
        import tensorflow as tf

        return {schema.LABEL_INDEX: tf.io.VarLenFeature(tf.int64)}

    def parse(self, context, num_classes):
        import tensorflow as tf

        indices = context[schema.LABEL_INDEX].values
        known = tf.one_hot(indices, num_classes)
        # An unknown class is in none of them: no record is like that.
        right = tf.reduce_all((indices >= 0) & (indices < num_classes))
        present = tf.minimum(tf.reduce_sum(known, axis=0), 1.0)
        return tf.ensure_shape(
            tf.where(right, present, tf.zeros_like(present)), [num_classes]
        )

    def mirrored(self, target, flipped, classes):
        import tensorflow as tf

        if classes is None:
            return target
        return tf.where(flipped, tf.gather(target, classes), target)

    def listed(self, rows, num_classes):
        import numpy as np
        import tensorflow as tf

        found = np.zeros([len(rows), num_classes], np.float32)
        for place, row in enumerate(rows):
            found[place, row.get("labels", [row["label"]])] = 1
        return tf.constant(found)

    def agrees(self, target, listed, num_classes):
        import tensorflow as tf

        some = tf.reduce_any(target > 0)
        if listed is None:
            return some
        return some & tf.reduce_all(target == listed)

    def problem(self, context, row, num_classes):
        values = list(context.feature[schema.LABEL_INDEX].int64_list.value)
        written = ", ".join(map(str, values)) or "none"
        good = values and all(0 <= value < num_classes for value in values)
        if row is None:
            return None if good else f"the labels {written} of {num_classes}"
        wanted = row.get("labels", [row["label"]])
        if good and sorted(values) == sorted(wanted):
            return None
        return (
            f"the labels {written}; manifest.json says "
            f"{', '.join(map(str, wanted))}, of {num_classes} classes"
        )

    def contradiction(self, context, classes):
        labels = context.feature[schema.LABEL_INDEX].int64_list.value
        names = context.feature[schema.LABEL_STRING].bytes_list.value
        for label in labels:
            if not 0 <= label < len(classes):
                return f"label {label} of {len(classes)} classes"
        if len(names) != len(labels):
            return f"{len(labels)} labels and {len(names)} names of them"
        for label, name in zip(labels, names, strict=True):
            if name.decode() != classes[label]:
                return (
                    f"label {label} is called {name.decode()!r} in the record "
                    f"and {classes[label]!r} in dataset.json"
                )
        return None
