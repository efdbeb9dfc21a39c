"""The sections of a recipe that say how networks are trained."""

import dataclasses
from typing import Annotated

from annotated_types import Ge, Gt, Lt
from pydantic import model_validator

from d3d_tf.config.network import TermRecipe
from d3d_tf.config.views import Automatic
from d3d_tf.sections import (
    Flag,
    Later,
    NotNegative,
    Number,
    OneOf,
    Positive,
    PositiveWhole,
    Share,
    Text,
    Whole,
    require,
    section,
)

Fall = Annotated[Number, Gt(0), Lt(1)]
Stream = Annotated[str, OneOf("flow", "rgb")]


@section
class TrainRecipe:
    """One training; all networks of a run get the same."""

    stream: Stream = "flow"
    """What `--mode=train` trains: `flow` (the teacher) or `rgb`."""
    steps: PositiveWhole = 140_000
    batch_size: PositiveWhole = 336
    """Clips per step over all replicas."""
    accumulate: Annotated[PositiveWhole, Later()] = 1
    """Each replica computes its clips in so many parts, one after the other,
    and adds their gradients up: the memory of a part, and the step that so many
    times more replicas would make. Batch normalisation has the statistics of a
    part, as of a device."""
    optimizer: Annotated[str, OneOf("sgd", "adam")] = "sgd"
    """`sgd` with momentum, as in the paper, or `adam`."""
    learning_rate: Positive = 0.1
    """At the first step."""
    schedule: Annotated[
        str, OneOf("cosine", "steps", "staircase", "constant")
    ] = "cosine"
    """How the rate falls: `cosine`, half of one to zero; `steps`, to a tenth
    after 5/7 and to a hundredth after 6/7 of the steps; `staircase`, to 0.8 of
    what it was, again and again; `constant`, not at all."""
    rate_falls_at: Annotated[tuple[Fall, ...], Later()] = ()
    """Shares of the steps after which `schedule=steps` divides the rate by 10;
    none: 5/7 and 6/7."""
    falls_every: Annotated[Whole, Ge(0), Later()] = 0
    """Steps between the falls of `schedule=staircase`."""
    warmup_steps: Annotated[Automatic, Later()] = 0
    """First steps, in which the rate rises linearly from `warmup_from` to what
    the schedule has then."""
    warmup_from: Annotated[NotNegative, Later()] = 0.0
    """The rate of the very first step."""
    warmup_along: Annotated[Flag, Later()] = False
    """The rate is not a straight line, but the schedule's own times a share
    that rises linearly to 1 (MMCV's)."""
    clip_norm: Annotated[NotNegative, Later()] = 0.0
    """The most that the norm of the whole gradient may be; a longer one is
    shortened. 0: it stays as it is. The gradient is that of all replicas, with
    that of the weight decay."""
    clip_each_norm: Annotated[NotNegative, Later()] = 0.0
    """As `clip_norm`, but each variable's gradient is shortened by itself."""
    groups: Annotated[str, OneOf("one", "tsm"), Later()] = "one"
    """`tsm`: TSM's groups of variables. The classifier learns at 5 times the
    rate, its bias at 10 times, other biases at 2 times, and weight decay spares
    biases and the scales and shifts of normalisation."""
    average: Annotated[Share, Later()] = 0.0
    """Above 0, the network that is scored and exported has the exponential
    moving average of the weights, of which each step keeps this share (Keras'
    `use_ema`). Statistics of batch normalisation are those of the training;
    `evaluation.precise_batch_norm` makes them those of the average."""
    momentum: Share = 0.9
    nesterov: Annotated[Flag, Later()] = False
    """Nesterov's momentum, with `sgd`."""
    checkpoint_every: PositiveWhole = 1000
    """Steps between checkpoints."""
    held_out: Annotated[Share, Later()] = 0.0
    """This share of the training videos, whole shards, is not trained on: at
    each checkpoint the network is scored on a centre clip of these, and the
    columns `val_...` of history.csv and TensorBoard's `validation` have it."""
    keep_best: Annotated[Flag, Later()] = False
    """With `held_out`, the network is that of the checkpoint that was the best
    on these videos, by the share that was right or, of several labels, by the
    loss, not that of the last step."""
    patience: Annotated[Whole, Ge(0), Later()] = 0
    """With `held_out`, the training ends when so many checkpoints in a row were
    no better than one before; 0: at the last step."""
    mixed_precision: Annotated[
        str, OneOf("float32", "mixed_float16", "mixed_bfloat16")
    ] = "float32"
    """A Keras policy."""
    log_epsilon: Annotated[Positive, Later()] = 1e-8
    """With task=youtube8m, what is added within the logarithms of the loss of
    labels: 1e-8 in NeXtVLAD's code, 1e-5 in that of H-RNN and of the kit."""
    deterministic: Flag = True
    """The same seed gives the same bits. Free on a CPU; on a GPU it picks
    slower kernels."""
    strategy: Annotated[str, OneOf("auto", "slurm", "tpu"), Later()] = "auto"
    """The devices. `auto`: all of this machine or, where the variable TF_CONFIG
    names several workers, all of theirs; `slurm`: all of the tasks of a step of
    Slurm; `tpu`: of the TPU that TPU_NAME names."""
    steps_per_execution: Annotated[PositiveWhole, Later()] = 1
    """Steps that TensorFlow makes one after the other without coming back to
    Python: less of it between short steps. The steps are the same."""
    memory_estimate: Annotated[Flag, Later()] = False
    """Before the first step, what one needs of memory is said, and which
    `accumulate` needs less if it is too much; some seconds for each network."""

    @model_validator(mode="after")
    def _check(self):
        falls = self.rate_falls_at
        require(
            not falls or self.schedule == "steps",
            self,
            "rate_falls_at",
            "left out with ~schedule=cosine",
        )
        require(
            list(falls) == sorted(set(falls)),
            self,
            "rate_falls_at",
            "shares that rise",
        )
        require(
            bool(self.falls_every) == (self.schedule == "staircase"),
            self,
            "falls_every",
            "given with ~schedule=staircase and only then",
        )
        for name in ("keep_best", "patience"):
            require(
                self.held_out > 0 or not getattr(self, name),
                self,
                name,
                "left out without ~held_out",
            )
        require(
            not (self.clip_norm and self.clip_each_norm),
            self,
            "clip_each_norm",
            "0 with ~clip_norm",
        )
        require(
            self.groups == "one" or self.optimizer == "sgd",
            self,
            "groups",
            "one with ~optimizer=adam",
        )
        return self


