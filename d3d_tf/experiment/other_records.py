"""A finished run meets records, its own or others with their own results."""

from d3d_tf.config import to_dict
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.errors import UsageError, UserError
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.streams import FEATURES


def records_for(run: Run, data: str | None) -> Dataset:
    """The named records, or those that the run was trained on.

    Of its own, what was held out of the training stays so.

    Raises:
      UsageError: the run was made on none, and none are named.
      UserError: there are none, or they have other classes.
    """
    folder = data or run.origin()["records"]
    if not folder:
        raise UsageError(
            f"{run.folder} was made of published weights or of a module, not "
            "trained on records: name some with --data=RECORDS."
        )
    dataset = open_dataset(folder)
    if run.labels() != dataset.classes:
        raise UserError(
            f"{run.folder} knows {len(run.labels())} classes, {folder} has "
            f"{len(dataset.classes)}, or others: there is nothing to compare."
        )
    if dataset.kind == "features":
        _require_width(run, dataset)
    own = data is None
    return dataset.holding_out(run.recipe().train.held_out if own else 0.0)


def _require_width(run: Run, dataset: Dataset) -> None:
    """Networks of features see as many as they were trained on."""
    knows = getattr(run.recipe().network, "widths", {})
    has = dataset.info["features"].get("widths", FEATURES)
    if knows != has:
        raise UserError(
            f"{run.folder} knows frames of {knows or 'pixels'}, "
            f"{dataset.folder} has features, {has}: name records of the kind "
            "that it was trained on."
        )


def run_on(run: Run, dataset: Dataset, name: str = "") -> Run:
    """The run, with a place of its own for records that are not the run's.

    Args:
      run: finished.
      dataset: the records.
      name: of a place of its own for these results also where they are.
    """
    digest = dataset.info["digest"]
    own = run.read_results().get("dataset", {}).get("digest")
    if own is None:
        records = run.origin()["records"]
        # A converted network has none, and the first it meets become its own.
        own = open_dataset(records).info["digest"] if records else digest
    place = "" if digest == own else f"{dataset.info['name']}-{digest[:8]}"
    return Run(run.folder, aside="-".join(filter(None, (place, name))))


def warn_of_other_pictures(run: Run, dataset: Dataset) -> None:
    """Says so if the records have another frame rate or size than the run's."""
    if run.recipe().of_features:
        return
    ours, theirs = to_dict(run.recipe().data), dataset.info["recipe"]["data"]
    for key, unit in (
        ("frame_rate", "frames per second"),
        ("short_side", "pixels along the short side"),
    ):
        if ours[key] != theirs[key]:
            say(
                f"warning: {run.folder} knows videos of {ours[key]:g} {unit}, "
                f"these records have {theirs[key]:g}."
            )
