"""What `--mode=doctor` does: checks, says, shows."""

from pathlib import Path

from d3d_tf.atomic_files import require_local, to_path
from d3d_tf.config import Recipe
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.fit_recipe import fit_recipe
from d3d_tf.disk import DiskError
from d3d_tf.doctor import (
    check_manifest,
    check_pictures,
    check_repeats,
    check_shards,
    check_splits,
)
from d3d_tf.doctor.check_annotations import SUFFIX, check_annotations
from d3d_tf.doctor.check_features import check_features
from d3d_tf.doctor.check_foreign import check_foreign, foreign_folder
from d3d_tf.doctor.check_lists import check_lists
from d3d_tf.doctor.check_machine import check_machine
from d3d_tf.doctor.check_run import check_run
from d3d_tf.doctor.feature_records import feature_files
from d3d_tf.doctor.findings import ERROR, Finding, judge
from d3d_tf.doctor.module.examination import check_module
from d3d_tf.doctor.module.served import is_module
from d3d_tf.doctor.page import write_page
from d3d_tf.doctor.place import place_for
from d3d_tf.errors import UsageError, UserError
from d3d_tf.hub_export.versions import MARK
from d3d_tf.runs.opening import open_run
from d3d_tf.screen import say
from d3d_tf.tasks import DETECTION, SEVERAL

RECIPE = "recipe.yaml"


def examine(
    recipe: Recipe,
    data: str | None,
    checkpoint: str | None,
    run_dir: str | None,
    sample: int,
    *,
    page: bool = True,
) -> None:
    """Checks what was named; without anything, this machine.

    Args:
      recipe: see `examine_records`.
      data: a record folder, an exported module's version folder, or a CSV file
        of AVA's.
      checkpoint: a run folder or the name of published weights; with records,
        whether the two fit.
      run_dir: where the page of records goes.
      sample: see `examine_records`.
      page: write it; else nothing stays.

    Raises:
      UserError: a check found an error.
    """
    if data and data.endswith(SUFFIX):
        findings = check_annotations(Path(data))
        tell(findings)
        return require_health(findings, data)
    module = _named_module(data) if data else None
    if module:
        if checkpoint:
            raise UsageError(
                f"{data} is a module, no records of the run {checkpoint}: ask "
                "for one at a time."
            )
        findings = []
        for finding in check_module(module):
            tell([finding])
            findings.append(finding)
        return require_health(findings, str(module))
    if checkpoint:
        findings = _check_named_run(checkpoint, data)
        tell(findings)
        require_health(findings, checkpoint)
    if data:
        examine_records(recipe, data, run_dir, sample, page=page)
    if not (checkpoint or data):
        findings = check_machine(Path(run_dir or "."))
        tell(findings)
        require_health(findings, "this machine")
    return None


def examine_lists(recipe: Recipe, data: str | None, annotations: str) -> None:
    """Checks lists and videos that `--mode=prepare` would be given.

    Raises:
      UserError: a check found an error.
    """
    if not data:
        raise UsageError("--annotations needs --data=FOLDER of videos.")
    findings = check_lists(data, annotations, recipe.data)
    tell(findings)
    require_health(findings, annotations)


def _check_named_run(given: str, data: str | None) -> list[Finding]:
    try:
        run = open_run(given)
    except UserError as error:
        if not (to_path(given.removeprefix("file://")) / RECIPE).exists():
            raise  # It is not a run.
        return [judge("recipe", f"{given}/{RECIPE}", errors=[str(error)])]
    return check_run(run, data)


def _named_module(data: str) -> Path | None:
    """The version folder that was named, if it is one.

    Raises:
      UsageError: it is the folder above, or not on a disk.
    """
    folder = to_path(data.removeprefix("file://"))
    if is_module(folder):
        return require_local(folder, "A module that is examined")
    marks = folder.glob(f"*/{MARK}")
    versions = [int(m.parent.name) for m in marks if m.parent.name.isdigit()]
    if versions:
        raise UsageError(
            f"{data} holds the versions of a module; name one: "
            f"--data={folder / str(max(versions))}."
        )
    return None


def examine_records(
    recipe: Recipe,
    data: str,
    run_dir: str | None,
    sample: int,
    *,
    page: bool = True,
) -> None:
    """Checks a record folder, says what was found, writes the page.

    Records of other tools, without flow, or of features have no page, nor has
    anything a page where none can be written.

    Args:
      recipe: whose clips the page shows.
      data: the record folder, or one of YouTube-8M's files; only read.
      run_dir: where `doctor.html` goes; default: `doctor/NAME` of the records.
      sample: videos whose pictures are decoded; 0: all.
      page: write it.

    Raises:
      UserError: a check found an error, or there are no records to check.
    """
    features = feature_files(data)
    if features:
        findings = check_features(features, sample)
        tell(findings)
        return require_health(findings, data)
    theirs = foreign_folder(data)
    if theirs:
        findings = check_foreign(theirs, sample)
        tell(findings)
        return require_health(findings, data)
    dataset = open_dataset(data)
    task = SEVERAL if dataset.has_several_labels else recipe.task
    dataset = dataset.for_task(DETECTION if dataset.has_keyframes else task)
    rows = dataset.rows()
    found = check_shards.read_contents(
        dataset, check_shards.choose_sample(rows, sample)
    )
    findings = check_contents(dataset, rows, found)
    tell(findings)
    if page and dataset.flow:
        clip = fit_recipe(recipe, dataset).clip
        folder = Path(run_dir or f"doctor/{dataset.folder.resolve().name}")
        try:
            path = place_for(folder) / "doctor.html"
            write_page(path, dataset, findings, found, clip, recipe.seed)
            say(f"page: {path}")
        except DiskError as error:
            say(f"no page: {error}")
    return require_health(findings, data)


def check_contents(
    dataset: Dataset, rows: list[dict], found: check_shards.Contents
) -> list[Finding]:
    """All checks of a record folder, in the order of the page."""
    broken = [
        (words, record.id or record.shard)
        for record in found.records
        for words in record.problems.get("pictures", ())
    ]
    return [
        check_shards.check_shards(dataset, found),
        check_manifest.check_counts(
            dataset, rows, found.records, whole=not found.damaged
        ),
        check_manifest.check_digests(dataset, rows),
        check_manifest.check_label_map(dataset),
        *check_shards.check_records(found),
        *check_pictures.check_pictures(
            found.pictures, broken, len(found.records)
        ),
        check_repeats.check_repeats(dataset, rows, found.records),
        check_splits.check_leaks(rows),
        check_splits.check_balance(dataset, rows),
        check_splits.check_losses(dataset, rows),
    ]


def tell(findings: list[Finding]) -> None:
    """One line per check."""
    for finding in findings:
        say(finding.line())


def require_health(findings: list[Finding], what: str) -> None:
    """Fails if a check found an error.

    Raises:
      UserError: with the names of those checks.
    """
    wrong = [f.check for f in findings if f.level == ERROR]
    if wrong:
        raise UserError(
            f"{what}: {len(wrong)} of {len(findings)} checks found errors: "
            f"{', '.join(wrong)}."
        )
