"""The two stages of each row of the table: train what is missing, score it."""

import statistics

from d3d_tf.config import FinetuneRecipe
from d3d_tf.detector.scoring import score_detector, write_detections
from d3d_tf.evaluation.scores import Scores, average
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.experiment.kept_logits import kept_logits
from d3d_tf.experiment.latency import milliseconds_per_video
from d3d_tf.experiment.lesson import Lesson
from d3d_tf.experiment.rows import Row
from d3d_tf.roles import ROLES, STUDENT, TEACHER, stream_of
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.tasks import DETECTION
from d3d_tf.training.feature_scoring import (
    milliseconds_per_features,
    score_features,
)
from d3d_tf.training.freezing import describe_freezing, freeze
from d3d_tf.training.precise_batch_norm import settle_on_records
from d3d_tf.training.scoring import Shown, compile_forward, score_split
from d3d_tf.training.trainer import Training, train


def train_missing(experiment: Experiment, row: str) -> None:
    """Trains the networks that a row of the table needs and that are missing.

    A student's teacher comes before the student, or with it. A training that
    was interrupted goes on from its last checkpoint.

    Args:
      experiment: the recipe, the records and the run.
      row: a key of `ROLES`.

    Raises:
      UserError: as `train`.
    """
    for role in ROLES[row].parts:
        together = _trained_with(experiment, role)
        if not all(map(experiment.is_finished, together)):
            _train(experiment, together[0], _lesson(experiment, together[0]))


def _trained_with(experiment: Experiment, role: str) -> tuple[str, ...]:
    """The network, or the student and the teacher of one training."""
    parallel = experiment.recipe.distill.parallel and not experiment.finetuned
    pair = (STUDENT, TEACHER)
    return pair if parallel and role in pair else (role,)


def _lesson(experiment: Experiment, role: str) -> Lesson:
    """What a network learns from; trains the teacher that must be there."""
    recipe = experiment.recipe
    stream, distill = stream_of(recipe, role), recipe.distill
    if role != STUDENT or experiment.finetuned:
        return Lesson(stream)
    if distill.flow_weight:
        return Lesson(stream, flow=True)
    if experiment.teacher_logits:
        return Lesson(stream, logits=experiment.teacher_logits)
    giver = experiment.teacher_role
    seen = "all_features" if recipe.of_features else stream_of(recipe, giver)
    if distill.parallel:
        return Lesson(stream, teacher_stream=seen)
    train_missing(experiment, giver)
    if distill.cached_views:
        logits = kept_logits(experiment)
        experiment.forget(giver)
        return Lesson(stream, logits=logits)
    return Lesson(stream, experiment.network(giver, together=True), seen)


def _train(experiment: Experiment, role: str, lesson: Lesson) -> None:
    """Trains one network of the run, and a teacher beside it.

    Args:
      experiment: the recipe, the records and the run.
      role: which network.
      lesson: what it learns from.
    """
    recipe, run = experiment.recipe, experiment.run
    roles = _trained_with(experiment, role)

    def started(role: str):
        network = experiment.make(role)
        if experiment.initial:
            # Of a detector, what it is built on.
            start = getattr(network, "backbone", network)
            experiment.initial.fill(start, role)
        return network

    def make_trainer():
        network, *teacher = map(started, roles)
        if finder := getattr(network, "persons", None):
            finder.start()
        if experiment.finetuned:
            freeze(network, recipe.finetune)
            say(describe_freezing(network, recipe.finetune))
        return lesson.trainer(network, recipe, *teacher)

    # Whatever they were, they are not those of the network trained now.
    for each in roles:
        run.costs(each).unlink(missing_ok=True)
    network = train(
        make_trainer,
        experiment.strategy,
        Training(
            recipe,
            experiment.dataset,
            streams=lesson.streams,
            sampling=recipe.frames_of(role),
            checkpoints=run.checkpoints(role),
            tensorboard=run.tensorboard(role),
            title=f"training {experiment.title(role)}",
            teacher_logits=lesson.logits,
            beside=tuple(map(run.checkpoints, roles[1:])),
        ),
    )
    if experiment.finetuned:
        # What is exported can be trained as a whole.
        freeze(network, FinetuneRecipe())
    experiment.keep(role, network)


def score(experiment: Experiment, row: str) -> Row:
    """A row of the table: of a network, or of two that are fused.

    Scores and costs that the run holds, of the same records and views, are
    taken from there; new ones are saved there.

    Args:
      experiment: the recipe, the records and the run.
      row: a key of `ROLES`, whose networks are trained.

    Raises:
      UserError: a network is not trained, or its checkpoint is damaged.
    """
    if row not in experiment.rows:
        one = len(ROLES[row].parts) == 1
        make_row = _network_row if one else _fused_row
        experiment.rows[row] = make_row(experiment, row)
    return experiment.rows[row]


