"""The modes that a recipe drives: prepare, train, distill, finetune."""

import os

from d3d_tf import config
from d3d_tf.atomic_files import is_remote, to_path
from d3d_tf.disk import require_folder
from d3d_tf.errors import UsageError
from d3d_tf.needs import require_means
from d3d_tf.screen import say


def start(
    mode: str,
    recipe: config.Recipe,
    *,
    data: str | None,
    annotations: str | None,
    records_dir: str,
    flow_dir: str | None,
    teacher: str | None,
    init: list[str],
    checkpoint: str | None,
    run_dir: str | None,
    dry_run: bool,
    allow_flow_mismatch: bool,
    beam_args: list[str],
) -> None:
    """Does what the mode says, or, in a dry run, says it.

    Args:
      mode: one of these.
      recipe: what to do.
      beam_args: Beam's own flags.
      ...: the flags of that name, see `--help`.

    Raises:
      UsageError: they do not go together.
    """
    if recipe.toy is None and not data:
        raise UsageError(
            f"The recipe {recipe.name!r} needs --data=FOLDER with one "
            "sub-folder of videos per class."
        )
    if mode != "finetune" and recipe.finetune != config.FinetuneRecipe():
        raise UsageError(
            f"finetune.* has no effect with --mode={mode}; leave it alone."
        )
    folder = to_path(run_dir or f"runs/{recipe.name}")
    # Now, and not behind hours of preparation.
    # Records that are there are read, and may belong to others.
    if not is_remote(records_dir):
        require_folder("--records_dir", records_dir, os.R_OK)
    if mode != "prepare" and not is_remote(folder):
        require_folder("--run_dir", folder, os.W_OK)
    if dry_run:
        import yaml

        print(yaml.safe_dump(config.to_dict(recipe), sort_keys=False))
        if mode == "prepare" and data:
            from d3d_tf.tfrecords.ensure import estimate_records

            estimate_records(recipe, data, annotations)
        target = records_dir if mode == "prepare" else folder
        say(f"would {mode} {data or 'the toy videos'} into {target}")
        return None
    from d3d_tf.runs.folder import Run
    from d3d_tf.runs.opening import open_run

    if mode == "prepare":
        require_means(mode)
        from d3d_tf.tfrecords.ensure import prepare_records

        return prepare_records(
            recipe, data, records_dir, flow_dir, annotations, beam_args
        )
    if mode == "finetune":
        origin = open_run(str(checkpoint))
        require_means(mode)
        from d3d_tf.commands.finetune import finetune

        return finetune(
            recipe,
            data=data,
            records_dir=records_dir,
            run=Run(folder),
            start=origin,
        )
    donor = open_run(teacher) if teacher else None
    starts = [open_run(given) for given in init]
    require_means(mode)
    from d3d_tf.commands.distill import distill
    from d3d_tf.roles import ROLES

    roles = tuple(ROLES)
    if mode == "train":
        roles = ("teacher" if recipe.train.stream == "flow" else "baseline",)
    return distill(
        recipe,
        data=data,
        records_dir=records_dir,
        run=Run(folder),
        teacher=donor,
        roles=roles,
        allow_flow_mismatch=allow_flow_mismatch,
        init=starts,
    )
