"""Training a mixture whose branches learn together, and from the mixture."""

from d3d_tf.distill import BRANCHES
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.fewer_frames import branch_divergence
from d3d_tf.distill.train_step import FEATURES, StreamTrainer
from d3d_tf.keras_api import keras


@keras.utils.register_keras_serializable("d3d_tf")
class MixtureTrainer(StreamTrainer):
    """Trains a network whose head has `branch_logits`.

    The loss is that of the mixture, plus that of every branch, plus `weight`
    times `branch_divergence` (Lin et al., section 3.4; 9 and a temperature of 3
    in the authors' script).

    Args:
      networks: one, of the family `vlad_mixture`.
      temperature, weight: of the divergence; weight 0 leaves it out.
      options: as of `StreamTrainer`.
    """

    loss_names = ("classification_loss", "branch_losses", "branch_divergence")
    passes_features = True

    def __init__(
        self,
        *networks,
        temperature: float = 3.0,
        weight: float = 9.0,
        **options,
    ):
        super().__init__(*networks, **options)
        self.temperature, self.weight = temperature, weight

    def forward(self, inputs, training: bool) -> tuple:
        seen, logits = super().forward(inputs, training)
        features = seen[FEATURES]
        last = features[self.network.trunk.endpoints[-1]]
        branches = {BRANCHES: self.network.head.branch_logits(last)}
        return seen | {FEATURES: features | branches}, logits

    def label_losses(self, inputs, labels, logits, weight: float = 1.0) -> list:
        branches = inputs[FEATURES][BRANCHES]
        own = [
            self._clip_loss(labels, branches[:, i])
            for i in range(branches.shape[1])
        ]
        distance = branch_divergence(branches, logits, self.temperature)
        return [
            (weight, self._clip_loss(labels, logits)),
            (weight, sum(own)),
            (self.weight, distance),
        ]

    def get_config(self):
        return super().get_config() | {
            "temperature": self.temperature,
            "weight": self.weight,
        }


@keras.utils.register_keras_serializable("d3d_tf")
class MixtureDistiller(MixtureTrainer, Distiller):
    """A `Distiller` of a mixture, whose own loss is that of `MixtureTrainer`.

    The term `{where: branches, loss: soft_targets}` compares each branch with
    the teacher's answer, its mixture where it is one. A term of an endpoint
    compares each branch's features with those of the same branch of a teacher
    that is a mixture, too: they are side by side.
    """

    label_names = ("student_loss", "branch_losses", "branch_divergence")
