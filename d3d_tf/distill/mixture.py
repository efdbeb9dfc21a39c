"""Training a mixture whose branches learn together, and from the mixture."""

from d3d_tf.distill.fewer_frames import branch_divergence
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras


@keras.utils.register_keras_serializable("d3d_tf")
class MixtureTrainer(StreamTrainer):
    """Trains a network whose head has `branch_logits`.

    The loss is that of the mixture, plus that of every branch, plus `weight`
    times `branch_divergence` (Lin et al., section 3.4; 9 and a temperature of 3
    in the authors' script).

    Args:
      network: of the family `vlad_mixture`.
      temperature, weight: of the divergence; weight 0 leaves it out.
      options: as of `StreamTrainer`.
    """

    loss_names = (
        "classification_loss",
        "branch_losses",
        "distillation_loss",
    )

    def __init__(
        self,
        network,
        *,
        temperature: float = 3.0,
        weight: float = 9.0,
        **options,
    ):
        super().__init__(network, **options)
        self.temperature, self.weight = temperature, weight

    def forward(self, inputs, training: bool) -> tuple:
        clip = inputs[self.input_key]
        logits, features = self.network.logits_and_features(
            clip, training=training
        )
        last = features[self.network.trunk.endpoints[-1]]
        return self.network.head.branch_logits(last), logits

    def clip_losses(self, inputs, labels, logits) -> dict:
        _, whole, branches, divergence = self._get_trackers()
        losses = [
            self._clip_loss(labels, inputs[:, i])
            for i in range(inputs.shape[1])
        ]
        distance = branch_divergence(inputs, logits, self.temperature)
        return {
            whole: (1.0, self._clip_loss(labels, logits)),
            branches: (1.0, sum(losses)),
            divergence: (self.weight, distance),
        }

    def get_config(self):
        return super().get_config() | {
            "temperature": self.temperature,
            "weight": self.weight,
        }
