"""Who does what: actions of persons in boxes, on a video network's features.

D3D (section 5.5) takes Faster R-CNN with boxes that all actions share; X3D and
SlowFast average over time, take the largest value under a box, and leave boxes
as they are. `DetectorRecipe` has what they differ in.
"""

import dataclasses

import tensorflow as tf

from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.detector.boxes import moved
from d3d_tf.detector.roi_align import roi_align
from d3d_tf.errors import UsageError
from d3d_tf.keras_api import keras
from d3d_tf.models.network import VideoNetwork

# Boxes of a clip at once in inference. With D3D's tail one takes some 2 MB per
# layer.
TOGETHER = 64


@keras.utils.register_keras_serializable("d3d_tf")
class Detector(keras.Model):
    """Answers to boxes: `detector({"frames": ..., "boxes": ...})`.

    Frames are `[batch, time, height, width, 3]` float as the backbone's
    `pixels` make them, boxes float32 `[batch, N, 4]`: y1, x1, y2, x2 as shares
    of height and width. Both may have any size; features are computed once.
    The answer is float32 `[batch, N, actions]` logits and, with
    `recipe.refine`, float32 `[batch, N, 4]`, offsets for `moved`; else None.

    Args:
      backbone: a network of RGB, with its variables; its head is not used.
      recipe: what is built on it.
      actions: how many there are.

    Attributes:
      backbone: as given, but that layers which are not needed are frozen;
        checkpoints know it by this name.

    Raises:
      UsageError: the backbone has no endpoint `recipe.endpoint`, or nothing
        after it that could be a tail.
    """

    def __init__(
        self,
        backbone: VideoNetwork,
        recipe: DetectorRecipe,
        actions: int,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.backbone = backbone
        self.recipe = recipe
        trunk = backbone.trunk
        if recipe.endpoint not in trunk.endpoints:
            raise UsageError(
                f"detector.endpoint must be one of {', '.join(trunk.endpoints)}"
                f"; got {recipe.endpoint!r}."
            )
        self.tail = _tail(trunk, recipe.endpoint) if recipe.tail else []
        if recipe.tail and not self.tail:
            raise UsageError(
                f"Nothing of the backbone follows {recipe.endpoint}: choose "
                "--set detector.tail=false, or an earlier detector.endpoint."
            )
        # What it does not ask is not trained.
        asked = [*trunk.layers_up_to(recipe.endpoint), *self.tail]
        backbone.head.trainable = False
        for layer in trunk.layers_up_to(trunk.endpoints[-1]):
            if not any(layer is other for other in asked):
                layer.trainable = False
        self.dropout = keras.layers.Dropout(recipe.dropout)
        self.actions = keras.layers.Dense(
            actions,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            dtype=tf.float32,
            name="actions",
        )
        self.offsets = None
        if recipe.refine:
            self.offsets = keras.layers.Dense(
                4,
                kernel_initializer=keras.initializers.RandomNormal(
                    stddev=0.001
                ),
                dtype=tf.float32,
                name="offsets",
            )

    def get_config(self):
        return {
            "backbone": keras.saving.serialize_keras_object(self.backbone),
            "recipe": dataclasses.asdict(self.recipe),
            "actions": self.actions.units,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        load = keras.saving.deserialize_keras_object
        changes = {
            "backbone": load(config["backbone"], custom_objects=custom_objects),
            "recipe": DetectorRecipe(**config["recipe"]),
        }
        return cls(**(config | changes))

    def build_from_config(self, config):
        _make_variables(self)

    @property
    def pixels(self):
        """How RGB is scaled for it."""
        return self.backbone.pixels

    def call(self, inputs, training=None):
        features = self.features(inputs["frames"], training)
        return self.answers(features, inputs["boxes"], training)

    def features(self, frames, training=None):
        """What boxes are looked for in: the endpoint; without a tail, its mean.

        Returns:
          `[batch, time', height', width', C]`, or without the time.
        """
        endpoint = self.recipe.endpoint
        net = self.backbone.trunk.up_to(
            endpoint, frames, training=self._moves(training)
        )[endpoint]
        net = tf.cast(net, tf.float32)
        return net if self.tail else tf.reduce_mean(net, 1)

    def answers(self, features, boxes, training=None):
        """Logits and offsets of boxes on `features`; see the class."""
        under = self.under_boxes(features, boxes, training)
        under = self.dropout(under, training=training)
        offsets = None if self.offsets is None else self.offsets(under)
        return self.actions(under), offsets

    def under_boxes(self, features, boxes, training=None):
        """What is seen in each box of `features`: float32 `[batch, N, C]`."""
        net, bins, channels = features, self.recipe.bins, features.shape[-1]
        if not self.tail:
            return self._pooled(roi_align(net, boxes, bins))
        shape, number = tf.shape(net), tf.shape(boxes)[1]
        times, batch = shape[1], shape[0]
        # A box looks at the same place at all times.
        net = tf.reshape(net, [batch * times, shape[2], shape[3], channels])
        net = roi_align(net, tf.repeat(boxes, times, axis=0), bins)
        net = tf.reshape(net, [batch, times, number, bins, bins, channels])
        net = tf.transpose(net, [0, 2, 1, 3, 4, 5])
        net = tf.reshape(net, [batch * number, times, bins, bins, channels])
        for layer in self.tail:
            net = layer(net, training=self._moves(training))
        net = self._pooled(tf.reduce_mean(tf.cast(net, tf.float32), 1))
        return tf.reshape(net, [batch, number, net.shape[-1]])

    def _moves(self, training) -> bool:
        """Whether batch normalisation does as in training."""
        return bool(training) and not self.recipe.freeze_batch_norm

    def _pooled(self, net):
        pool = tf.reduce_max if self.recipe.pooling == "max" else tf.reduce_mean
        return pool(net, [-3, -2])

    def detect(self, frames, boxes):
        """Probabilities `[batch, N, actions]` and boxes `[batch, N, 4]`.

        Boxes are where the person is thought to be, within the picture. Memory
        does not grow with N: so many as `TOGETHER` are looked at at once.
        """
        features = self.features(frames)
        batch, number = tf.shape(boxes)[0], tf.shape(boxes)[1]
        together = tf.clip_by_value(number, 1, TOGETHER)
        parts = -(-number // together)
        more = parts * together - number
        asked = tf.pad(boxes, [[0, 0], [0, more], [0, 0]])
        asked = tf.reshape(asked, [batch, parts, together, 4])

        def of_part(part):
            logits, offsets = self.answers(features, part)
            if offsets is None:
                return logits, part
            return logits, tf.clip_by_value(moved(part, offsets), 0.0, 1.0)

        found = tf.map_fn(
            of_part,
            tf.transpose(asked, [1, 0, 2, 3]),
            fn_output_signature=(
                tf.TensorSpec([None, None, self.actions.units], tf.float32),
                tf.TensorSpec([None, None, 4], tf.float32),
            ),
            parallel_iterations=1,
        )
        logits, where = (
            tf.reshape(
                tf.transpose(part, [1, 0, 2, 3]),
                [batch, parts * together, part.shape[-1]],
            )[:, :number]
            for part in found
        )
        return tf.nn.sigmoid(logits), where


def make_detector(
    backbone: VideoNetwork, recipe: DetectorRecipe, actions: int
) -> Detector:
    """A detector with its variables.

    Raises:
      UsageError: as `Detector`.
    """
    return _make_variables(Detector(backbone, recipe, actions))


def _make_variables(detector: Detector) -> Detector:
    """Calls it once, on the smallest clip that all backbones take."""
    channels = detector.backbone.trunk.channels
    clip = tf.zeros([1, 2, 32, 32, channels])
    detector({"frames": clip, "boxes": tf.zeros([1, 1, 4])})
    return detector


def _tail(trunk, endpoint: str) -> list:
    """The trunk's blocks after an endpoint, without the poolings between.

    What those would halve, RoIAlign has made small already.
    """
    place = trunk.endpoints.index(endpoint)
    after = trunk.endpoints[place + 1 :]
    return [
        layer
        for layer in trunk.layers_up_to(trunk.endpoints[-1])
        if layer.name in after and layer.trainable_variables
    ]