def anywhere(train: TrainRecipe) -> TrainRecipe:
    """Without what says where and how a training is computed.

    Its results are the same, so it may go on with other settings of these.
    """
    return dataclasses.replace(
        train, strategy="auto", steps_per_execution=1, memory_estimate=False
    )


@section
class DistillRecipe:
    """Equation 1 of D3D: L = L_a + weight * L_d, or with other terms."""

    weight: NotNegative = 1.0
    """Lambda; 1 in the paper (section 4). L_d is the mean over clips and
    classes; multiply by the number of classes for the reading of equation 2
    that sums over classes. The short way of saying
    `terms=[{where: logits, loss: mse, weight: WEIGHT}]`; `terms` replace it."""
    teacher_stream: Stream = "flow"
    """`flow`; `rgb` is the control of Table 6."""
    label_weight: Annotated[NotNegative, Later()] = 1.0
    """Of L_a, the loss of labels; 0: the student never sees them."""
    terms: Annotated[tuple[TermRecipe, ...], Later()] = ()
    """What is added to L_a; empty: the one term of `weight`."""
    mixture_weight: Annotated[NotNegative, Later()] = 9.0
    """Of a network that is a mixture, with or without a teacher: of the
    divergence of its branches from itself; 9 in the authors' script (their
    code's default is 1), 0 leaves it out (Lin et al. 2018, section 3.4)."""
    mixture_temperature: Annotated[Positive, Later()] = 3.0
    """Of that divergence; 3 in the authors' script, 2 in their code."""
    parallel: Annotated[Flag, Later()] = False
    """Teacher and student are trained at the same time, on the same batches, as
    in Bhardwaj et al. (2019): each with its own loss and optimiser, the student
    with what the teacher says in that very step. The table's teacher is then
    that one. False: the teacher is trained first ("serial")."""
    copy_head: Annotated[Flag, Later()] = False
    """The student starts with the teacher's layers after the last endpoint of
    `terms`, the classifier among them; without terms of endpoints with the
    classifier alone. To L_rep alone (`label_weight` 0) they do not matter, and
    they would stay as they were made."""
    cached_views: Annotated[Automatic, Later()] = 0
    """Of how many draws of every training video the teacher's logits are
    computed once and kept; the student learns from these draws alone, without
    teacher and flow. 0: it sees new draws, and the teacher sees them too."""
    flow_weight: Annotated[NotNegative, Later()] = 0.0
    """Above 0, the student has no teacher: it learns from labels and, with this
    weight, to tell the flow from its features (table 6, "flow loss")."""
    flow_endpoint: Annotated[Text, Later()] = "3a"
    """Of these features; a name or a part of it, as of `probe.endpoints`."""

    @model_validator(mode="after")
    def _check(self):
        places = [term.where for term in self.terms]
        require(
            len(set(places)) == len(places),
            self,
            "terms",
            "a list with one term for each place at most",
        )
        require(
            not self.cached_views
            or not any(term.of_features for term in self.terms),
            self,
            "cached_views",
            "0 with ~terms of endpoints, which are not kept",
        )
        for name in ("cached_views", "flow_weight", "copy_head"):
            require(
                not (self.parallel and getattr(self, name)),
                self,
                "parallel",
                f"false with ~{name}: its teacher must be there, or is none",
            )
        require(
            not self.parallel or self.teacher_stream == "flow",
            self,
            "parallel",
            "false with ~teacher_stream=rgb, whose teacher is the baseline",
        )
        require(
            not self.flow_weight or not (self.cached_views or self.terms),
            self,
            "flow_weight",
            "0 with ~cached_views or ~terms: it takes the teacher's place",
        )
        return self
