"""`--mode=prepare`: videos become records."""

from d3d_tf.commands.common import require_sources, show_recipe
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.needs import require_means
from d3d_tf.screen import say


def run(
    recipe: Recipe,
    *,
    data: str | None = None,
    annotations: str | None = None,
    records_dir: str = "records",
    flow_dir: str | None = None,
    dry_run: bool = False,
    beam_args: list[str] | None = None,
) -> None:
    """Writes RGB, flow, labels and manifest of each video, or its features.

    Args:
      recipe: its sections `data` and `flow` are used; of features `features`.
      data: the folder of videos; None: the toy's.
      annotations: the data set's own list of them.
      records_dir: gets a folder of records.
      flow_dir: the flow of another tool.
      dry_run: estimate hours and gigabytes from a sample, and write nothing.
      beam_args: Beam's own flags.

    Raises:
      UserError: no video can be used, or the folders cannot.
    """
    require_sources("prepare", recipe, data, records_dir)
    if dry_run:
        show_recipe(recipe)
        if data:
            from d3d_tf.tfrecords.ensure import estimate_records

            estimate_records(recipe, data, annotations)
        say(f"would prepare {data or 'the toy videos'} into {records_dir}")
        return
    require_means("prepare")
    from d3d_tf.tfrecords.dask_cluster import checked

    beam_args = checked(beam_args, records_dir, [data, flow_dir])
    if recipe.records == "features":
        if flow_dir:
            raise UsageError(
                "--flow_dir has no effect with records=features, which look at "
                "no flow: leave it out."
            )
        from d3d_tf.extract.job import prepare_features

        return prepare_features(
            recipe, data, records_dir, annotations, beam_args
        )
    from d3d_tf.tfrecords.ensure import prepare_records

    prepare_records(recipe, data, records_dir, flow_dir, annotations, beam_args)
