"""One recipe on one data set in one run folder: what is there and what is not.

Nothing here trains or scores: `stages` does.
"""

import contextlib

import tensorflow as tf

from d3d_tf.config import Recipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.errors import UserError
from d3d_tf.experiment.rows import Row
from d3d_tf.keras_api import keras
from d3d_tf.roles import BASELINE, STREAM, STUDENT, TEACHER, titles
from d3d_tf.runs.folder import Run
from d3d_tf.runs.networks import make_role
from d3d_tf.runs.warm_start import Initial
from d3d_tf.training.checkpoints import is_finished, restore
from d3d_tf.training.going_back import reopen_damaged
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.workers import started


class Experiment:
    """What the steps of a job share.

    Args:
      recipe: with all sizes set.
      dataset: the records; they are read for the recipe's task.
      run: a started run folder. Where --mode=finetune started it, its student
        learns from labels alone and not from a teacher.
      donor: a run whose finished teacher and baseline are used instead of
        training them here. It may be of another architecture.
      initial: where the networks that are trained here start; None: from
        scratch.
      flow_mismatch: flows that differ and were accepted, for results.json.
      teacher_logits: of another program, from which the student learns instead
        of a teacher here; None: there are none.

    Attributes:
      strategy: where networks are trained and run.
      finetuned: whether --mode=finetune made the run.
      rows: of the results table, as far as they are known.

    Raises:
      UserError: this machine has no device for the recipe's precision, or
        several workers have different records or weights to start from.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        run: Run,
        donor: Run | None = None,
        initial: Initial | None = None,
        flow_mismatch: dict | None = None,
        teacher_logits: TeacherLogits | None = None,
    ):
        set_precision(recipe.train.mixed_precision)
        self.recipe = recipe
        self.dataset = dataset.for_task(recipe.task)
        self.run = run
        self.donor = donor
        self.initial = initial
        self.flow_mismatch = flow_mismatch
        self.teacher_logits = teacher_logits
        self.finetuned = run.is_finetuned()
        if workers := started():
            found = {
                "records of the digest": dataset.info["digest"],
                "the start": run.weights(),
            }
            workers.require_same(found)
        self.strategy = make_strategy(
            recipe.train.batch_size,
            passes=recipe.train.accumulate,
            kind=recipe.train.strategy,
        )
        self.rows: dict[str, Row] = {}
        self._networks: dict[tuple[str, bool], keras.Model] = {}

    @property
    def teacher_role(self) -> str:
        """The network that a distilled student learns from."""
        flow = self.recipe.distill.teacher_stream == "flow"
        return TEACHER if flow else BASELINE

    def home(self, role: str) -> Run:
        """The run that holds a network: the donor's finished ones are used."""
        donor = self.donor
        return donor if donor and gives(donor, role, self.recipe) else self.run

    def is_finished(self, role: str) -> bool:
        """Whether the network is trained."""
        return is_finished(self.home(role).checkpoints(role))

    def make(self, role: str, *, restored: bool = False):
        """A new network, with the architecture of the run that holds it.

        Args:
          role: of the network.
          restored: see `make_network`.
        """
        home = self.home(role)
        recipe = self.recipe if home is self.run else home.recipe()
        classes = len(self.dataset.classes)
        return make_role(recipe, role, classes, restored=restored)

    def keep(self, role: str, network) -> None:
        """Lets `network` return what was just trained, without reading it."""
        self._networks[role, True] = network

    def forget(self, role: str) -> None:
        """Frees a network's memory; `network` reads it again."""
        for together in (True, False):
            self._networks.pop((role, together), None)

    def network(self, role: str, *, together: bool = False):
        """A trained network, read from its checkpoint the first time.

        Args:
          role: which.
          together: of several workers, for what all do at the same time: else
            each has one of its own, which it runs as often as it likes.

        Raises:
          UserError: there is no checkpoint, or it is damaged.
        """
        key = (role, together or not started())
        if key not in self._networks:
            with self.strategy.scope() if key[1] else contextlib.nullcontext():
                network = self.make(role, restored=True)
            restore(network, self.home(role).checkpoints(role))
            self._networks[key] = network
        return self._networks[key]

    def title(self, role: str) -> str:
        """The name of a row on the screen."""
        return titles(self.recipe, finetuned=self.finetuned)[role]

    def devices(self) -> str:
        """The devices it runs on, for the protocol."""
        gpus = tf.config.list_physical_devices("GPU")
        count = self.strategy.num_replicas_in_sync
        return f"{count} {'GPU' if gpus else 'CPU'} replica"

    def reopen_damaged(self) -> None:
        """Networks whose last checkpoint is damaged count as unfinished again.

        Their scores are removed: on a GPU, the network that training ends with
        now need not be the same to the bit.
        """
        for role in STREAM:
            if reopen_damaged(self.run.checkpoints(role)):
                self.run.costs(role).unlink(missing_ok=True)


def gives(donor: Run, role: str, recipe: Recipe) -> bool:
    """Whether a run's network is used in another run's place.

    Args:
      donor: the run.
      role: of the network.
      recipe: of the other run. Of features, a baseline must see its frames.
    """
    if role == STUDENT or not is_finished(donor.checkpoints(role)):
        return False
    return donor.recipe().frames_of(role) == recipe.frames_of(role)


def set_precision(policy: str) -> None:
    """Makes it the policy of the networks made from now on.

    Raises:
      UserError: this machine cannot compute with it.
    """
    if policy == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        raise UserError(
            "train.mixed_precision=mixed_float16 needs a GPU: TensorFlow "
            "has no float16 pooling on CPUs. Use float32 there."
        )
    keras.mixed_precision.set_global_policy(policy)
