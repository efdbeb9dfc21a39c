"""The class of a video, as a record and its manifest state it."""

from d3d_tf import schema


class ClassIndex:
    """`clip/label/index`, one of the classes; a `Target` of `task.py`.

    As a tensor: an int64 scalar.
    """

    several = False

    def features(self):
        import tensorflow as tf

        return {schema.LABEL_INDEX: tf.io.FixedLenFeature([], tf.int64)}

    def parse(self, context, num_classes):
        return context[schema.LABEL_INDEX]

    def mirrored(self, target, flipped, classes):
        import tensorflow as tf

        if classes is None:
            return target
        mirrored = tf.gather(tf.constant(classes, tf.int64), target)
        return tf.where(flipped, mirrored, target)

    def listed(self, rows, num_classes):
        import tensorflow as tf

        return tf.constant([row["label"] for row in rows], tf.int64)

    def agrees(self, target, listed, num_classes):
        good = (target >= 0) & (target < num_classes)
        return good if listed is None else good & (listed == target)

    def problem(self, context, row, num_classes):
        values = list(context.feature[schema.LABEL_INDEX].int64_list.value)
        written = ", ".join(map(str, values)) or "none"
        if row is None:
            # Other tools may write several, of which the first counts.
            if values and 0 <= values[0] < num_classes:
                return None
            return f"the label {written} of {num_classes} classes"
        if values == [row["label"]] and row["label"] < num_classes:
            return None
        return (
            f"the label {written}; manifest.json says {row['label']}, of "
            f"{num_classes} classes"
        )

    def contradiction(self, context, classes):
        labels = context.feature[schema.LABEL_INDEX].int64_list.value
        names = context.feature[schema.LABEL_STRING].bytes_list.value
        if len(labels) != 1:
            return None
        (label,) = labels
        if not 0 <= label < len(classes):
            return f"label {label} of {len(classes)} classes"
        if len(names) == 1 and names[0].decode() != classes[label]:
            return (
                f"label {label} is called {names[0].decode()!r} in the record "
                f"and {classes[label]!r} in dataset.json"
            )
        return None
