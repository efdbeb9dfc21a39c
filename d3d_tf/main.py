"""The door: `python -m d3d_tf.main --mode=MODE ...`.

Flags are read here and nowhere else. TensorFlow is imported by the mode that
needs it, so `--help` and a wrong flag answer at once.
"""

import logging
import os
import sys
import traceback
import warnings
from pathlib import Path

from absl import app, flags
from absl import logging as absl_logging

from d3d_tf import config
from d3d_tf.console import log_failure
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
_FLOW_DIR = flags.DEFINE_string(
    "flow_dir",
    None,
    "Flow of another tool for the videos in --data, laid out as they are; with "
    "--set algorithm=imported --set imported_codec=CODEC (see docs/flow.md).",
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
_ALLOW_FLOW_MISMATCH = flags.DEFINE_bool(
    "allow_flow_mismatch",
    False,
    "Accept records whose flow was made another way than that which a network "
    "was trained on; the difference is written into results and exports.",
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


# Flags that the modes read; any other one given is refused, not overlooked.
_STARTS = ("recipe", "data", "records_dir", "run_dir", "dry_run", "set")
_READS = {
    "prepare": (*_STARTS, "flow_dir"),
    "train": (*_STARTS, "teacher", "allow_flow_mismatch"),
    "distill": (*_STARTS, "teacher", "allow_flow_mismatch"),
    "evaluate": ("data", "checkpoint", "run_dir", "allow_flow_mismatch"),
    "predict": ("data", "checkpoint", "run_dir"),
    "export": ("checkpoint", "run_dir"),
    "visualize": ("data", "checkpoint", "run_dir"),
}
_ALL = {name for names in _READS.values() for name in names}


def _checked_mode() -> str:
    """The mode; every flag that was given is one that it reads."""
    mode = _MODE.value
    if mode not in MODES:
        given = "none was given" if mode is None else f"got {mode!r}"
        raise UsageError(
            f"--mode must be one of {', '.join(MODES)}; {given}. "
            "--help explains them."
        )
    for name in sorted(_ALL - set(_READS[mode])):
        if flags.FLAGS[name].present:
            raise UsageError(
                f"--{name} has no effect with --mode={mode}, which reads "
                f"{', '.join('--' + n for n in _READS[mode])}."
            )
    if mode == "predict" and not _DATA.value:
        raise UsageError("--mode=predict needs --data=FILE.")
    return mode


def _run() -> None:
    mode = _checked_mode()
    if "recipe" in _READS[mode]:
        return _start(mode)
    run = _existing_run()
    if mode == "predict":
        from d3d_tf.jobs.predict import predict

        return predict(str(_DATA.value), run)
    from d3d_tf.jobs import finished

    if mode == "export":
        return finished.export(run)
    if mode == "evaluate":
        return finished.evaluate(
            run, _DATA.value, allow_flow_mismatch=_ALLOW_FLOW_MISMATCH.value
        )
    return finished.visualize(run, _DATA.value)


def _start(mode: str) -> None:
    recipe = _recipe()
    if recipe.toy is None and not _DATA.value:
        raise UsageError(
            f"The recipe {recipe.name!r} needs --data=FOLDER with one "
            "sub-folder of videos per class."
        )
    run_dir = Path(_RUN_DIR.value or f"runs/{recipe.name}")
    if _DRY_RUN.value:
        import yaml

        target = _RECORDS_DIR.value if mode == "prepare" else run_dir
        print(yaml.safe_dump(config.to_dict(recipe), sort_keys=False))
        print(f"would {mode} {_DATA.value or 'the toy videos'} into {target}")
        return None
    from d3d_tf.runs import Run

    teacher = None
    if _TEACHER.value:
        teacher = Run(Path(_TEACHER.value))
        teacher.recipe()
    if mode == "prepare":
        from d3d_tf.jobs.records import prepare_records

        return prepare_records(
            recipe, _DATA.value, _RECORDS_DIR.value, _FLOW_DIR.value
        )
    from d3d_tf.jobs.distill import distill
    from d3d_tf.jobs.table import ROWS

    roles = tuple(ROWS)
    if mode == "train":
        roles = ("teacher" if recipe.train.stream == "flow" else "baseline",)
    return distill(
        recipe,
        data=_DATA.value,
        records_dir=_RECORDS_DIR.value,
        run=Run(run_dir),
        teacher=teacher,
        roles=roles,
        allow_flow_mismatch=_ALLOW_FLOW_MISMATCH.value,
    )


def _parse(argv: list[str]) -> list[str]:
    if "--help" in argv or "-h" in argv:
        app.usage(shorthelp=True, writeto_stdout=True, exitcode=0)
    try:
        rest = flags.FLAGS(argv)
        if len(rest) > 1:
            raise flags.Error(
                f"unexpected {rest[1]!r}: flags are written --flag=value"
            )
    except flags.Error as error:
        names = ", ".join(f"--{name}" for name in ["mode", *sorted(_ALL)])
        print(f"error: {error}; valid: {names}.", file=sys.stderr)
        sys.exit(2)
    return rest


def _quiet() -> None:
    """Keeps start-up notes of other packages from hiding what matters."""
    # Even without a GPU TensorFlow tells, as errors, how it found no cuDNN.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for module in ("google", "tensorflow_hub", "tensorflow_addons"):
        warnings.filterwarnings("ignore", module=module)
    if flags.FLAGS.verbosity < 1:
        absl_logging.set_verbosity(absl_logging.ERROR)
    for name in ("apache_beam", "matplotlib", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)


def main(_) -> int:
    """Runs the mode; returns the exit code."""
    _quiet()
    try:
        _run()
    except (Exception, KeyboardInterrupt) as error:
        return _explain(error)
    return 0


def _explain(error: BaseException) -> int:
    """One line on the screen and the stack in the log; the exit code."""
    if isinstance(error, UserError):
        text, code = str(error), error.exit_code
    elif isinstance(error, KeyboardInterrupt):
        text, code = "interrupted; the same command goes on from here", 130
    else:
        first = (str(error).strip() or "no message").splitlines()[0]
        text = f"{type(error).__name__}: {first} (--verbosity=1 shows where)"
        code = 1
    print(f"error: {text}", file=sys.stderr)
    log_failure(error)
    if flags.FLAGS.verbosity > 0:
        traceback.print_exception(error)
    return code


if __name__ == "__main__":
    app.run(main, flags_parser=_parse)
