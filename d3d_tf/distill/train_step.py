"""Training one stream so that a step does not depend on the replica count."""

import tensorflow as tf

from d3d_tf.distill.terms import logits_and_features
from d3d_tf.distill.waiting import WaitsForData
from d3d_tf.keras_api import keras
from d3d_tf.layers.lengths import lengths
from d3d_tf.layers.passes import in_pass
from d3d_tf.layers.weight_decay import sum_of_losses
from d3d_tf.tasks import DEFAULT, task_of

# The entry of the inputs under which `forward` passes features on.
FEATURES = "network_features"


@keras.utils.register_keras_serializable("d3d_tf")
class StreamTrainer(WaitsForData):
    """A network with a train step that is exact under a strategy.

    Compile and fit it like any Keras model. Its input is a dict with the
    network's input under `input_key` (or the bare tensor), its output the
    network's logits.

    Keras' own step averages the loss over each replica's part of the batch and
    then over replicas, which weighs clips unequally as soon as the parts
    differ in size. Here every loss is a sum over clips divided by the size of
    the *global* batch, and the regularisers are shared out among the replicas,
    so that the summed gradient is that of one device with the whole batch.
    (Batch normalisation has a rule of its own: see `BatchNorm`.)

    With the attribute `passes` above 1 a replica computes its clips in so many
    parts, one after the other, and the step is that of the sum of their
    gradients: what so many times more replicas would do, with the memory of a
    part. It must divide a replica's clips.

    Args:
      network: `[batch, ...]` to `[batch, classes]` logits.
      input_key: its entry in the input dict.
      loss_names: the names of what `clip_losses` returns, if other ones.
    """

    # The names of what `clip_losses` returns; a metric each.
    loss_names: tuple[str, ...] = ("classification_loss",)
    # Whether `forward` passes features on.
    passes_features = False
    # In how many parts a step's clips are computed, one after the other.
    passes = 1

    def __init__(
        self,
        network,
        *,
        input_key: str = "frames",
        loss_names: tuple[str, ...] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.network = network
        self.input_key = input_key
        trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("loss", *(loss_names or self.loss_names))
        }
        # In a closure Keras does not find them: else it would report them
        # twice and count their variables as weights.
        self._get_trackers = lambda: trackers

    def compile(self, optimizer="sgd", loss=None, **kwargs):
        """As Keras; `loss` compares labels with logits, one value per clip.

        Default: that of the task of recipes that name none.
        """
        if loss is None:
            loss = task_of(DEFAULT).loss()
        super().compile(optimizer=optimizer, loss=loss, **kwargs)
        self._clip_loss = _per_clip(loss)

    @property
    def metrics(self):
        return [*self._get_trackers().values(), *super().metrics]

    def get_config(self):
        return {
            "network": keras.saving.serialize_keras_object(self.network),
            "input_key": self.input_key,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        load = keras.saving.deserialize_keras_object
        network = load(config["network"], custom_objects=custom_objects)
        return cls(**(config | {"network": network}))

    def build_from_config(self, config):
        self.built = True  # The network is: it is built with its own config.

    def compile_from_config(self, config):
        # Keras itself does not where `compile` is not its own.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def call(self, inputs, training=None, features=False):
        if isinstance(inputs, dict):
            inputs = inputs[self.input_key]
        if features:
            return logits_and_features(self.network, inputs, training=training)
        return self.network(inputs, training=training)

    def beside(self) -> dict:
        """What else a checkpoint of the training must hold, by name."""
        return {}

    def trained(self) -> list:
        """The networks that a step trains."""
        return [self.network]

    def take_average(self) -> None:
        """Gives the network the averages of its weights (Keras' `use_ema`)."""
        optimizer = inner_optimizer(self.optimizer)
        optimizer.finalize_variable_values(self.trainable_variables)

    def forward(self, inputs, training: bool) -> tuple:
        """The inputs with what else `clip_losses` looks at, and logits."""
        if not self.passes_features:
            return inputs, self(inputs, training=training)
        logits, features = self(inputs, training=training, features=True)
        return inputs | {FEATURES: features}, logits

    def clip_losses(self, inputs, labels, logits) -> dict:
        """`{name: (weight, float32 [batch])}`; the total is weighted so."""
        _, *names = self._get_trackers()
        losses = self.label_losses(inputs, labels, logits)
        return dict(zip(names, losses, strict=True))

    def label_losses(self, inputs, labels, logits, weight: float = 1.0) -> list:
        """`(weight, float32 [batch])` of what is learned without a teacher.

        Args:
          inputs, logits: of `forward`.
          labels: of the clips.
          weight: of the losses of labels.
        """
        return [(weight, self._clip_loss(labels, logits))]

    def train_step(self, data):
        self.learn(data)
        return {metric.name: metric.result() for metric in self.metrics}

    def learn(self, data) -> tuple:
        """Makes a step; returns what `forward` said before it.

        With several passes this is not kept, and `(None, None)`.
        """
        _, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        context = tf.distribute.get_replica_context()
        local = tf.cast(tf.shape(labels)[0], tf.float32)
        global_batch = context.all_reduce(tf.distribute.ReduceOp.SUM, local)
        if self.passes == 1:
            slopes, inputs, logits = self._slopes(data, global_batch)
        else:
            inputs = logits = None
            slopes = self._accumulated(data, global_batch)
        self.optimizer.apply_gradients(
            zip(slopes, self.trainable_variables, strict=True)
        )
        return inputs, logits

    def _slopes(self, data, global_batch) -> tuple:
        """The gradients of clips in the global batch, and `forward`."""
        slopes, inputs, logits, counted = self.slopes(data, global_batch)
        self._count(*counted)
        return slopes, inputs, logits

    def slopes(self, data, global_batch) -> tuple:
        """What clips that are computed together say of a step.

        Args:
          data: inputs, labels, and weights of clips if they have any.
          global_batch: the clips of all of the step.

        Returns:
          The gradient of each of `trainable_variables` (None: it has none),
          what `forward` said, and what the metrics count.
        """
        inputs, labels, clip_weights = keras.utils.unpack_x_y_sample_weight(
            data
        )
        replicas = tf.distribute.get_replica_context().num_replicas_in_sync
        with tf.GradientTape() as tape:
            inputs, logits = self.forward(inputs, training=True)
            total, losses = self._total(inputs, labels, logits, clip_weights)
            loss = tf.reduce_sum(total) / global_batch
            penalty = self._penalty()
            loss += penalty / (replicas * self.passes)
        found = self.optimizer.compute_gradients(
            loss, self.trainable_variables, tape
        )
        counted = labels, logits, clip_weights, total + penalty, losses
        return [slope for slope, _ in found], inputs, logits, counted

    def _accumulated(self, data, global_batch) -> list:
        """The sums of the gradients of all passes."""
        parts = tf.nest.map_structure(self._in_parts, data)
        unreached: set[int] = set()

        def add(index, sums):
            part = tf.nest.map_structure(lambda values: values[index], parts)
            with in_pass(index, self.passes):
                slopes, *_ = self._slopes(part, global_batch)
            unreached.update(k for k, s in enumerate(slopes) if s is None)
            return index + 1, [
                total if slope is None else total + slope
                for total, slope in zip(sums, slopes, strict=True)
            ]

        _, sums = tf.while_loop(
            lambda index, _: index < self.passes,
            add,
            (0, [tf.zeros(v.shape, v.dtype) for v in self.trainable_variables]),
            # One after the other, or their memory adds up.
            parallel_iterations=1,
        )
        return [None if k in unreached else s for k, s in enumerate(sums)]

    def _in_parts(self, values):
        """`[batch, ...]` as `[passes, batch / passes, ...]`."""
        batch, *rest = lengths(values)
        return tf.reshape(values, [self.passes, batch // self.passes, *rest])

    def test_step(self, data):
        inputs, labels, clip_weights = keras.utils.unpack_x_y_sample_weight(
            data
        )
        inputs, logits = self.forward(inputs, training=False)
        total, losses = self._total(inputs, labels, logits, clip_weights)
        total += self._penalty()
        self._count(labels, logits, clip_weights, total, losses)
        return {metric.name: metric.result() for metric in self.metrics}

    def _penalty(self):
        """The regularisers' loss, of what the optimiser lets decay."""
        optimizer = inner_optimizer(self.optimizer)
        spared = getattr(optimizer, "spares_vectors", False)
        return sum_of_losses(self, vectors=not spared)

    def _total(self, inputs, labels, logits, clip_weights):
        losses = self.clip_losses(inputs, labels, logits)
        total = tf.add_n([weight * loss for weight, loss in losses.values()])
        if clip_weights is not None:
            total *= tf.cast(clip_weights, total.dtype)
        return total, losses

    def _count(self, labels, logits, clip_weights, total, losses):
        # Metrics see single clips, so their means are over the global batch.
        trackers = self._get_trackers()
        trackers["loss"].update_state(total)
        for name, (_, loss) in losses.items():
            trackers[name].update_state(loss)
        self.compiled_metrics.update_state(labels, logits, clip_weights)


def _per_clip(loss):
    """A loss without reduction: labels and logits to `[batch]`."""
    if isinstance(loss, keras.losses.Loss):
        config = loss.get_config() | {"reduction": "none"}
        return type(loss).from_config(config)
    return keras.losses.get(loss)


def inner_optimizer(optimizer):
    """The one that has the slots, not one that scales its loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)
