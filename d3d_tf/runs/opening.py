"""What `--checkpoint`, `--teacher` and `--init` name, as a run."""

from pathlib import Path

from d3d_tf.atomic_files import to_path
from d3d_tf.errors import UsageError
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.weights.published import catalog


def open_run(given: str) -> Run:
    """The run of that folder, published checkpoint or exported module.

    Raises:
      UsageError: it is none of them.
    """
    run = Run(to_path(given.removeprefix("file://")))
    if run.exists():
        run.recipe()
        return run
    if given in catalog():
        from d3d_tf.runs.from_published import published_run

        return published_run(given)
    path = run.folder
    if (path / "saved_model.pb").exists():
        from d3d_tf.runs.from_module import module_run

        return module_run(path)
    if path.with_name(f"{path.name}.index").exists():
        raise UsageError(
            f"{given} is a TensorFlow checkpoint: make a run of it first, with "
            f"--mode=convert --checkpoint={given} --run_dir=OUT."
        )
    raise UsageError(
        f"{given} is no run: no recipe.yaml in it, and no module (no "
        f"saved_model.pb; name a version, as export/1). Published weights: "
        f"{', '.join(catalog())}."
    )


def newest_run() -> Run:
    """The run in runs/ that was started last.

    Raises:
      UsageError: there is none.
    """
    found = sorted(
        Path("runs").glob("*/recipe.yaml"), key=lambda p: p.stat().st_mtime
    )
    if not found:
        raise UsageError(
            "There is no run in runs/: name one with --checkpoint=RUN, or make "
            "one with --mode=distill."
        )
    newest = found[-1].parent
    if len(found) > 1:
        say(f"run: {newest}, the newest of {len(found)} by its recipe.yaml")
    return open_run(str(newest))
