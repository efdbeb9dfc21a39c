"""A run begins, or goes on: what is checked, written and said before work."""

from pathlib import Path

from d3d_tf.config import ClipRecipe, Recipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.summary import describe
from d3d_tf.data.teacher_logits import TeacherLogits, read_logits
from d3d_tf.errors import UserError
from d3d_tf.experiment.experiment import Experiment, gives
from d3d_tf.file_digests import digest_file
from d3d_tf.models import require_stream
from d3d_tf.needs import require_model_garden
from d3d_tf.roles import BASELINE, ROLES, stream_of
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.runs.warm_start import Initial
from d3d_tf.screen import log_to, say
from d3d_tf.tasks import DETECTION


def start_training(
    recipe: Recipe,
    dataset: Dataset,
    run: Run,
    *,
    rows: tuple[str, ...],
    teacher: Run | None = None,
    init: list[Run] | None = None,
    logits_file: Path | None = None,
    allow_flow_mismatch: bool = False,
) -> Experiment:
    """Starts the run of --mode=train and --mode=distill.

    Args:
      recipe: with all sizes set.
      dataset: the records.
      run: the run folder.
      rows: of the results table that will be made.
      teacher: a run whose finished teacher and baseline are used.
      init: runs that the networks trained here start from.
      logits_file: of another program's teacher, see `read_logits`.
      allow_flow_mismatch: accept records of another flow than the networks'.

    Raises:
      UserError: the teacher has other classes or is not finished, a flow
        differs, the RPN needs Model Garden, or no video can be held out.
      UsageError: the folder belongs to another recipe, data set or start, or a
        network cannot look at its stream.
    """
    if recipe.task == DETECTION and recipe.detector.rpn:
        require_model_garden()
    dataset = dataset.holding_out(recipe.train.held_out)
    mismatch = _flow_mismatch(dataset, (run, teacher), allow_flow_mismatch)
    if teacher:
        _require_teacher(teacher, recipe, dataset)
    trained = _networks_to_train(recipe, rows, teacher)
    initial = Initial(init, recipe, dataset.classes, trained) if init else None
    logits = read_logits(logits_file, dataset.classes) if logits_file else None
    run.start(
        recipe,
        dataset.classes,
        Origin(
            records=dataset.folder,
            flow=dataset.flow,
            dataset=dataset.info["digest"],
            flow_mismatch=mismatch,
            teacher=teacher.folder if teacher else logits_file,
            weights=_weights(teacher, initial, logits_file),
        ),
    )
    show_records(run, dataset)
    _warn(recipe, dataset, initial)
    if logits:
        _require_most(logits, logits_file, dataset)
    experiment = Experiment(
        recipe, dataset, run, teacher, initial, mismatch, logits
    )
    experiment.reopen_damaged()
    return experiment


def _warn(recipe: Recipe, dataset: Dataset, initial: Initial | None) -> None:
    """Says what of records and start may make poor networks."""
    _warn_of_short_videos(dataset, recipe.clip)
    if (
        recipe.task == DETECTION
        and recipe.detector.rpn
        and recipe.persons.checkpoint is None
        and recipe.toy is None
    ):
        say(
            "warning: the RPN starts from scratch; D3D's was pretrained. Give "
            "it weights of Model Garden: --set persons.checkpoint=PATH."
        )
    warn_of_no_test(dataset)
    if initial:
        initial.tell()
    elif recipe.toy is None:
        say(
            "warning: the networks start from scratch, no weights were given; "
            "with few videos they will learn the training videos by heart."
        )


def _flow_mismatch(
    dataset: Dataset, runs: tuple[Run | None, ...], allow: bool
) -> dict | None:
    """The first accepted difference of the runs' flow and the records'."""
    found = [
        run.require_flow(dataset.flow, dataset.folder, allow=allow)
        for run in runs
        if run and run.exists()
    ]
    return next((mismatch for mismatch in found if mismatch), None)


def show_records(run: Run, dataset: Dataset) -> None:
    """Says what the records hold; from here on the run's log has it, too."""
    log_to(run.folder / "log.txt")
    say(describe(dataset))


def warn_of_no_test(dataset: Dataset) -> None:
    """Says so if no video is held out."""
    if not dataset.test_splits:
        say("warning: no video was held out; scores are on training videos.")


