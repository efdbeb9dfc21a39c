"""Who does what: actions of persons in boxes, on a video network's features.

D3D (section 5.5) takes Faster R-CNN with boxes that all actions share; X3D and
SlowFast average over time, take the largest value under a box, and leave boxes
as they are. `DetectorRecipe` has what they differ in.
"""

import dataclasses

import tensorflow as tf

from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.detector.boxes import is_there, moved
from d3d_tf.detector.many_boxes import in_parts
from d3d_tf.detector.persons import PersonFinder
from d3d_tf.detector.roi_align import roi_align
from d3d_tf.detector.suppression import suppressed
from d3d_tf.errors import UsageError
from d3d_tf.keras_api import keras
from d3d_tf.models.network import VideoNetwork


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
      persons: of the RPN, if `recipe.rpn` wants one.

    Attributes:
      backbone: as given, but that layers which are not needed are frozen;
        checkpoints know it by this name.
      persons: a `PersonFinder`; None: others find the persons.

    Raises:
      UsageError: the backbone has no endpoint `recipe.endpoint`, or nothing
        after it that could be a tail.
      UserError: an RPN is wanted, and Model Garden is not installed.
    """

    def __init__(
        self,
        backbone: VideoNetwork,
        recipe: DetectorRecipe,
        actions: int,
        persons: PersonsRecipe | None = None,
        **kwargs,
    ):
        # Half precision has no eight bits to spare for a box.
        super().__init__(autocast=False, **kwargs)
        self.backbone = backbone
        self.recipe = recipe
        self.persons = None
        if recipe.rpn:
            self.persons = PersonFinder(persons or PersonsRecipe())
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
        self.dropout = keras.layers.Dropout(recipe.dropout, dtype=tf.float32)
        self.actions = _dense(actions, 0.01, "actions")
        self.offsets = _dense(4, 0.001, "offsets") if recipe.refine else None

    def get_config(self):
        return {
            "backbone": keras.saving.serialize_keras_object(self.backbone),
            "recipe": dataclasses.asdict(self.recipe),
            "actions": self.actions.units,
            "persons": self.persons and dataclasses.asdict(self.persons.recipe),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        load = keras.saving.deserialize_keras_object
        changes = {
            "backbone": load(config["backbone"], custom_objects=custom_objects),
            "recipe": DetectorRecipe(**config["recipe"]),
        }
        # Files of before there was an RPN have no such entry.
        if config.get("persons"):
            changes["persons"] = PersonsRecipe(**config["persons"])
        return cls(**(config | changes))

    def build_from_config(self, config):
        _make_variables(self)

    @property
    def pixels(self):
        """How RGB is scaled for it."""
        return self.backbone.pixels

    def call(self, inputs, training=None):
        features = self.features(inputs["frames"], training)
        boxes = tf.cast(inputs["boxes"], tf.float32)
        return self.answers(features, boxes, training)

    def features(self, frames, training=None):
        """What boxes are looked for in: the endpoint; without a tail, its mean.

        Returns:
          `[batch, time', height', width', C]`, or without the time.
        """
        return self.features_of(self.backbone.trunk, frames, training)

    def features_of(self, trunk, frames, training=None):
        """As `features`, of another trunk, as a folded one."""
        endpoint, moves = self.recipe.endpoint, self.moves(training)
        net = trunk.up_to(endpoint, frames, training=moves)[endpoint]
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
            net = layer(net, training=self.moves(training))
        net = self._pooled(tf.reduce_mean(tf.cast(net, tf.float32), 1))
        return tf.reshape(net, [batch, number, net.shape[-1]])

    def moves(self, training) -> bool:
        """Whether batch normalisation does as in training."""
        return bool(training) and not self.recipe.freeze_batch_norm

    def _pooled(self, net):
        pool = tf.reduce_max if self.recipe.pooling == "max" else tf.reduce_mean
        return pool(net, [-3, -2])

    def where(self, boxes, offsets):
        """Boxes as their offsets, or None, move them, within the picture."""
        if offsets is None:
            return boxes
        return tf.clip_by_value(moved(boxes, offsets), 0.0, 1.0)

    def detect(self, frames, boxes):
        """Probabilities `[batch, N, actions]` and boxes `[batch, N, 4]`.

        Boxes are where the person is thought to be, within the picture.
        """
        return self.detect_in(self.features(frames), boxes)

    def detect_in(self, features, boxes):
        """As `detect`, on `features`."""

        def answer(part):
            logits, offsets = self.answers(features, part)
            return logits, self.where(part, offsets)

        logits, where = in_parts(answer, boxes, self.actions.units)
        return tf.nn.sigmoid(logits), where

    def keyframes(self, frames):
        """What the RPN is shown: `[batch, height, width, 3]` in [0, 1]."""
        middle = frames[:, tf.shape(frames)[1] // 2]
        return self.pixels.to_unit(tf.cast(middle, tf.float32))

    def find(self, frames):
        """Where the RPN sees persons in the clips' keyframes.

        Args:
          frames: as the class has them; the keyframe is in the middle.

        Returns:
          Boxes float32 `[batch, N, 4]` and their scores `[batch, N]`, see
          `PersonFinder.propose`.

        Raises:
          UsageError: there is no RPN.
        """
        return self.find_in(self.keyframes(frames))

    def find_in(self, pictures):
        """As `find`, in keyframes; see `keyframes`."""
        finder = self._finder()
        return finder.propose(finder(pictures, training=False), pictures)

    def detect_persons(self, frames):
        """Who does what, where the RPN sees persons.

        Returns:
          As `detect` of the boxes that `find` gives, but that of two persons
          who share more than `persons.suppress_iou` the one of whom an action
          is less likely has probability 0 of it; rows without a box are zeros.

        Raises:
          UsageError: there is no RPN.
        """
        boxes, _ = self.find(frames)
        return self.detect_found(self.features(frames), boxes)

    def detect_found(self, features, boxes):
        """As `detect_persons`, of what `find` gave and `features`."""
        iou = self._finder().recipe.suppress_iou
        probabilities, where = self.detect_in(features, boxes)
        where = tf.where(is_there(boxes) & is_there(where), where, 0.0)
        return suppressed(probabilities, where, iou), where

    def _finder(self) -> PersonFinder:
        if self.persons is None:
            raise UsageError(
                "This detector has no RPN: neither detector.boxes nor "
                "detector.scored was rpn. Give `detect` the boxes of persons."
            )
        return self.persons


def make_detector(
    backbone: VideoNetwork,
    recipe: DetectorRecipe,
    actions: int,
    persons: PersonsRecipe | None = None,
) -> Detector:
    """A detector with its variables.

    Raises:
      UserError: as `Detector`.
    """
    return _make_variables(Detector(backbone, recipe, actions, persons))


def _make_variables(detector: Detector) -> Detector:
    """Calls it once, on the smallest clip that all backbones take."""
    channels = detector.backbone.trunk.channels
    clip = tf.zeros([1, 2, 32, 32, channels])
    detector({"frames": clip, "boxes": tf.zeros([1, 1, 4])})
    return detector


def _dense(units: int, deviation: float, name: str):
    return keras.layers.Dense(
        units,
        kernel_initializer=keras.initializers.RandomNormal(stddev=deviation),
        dtype=tf.float32,
        name=name,
    )


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
