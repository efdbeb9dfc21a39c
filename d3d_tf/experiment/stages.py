"""The networks of one run: trained if missing, scored, put in a table."""

import tensorflow as tf

from d3d_tf.config import FinetuneRecipe, Recipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UserError
from d3d_tf.evaluation.metrics import average
from d3d_tf.experiment.latency import milliseconds_per_video
from d3d_tf.experiment.rows import Row
from d3d_tf.keras_api import keras
from d3d_tf.models import make_network
from d3d_tf.roles import BASELINE, ROLES, STREAM, STUDENT, TEACHER, titles
from d3d_tf.runs.folder import Run
from d3d_tf.runs.warm_start import Initial
from d3d_tf.screen import say
from d3d_tf.training.checkpoints import is_finished, restore
from d3d_tf.training.freezing import describe_freezing, freeze
from d3d_tf.training.going_back import reopen_damaged
from d3d_tf.training.scoring import compile_forward, score_split
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.trainer import train


class Experiment:
    """One recipe on one data set in one run folder.

    Args:
      recipe: with all sizes set.
      dataset: the records.
      run: a started run folder.
      donor: a run whose finished teacher and baseline are used instead of
        training them here. It may be of another architecture.
      initial: where the networks that are trained here start; None: from
        scratch.
      distilled: the student learns from a teacher; else it is fine-tuned, from
        labels alone.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        run: Run,
        donor: Run | None = None,
        initial: Initial | None = None,
        distilled: bool = True,
    ):
        policy = recipe.train.mixed_precision
        if policy == "mixed_float16" and not tf.config.list_physical_devices(
            "GPU"
        ):
            raise UserError(
                "train.mixed_precision=mixed_float16 needs a GPU: TensorFlow "
                "has no float16 pooling on CPUs. Use float32 there."
            )
        keras.mixed_precision.set_global_policy(policy)
        self.recipe = recipe
        self.dataset = dataset
        self.run = run
        self.donor = donor
        self.initial = initial
        self.distilled = distilled
        self.strategy = make_strategy(recipe.train.batch_size)
        self._networks: dict[str, keras.Model] = {}
        self._rows: dict[str, Row] = {}

    @property
    def teacher_role(self) -> str:
        """Which network the student learns from."""
        flow = self.recipe.distill.teacher_stream == "flow"
        return TEACHER if flow else BASELINE

    def network(self, role: str):
        """The trained network; trains it, or goes on, if it is not there."""
        if role not in self._networks:
            if self.is_finished(role):
                with self.strategy.scope():
                    network = self._make(role)
                restore(network, self._home(role).checkpoints(role))
            else:
                network = self._train(role)
            self._networks[role] = network
        return self._networks[role]

    def row(self, role: str) -> Row:
        """A line of the table, for a network or a fused pair."""
        if role not in self._rows:
            if len(ROLES[role].parts) > 1:
                self._rows[role] = self._fused_row(role)
            else:
                self._rows[role] = self._network_row(role)
        return self._rows[role]

    def name(self, role: str) -> str:
        """What the row is called on the screen."""
        return titles(finetuned=self.run.is_finetuned())[role]

    def devices(self) -> str:
        """What it runs on, for the protocol."""
        gpus = tf.config.list_physical_devices("GPU")
        count = self.strategy.num_replicas_in_sync
        return f"{count} {'GPU' if gpus else 'CPU'} replica"

    def _home(self, role: str) -> Run:
        if self.donor and role != STUDENT:
            if is_finished(self.donor.checkpoints(role)):
                return self.donor
        return self.run

    def _make(self, role: str):
        home = self._home(role)
        recipe = self.recipe if home is self.run else home.recipe()
        return make_network(
            recipe.network, len(self.dataset.classes), STREAM[role]
        )

    def _train(self, role: str):
        distill = self.recipe.distill
        streams: tuple[str, ...] = (STREAM[role],)
        teacher = None
        learns = role == STUDENT and self.distilled
        if learns:
            teacher = self.network(self.teacher_role)
            streams = tuple({"frames", STREAM[self.teacher_role]})

        def make_trainer():
            network = self._make(role)
            if self.initial:
                self.initial.fill(network, role)
            if not self.distilled:
                freeze(network, self.recipe.finetune)
                say(describe_freezing(network, self.recipe.finetune))
            if not learns:
                return StreamTrainer(network, input_key=STREAM[role])
            return Distiller(
                teacher,
                network,
                distillation_loss_weight=distill.weight,
                teacher_input_key=STREAM[self.teacher_role],
            )

        network = train(
            make_trainer,
            self.dataset,
            self.recipe,
            strategy=self.strategy,
            streams=streams,
            checkpoints=self.run.checkpoints(role),
            tensorboard=self.run.tensorboard(role),
            title=f"training {self.name(role)}",
        )
        if not self.distilled:
            # What is counted and exported can be trained as a whole.
            freeze(network, FinetuneRecipe())
        return network

    def is_finished(self, role: str) -> bool:
        """Whether the network is trained."""
        return is_finished(self._home(role).checkpoints(role))

    def reopen_damaged(self) -> None:
        """Networks whose last checkpoint is damaged are trained on here.

        What was scored was another network: not to the bit the same on a GPU.
        """
        for role in STREAM:
            if reopen_damaged(self.run.checkpoints(role)):
                self.run.costs(role).unlink(missing_ok=True)

    def _network_row(self, role: str) -> Row:
        """Scores and costs; those of a finished network are kept."""
        digest = self.dataset.info["digest"]
        views = self.recipe.evaluation
        home = self._home(role)
        row = None
        if self.is_finished(role):
            row = Row.load(role, home, digest, views)
        if row is None:
            row = self._score(role)
        elif home is self.run:
            return row
        # Also a donor's: the report and `compare` look for it in the run.
        row.save(self.run, digest, views)
        return row

    def _score(self, role: str) -> Row:
        network = self.network(role)
        forward = compile_forward(network.folded())
        scores = {}
        clip, views = self.recipe.clip, self.recipe.evaluation
        # Longer clips take as much memory in smaller batches.
        shrink = max(1, views.clip_frames // clip.frames)
        for split in self.dataset.splits:
            scores[split] = score_split(
                forward,
                self.dataset,
                split,
                clip,
                stream=STREAM[role],
                batch_size=max(1, 4 * self.recipe.train.batch_size // shrink),
                title=f"scoring {self.name(role)} on {split}",
                views=views,
            )
        return Row(
            role,
            scores,
            parameters=sum(
                int(v.shape.num_elements()) for v in network.trainable_variables
            ),
            milliseconds=milliseconds_per_video(
                forward, self.dataset, self.recipe, stream=STREAM[role]
            ),
        )

    def _fused_row(self, role: str) -> Row:
        first, second = (self.row(part) for part in ROLES[role].parts)
        return Row(
            role,
            {
                split: average(first.scores[split], second.scores[split])
                for split in first.scores
            },
            parameters=first.parameters + second.parameters,
            milliseconds=first.milliseconds + second.milliseconds,
        )