def require_finished_teacher(experiment: Experiment) -> None:
    """Refuses a donor that cannot teach; says if it has no RGB baseline.

    Raises:
      UserError: its teacher is not trained.
    """
    donor, role = experiment.donor, experiment.teacher_role
    if donor is None:
        return
    if not experiment.is_finished(role):
        raise UserError(f"{donor.folder} has no finished {role}.")
    if not gives(donor, BASELINE, experiment.recipe):
        kind = "such" if experiment.recipe.of_features else "RGB"
        say(
            f"{donor.folder} has no {kind} baseline for the table: it is "
            "trained here."
        )


def _warn_of_short_videos(dataset: Dataset, clip: ClipRecipe) -> None:
    if shorter := dataset.count_shorter("train", clip.needed):
        say(
            f"{shorter} of {dataset.splits['train']} training videos have less "
            f"than {clip.needed} frames: their clips {clip.when_shorter()}."
        )


def _require_teacher(teacher: Run, recipe: Recipe, dataset: Dataset) -> None:
    if teacher.recipe().task == DETECTION:
        raise UserError(f"{teacher.folder} is a detector; it cannot teach.")
    _require_same_classes(teacher, dataset)
    _require_same_pixels(teacher, recipe)


def _require_same_classes(teacher: Run, dataset: Dataset) -> None:
    """Logits are compared one by one, so they must mean the same."""
    theirs, ours = teacher.labels(), dataset.classes
    if theirs == ours:
        return
    differing = [
        f"logit {i} is {a!r} there, {b!r} here"
        for i, (a, b) in enumerate(zip(theirs, ours, strict=False))
        if a != b
    ]
    raise UserError(
        f"The teacher {teacher.folder} knows {len(theirs)} classes, "
        f"{dataset.folder} has {len(ours)}; "
        f"{'; '.join(differing[:2]) or 'the first ones are equal'}. A student "
        "learns its teacher's logits: the classes must be the same, in the "
        "same order."
    )


def _require_same_pixels(teacher: Run, recipe: Recipe) -> None:
    """An RGB teacher and its student are shown the same clip."""
    theirs, ours = teacher.recipe().network.pixels, recipe.network.pixels
    if recipe.distill.teacher_stream == "rgb" and theirs != ours:
        raise UserError(
            f"The RGB teacher of {teacher.folder} takes pixels of mean "
            f"{theirs.mean} and standard deviation {theirs.std}, the student "
            f"{ours.mean} and {ours.std}: a step shows both the same clip, so "
            "they must be equal (network.pixel_mean, network.pixel_std)."
        )


def _networks_to_train(
    recipe: Recipe, rows: tuple[str, ...], teacher: Run | None
) -> tuple[str, ...]:
    """Those that the rows need and that the teacher's run does not have.

    Raises:
      UsageError: one cannot look at what it would be shown.
    """
    needed = dict.fromkeys(part for row in rows for part in ROLES[row].parts)
    trained = tuple(
        part
        for part in needed
        if not (teacher and gives(teacher, part, recipe))
    )
    for role in trained:
        require_stream(recipe.network_of(role), stream_of(recipe, role))
    return trained


def _require_most(
    logits: TeacherLogits, path: Path | None, dataset: Dataset
) -> None:
    """Says which training videos a file has no logits of.

    Raises:
      UserError: it has none of any.
    """
    ids = [row["id"] for row in dataset.used() if row["split"] == "train"]
    missing = logits.missing(ids)
    first = ", ".join(missing[:3])
    if len(missing) == len(ids):
        raise UserError(
            f"{path} has logits of none of the {len(ids)} training videos, "
            f"such as {first}; its ids are such as {logits.ids[0]}. They must "
            "be those of manifest.json."
        )
    if missing:
        say(
            f"warning: {path} has no logits of {len(missing)} of {len(ids)} "
            f"training videos, such as {first}: they are learned from labels "
            "alone."
        )


def _weights(
    teacher: Run | None, initial: Initial | None, logits_file: Path | None
) -> dict | None:
    weights: dict = {}
    if logits_file:
        weights["logits"] = digest_file(logits_file)["sha256"]
    if initial:
        weights["init"] = initial.describe()
    if teacher and teacher.weights():
        weights["teacher"] = {
            "run": str(teacher.folder),
            "weights": teacher.weights(),
        }
    return weights or None
