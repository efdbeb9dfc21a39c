"""The door: `python -m d3d_tf.main --mode=MODE ...`.

Flags are read here and nowhere else. TensorFlow is imported by the mode that
needs it, so `--help` and a wrong flag answer at once.
"""

import logging
import os
import sys
import warnings
from pathlib import Path

from absl import app, flags

from d3d_tf import config
from d3d_tf.errors import UsageError, UserError
from d3d_tf.recipes import RECIPES

MODES = {
    "prepare": "videos to TFRecords with RGB, TV-L1 flow, labels, manifest",
    "train": "one network: --set stream=flow (temporal) or rgb (spatial)",
    "distill": "the main job; makes what is missing, evaluates, exports",
    "evaluate": "the results table of a run's finished networks",
    "predict": "a video file in, top classes out",
    "export": "a run's student to a TF-Hub module",
    "visualize": "the report page of a run",
}

_MODE = flags.DEFINE_string(
    "mode",
    None,
    "What to do. " + " ".join(f"{m}: {text}." for m, text in MODES.items()),
)
_RECIPE = flags.DEFINE_string(
    "recipe",
    None,
    f"A named experiment ({', '.join(RECIPES)}) or the path of a saved .yaml. "
    "Default: toy; own_videos with --data.",
)
_DATA = flags.DEFINE_string(
    "data",
    None,
    "A folder of videos with one sub-folder per class, or a record folder; "
    "with --mode=predict a video file.",
)
_RECORDS_DIR = flags.DEFINE_string(
    "records_dir", "records", "Where record folders live, shared by runs."
)
_TEACHER = flags.DEFINE_string(
    "teacher", None, "A run whose teacher and baseline are used."
)
_CHECKPOINT = flags.DEFINE_string(
    "checkpoint",
    None,
    "A run folder. Default for predict, evaluate, export and visualize: "
    "--run_dir, or the newest run in runs/.",
)
_RUN_DIR = flags.DEFINE_string(
    "run_dir", None, "Where the run goes. Default: runs/RECIPE."
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Show the full recipe and what would be done; do nothing."
)
_SET = flags.DEFINE_multi_string(
    "set", [], "key=value: override a field of the recipe; repeatable."
)


def _recipe() -> config.Recipe:
    name = _RECIPE.value or ("own_videos" if _DATA.value else "toy")
    if name.endswith((".yaml", ".yml")):
        recipe = config.load(name)
    elif name in RECIPES:
        recipe = RECIPES[name]
    else:
        raise UsageError(
            f"No recipe is called {name!r}; valid: {', '.join(RECIPES)}, or "
            "the path of a .yaml file."
        )
    return config.override(recipe, _SET.value)


def _existing_run():
    from d3d_tf.runs import Run

    given = _CHECKPOINT.value or _RUN_DIR.value
    if given:
        run = Run(Path(given))
    else:
        found = sorted(
            Path("runs").glob("*/recipe.yaml"), key=lambda p: p.stat().st_mtime
        )
        if not found:
            raise UsageError(
                "There is no run in runs/: name one with --checkpoint=RUN, or "
                "make one with --mode=distill."
            )
        run = Run(found[-1].parent)
    run.recipe()
    return run


def _run() -> None:
    mode = _MODE.value
    if mode not in MODES:
        given = "none was given" if mode is None else f"got {mode!r}"
        raise UsageError(
            f"--mode must be one of {', '.join(MODES)}; {given}. "
            "--help explains them."
        )
    if mode in ("evaluate", "predict", "export", "visualize"):
        run = _existing_run()
        if mode == "predict":
            if not _DATA.value:
                raise UsageError("--mode=predict needs --data=FILE.")
            from d3d_tf.jobs.predict import predict

            return predict(_DATA.value, run)
        from d3d_tf.jobs import finished

        if mode == "export":
            return finished.export(run)
        return getattr(finished, mode)(run, _DATA.value)

    recipe = _recipe()
    run_dir = Path(_RUN_DIR.value or f"runs/{recipe.name}")
    if _DRY_RUN.value:
        import yaml

        print(yaml.safe_dump(config.to_dict(recipe), sort_keys=False))
        print(f"would {mode} {_DATA.value or 'the toy videos'} into {run_dir}")
        return None
    if mode == "prepare":
        from d3d_tf.jobs.records import prepare_records

        return prepare_records(recipe, _DATA.value, _RECORDS_DIR.value)
    from d3d_tf.jobs.distill import distill
    from d3d_tf.runs import Run

    roles = {
        "distill": ("teacher", "baseline", "two_stream", "student", "ensemble"),
        "train": ("teacher" if recipe.train.stream == "flow" else "baseline",),
    }[mode]
    return distill(
        recipe,
        data=_DATA.value,
        records_dir=_RECORDS_DIR.value,
        run=Run(run_dir),
        teacher=Run(Path(_TEACHER.value)) if _TEACHER.value else None,
        roles=roles,
    )


def _parse(argv: list[str]) -> list[str]:
    try:
        rest = flags.FLAGS(argv)
        if len(rest) > 1:
            raise flags.Error(
                f"unexpected {rest[1]!r}: flags are written --flag=value"
            )
    except flags.Error as error:
        valid = flags.FLAGS.flags_by_module_dict()[sys.argv[0]]
        names = ", ".join(f"--{flag.name}" for flag in valid)
        print(f"error: {error}; valid: {names}.", file=sys.stderr)
        sys.exit(2)
    return rest


def _quiet() -> None:
    """Keeps start-up notes of other packages from hiding what matters."""
    # Even without a GPU TensorFlow tells, as errors, how it found no cuDNN.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for module in ("google", "tensorflow_hub", "tensorflow_addons"):
        warnings.filterwarnings("ignore", module=module)
    for name in ("apache_beam", "matplotlib", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)


def main(_) -> int:
    """Runs the mode; returns the exit code."""
    _quiet()
    try:
        _run()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        if flags.FLAGS.verbosity > 0:
            raise
        return error.exit_code
    return 0


if __name__ == "__main__":
    app.run(main, flags_parser=_parse)