def _fused_row(experiment: Experiment, row: str) -> Row:
    first, second = (score(experiment, part) for part in ROLES[row].parts)
    return Row(
        row,
        {
            split: average(first.scores[split], second.scores[split])
            for split in first.scores
        },
        parameters=first.parameters + second.parameters,
        milliseconds=first.milliseconds + second.milliseconds,
    )


def _network_row(experiment: Experiment, role: str) -> Row:
    digest = experiment.dataset.info["digest"]
    views = experiment.recipe.evaluation
    home = experiment.home(role)
    row = Row.load(role, home, digest, views)
    if row is not None and home is experiment.run:
        return row
    row = row or _run_network(experiment, role)
    # Also a donor's: the report and --mode=compare look for it in the run.
    row.save(experiment.run, digest, views)
    return row


def _run_network(experiment: Experiment, role: str) -> Row:
    """Scores of all splits, and the time of one video."""
    recipe, dataset = experiment.recipe, experiment.dataset
    network = experiment.network(role)
    if recipe.task == DETECTION:
        return _run_detector(experiment, role)
    if recipe.of_features:
        return _run_on_features(experiment, role)
    views = recipe.evaluation
    # What is settled cannot be undone.
    if views.precise_batch_norm not in (0, _settled(experiment.home(role))):
        settled = experiment.network(role, together=True)
        settle_on_records(
            settled,
            experiment.strategy,
            recipe,
            dataset,
            stream_of(recipe, role),
        )
        if settled is not network:
            network.set_weights(settled.get_weights())
    forward = compile_forward(network.folded())
    # Longer clips take as much memory in smaller batches.
    shrink = max(1, views.clip_frames // recipe.clip.frames)
    shown = Shown(
        recipe.clip,
        stream_of(recipe, role),
        max(1, 4 * recipe.train.batch_size // shrink),
        views,
        network.pixels,
    )
    scores = {
        split: score_split(
            forward,
            dataset,
            split,
            shown,
            title=f"scoring {experiment.title(role)} on {split}",
        )
        for split in dataset.splits
    }
    return Row(
        role,
        scores,
        parameters=count_parameters(network),
        milliseconds=milliseconds_per_video(
            forward, dataset, recipe, shown.stream, network.pixels
        ),
    )


def _run_on_features(experiment: Experiment, role: str) -> Row:
    """As `_run_network`, with the frames that the network sees."""
    recipe, dataset = experiment.recipe, experiment.dataset
    network, sampling = experiment.network(role), recipe.frames_of(role)
    forward = compile_forward(network)
    return Row(
        role,
        {
            split: score_features(
                forward,
                dataset,
                split,
                sampling,
                batch_size=recipe.train.batch_size,
                seed=recipe.seed,
                title=f"scoring {experiment.title(role)} on {split}",
            )
            for split in dataset.test_splits or ["train"]
        },
        parameters=count_parameters(network),
        milliseconds=milliseconds_per_features(forward, dataset, sampling),
    )


def _run_detector(experiment: Experiment, role: str) -> Row:
    """As `_run_network`; what it found is written as CSV files, too."""
    recipe, dataset = experiment.recipe, experiment.dataset
    network = experiment.network(role)
    scores: dict[str, Scores] = {}
    times = []
    for split in dataset.splits:
        title = f"scoring {experiment.title(role)} on {split}"
        found, time = score_detector(
            network, dataset, split, recipe, title=title
        )
        scores[split] = found
        times.append(time)
        path = experiment.run.scores(role, split).with_suffix(".csv")
        write_detections(path, found)
    return Row(
        role,
        scores,
        # Without those of the backbone that it does not ask.
        parameters=sum(
            int(v.shape.num_elements()) for v in network.trainable_variables
        ),
        milliseconds=statistics.median(times),
    )


def _settled(run: Run) -> int:
    """Batches over which the statistics in a run's checkpoints are averaged."""
    return run.recipe().evaluation.precise_batch_norm


def count_parameters(network) -> int:
    """Values that training can change, also while layers are frozen.

    The averages of batch normalisation are not among them. A teacher's layers
    are frozen for good while its student is trained, so that Keras would say
    that it has none.
    """
    return sum(
        int(v.shape.num_elements()) for v in network.variables if v.trainable
    )
