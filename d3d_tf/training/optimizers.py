"""Keras' Adam and SGD, bit for bit, with fewer operations.

Keras computes rate and bias correction anew for every variable, in 37
operations (Adam): half of a graph whose first step then takes twice as long.
Here both are computed once and passed to TensorFlow's fused updates. Variables
and checkpoints are those of Keras.

Only on CPUs: where there is a GPU, Keras compiles its update with XLA.
"""

import types

import tensorflow as tf

from d3d_tf.keras_api import keras

# TSM's multiples of the rate by the end of a variable's name, the first that
# fits; all others learn at the rate itself (`get_optim_policies` with `fc_lr5`
# of TSM's code, MMAction2's TSMOptimWrapperConstructor). Of these, neither
# biases nor the scales and shifts of normalisation decay.
TSM_RATES = {"fc_cls/kernel": 5.0, "fc_cls/bias": 10.0, "bias": 2.0}


@keras.utils.register_keras_serializable("d3d_tf")
class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`, with its arguments and its results."""

    def apply_gradients(self, grads_and_vars, *args, **kwargs):
        step = tf.cast(self.iterations + 1, tf.float32)
        powers = [tf.pow(beta, step) for beta in (self.beta_1, self.beta_2)]
        # Keras would take a dict or tuple for a part of the checkpoint.
        self._shared = types.SimpleNamespace(
            step=_rate(self) * tf.sqrt(1 - powers[1]) / (1 - powers[0]),
            minus_m=tf.constant(-(1 - self.beta_1), tf.float32),
            minus_v=tf.constant(-(1 - self.beta_2), tf.float32),
            epsilon=tf.constant(self.epsilon, tf.float32),
            zero=tf.constant(0.0),
            one=tf.constant(1.0),
        )
        return super().apply_gradients(grads_and_vars, *args, **kwargs)

    def update_step(self, gradient, variable):
        other = self.amsgrad or getattr(self, "adaptive_epsilon", False)
        if other or not _can_be_fused(self, gradient):
            return super().update_step(gradient, variable)
        index = self._index_dict[self._var_key(variable)]
        m = self._momentums[index].handle
        v = self._velocities[index].handle
        shared = self._shared
        _approach(m, gradient, shared.minus_m)
        _approach(v, tf.raw_ops.Square(x=gradient), shared.minus_v)
        # The kernel's own averages stand still: its 1 - beta is another float32
        # than Keras'.
        return tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=m,
            v=v,
            beta1_power=shared.zero,
            beta2_power=shared.zero,
            lr=shared.step,
            beta1=shared.one,
            beta2=shared.one,
            epsilon=shared.epsilon,
            grad=gradient,
        )


@keras.utils.register_keras_serializable("d3d_tf")
class SGD(keras.optimizers.SGD):
    """`keras.optimizers.SGD`, with its arguments and its results.

    Args:
      groups: `one`, or `tsm`: variables learn at their own multiples of the
        rate, see `TSM_RATES`, and vectors do not decay in a `StreamTrainer`.
      options: of `keras.optimizers.SGD`.
    """

    def __init__(self, learning_rate=0.01, *, groups: str = "one", **options):
        super().__init__(learning_rate, **options)
        self.groups = groups

    @property
    def spares_vectors(self) -> bool:
        """Whether biases, scales and shifts do not decay."""
        return self.groups == "tsm"

    def multiple(self, variable) -> float:
        """Of the rate, at which a variable learns."""
        if self.groups == "tsm":
            for end, multiple in TSM_RATES.items():
                if variable.name.partition(":")[0].endswith(end):
                    return multiple
        return 1.0

    def apply_gradients(self, grads_and_vars, *args, **kwargs):
        rate = tf.convert_to_tensor(_rate(self))
        multiples = {1.0, *TSM_RATES.values()} if self.spares_vectors else {1.0}
        self._shared = types.SimpleNamespace(
            steps={m: rate * m if m != 1 else rate for m in multiples},
            momentum=tf.constant(self.momentum, tf.float32),
        )
        return super().apply_gradients(grads_and_vars, *args, **kwargs)

    def update_step(self, gradient, variable):
        multiple = self.multiple(variable)
        if not _can_be_fused(self, gradient):
            # A step is proportional to the gradient, also with momentum.
            if multiple != 1:
                gradient *= multiple
            return super().update_step(gradient, variable)
        index = self._index_dict[self._var_key(variable)]
        return tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.momentums[index].handle,
            lr=self._shared.steps[multiple],
            grad=gradient,
            momentum=self._shared.momentum,
            use_nesterov=self.nesterov,
        )

    def get_config(self):
        return super().get_config() | {"groups": self.groups}


def _rate(optimizer):
    rate = optimizer._learning_rate
    return rate(optimizer.iterations) if callable(rate) else rate


def _can_be_fused(optimizer, gradient) -> bool:
    sparse = isinstance(gradient, tf.IndexedSlices)
    half = gradient.dtype != tf.float32
    return not (optimizer.jit_compile or sparse or half)


def _approach(average, value, minus_share):
    """average += (value - average) * share."""
    now = tf.raw_ops.ReadVariableOp(resource=average, dtype=value.dtype)
    tf.raw_ops.ResourceApplyGradientDescent(
        var=average,
        alpha=minus_share,
        delta=tf.raw_ops.Sub(x=value, y=now),
    )
