"""The door: `python -m d3d_tf.main --mode=MODE ...`.

Flags are read here and nowhere else. TensorFlow is imported by the mode that
needs it, so `--help` and a wrong flag answer at once.
"""

import sys

from absl import app, flags

from d3d_tf import config
from d3d_tf.atomic_files import require_local
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES
from d3d_tf.screen import explain, quiet, silence

MODES = {
    "prepare": "videos to TFRecords with RGB, TV-L1 flow, labels, manifest; "
    "flags after -- are Beam's",
    "train": "one network: --set stream=flow (temporal) or rgb (spatial)",
    "distill": "the main job; makes what is missing, evaluates, exports",
    "finetune": "the network of --checkpoint (also of a module) goes on with "
    "other videos, from labels alone",
    "evaluate": "the results table of a run's finished networks",
    "predict": "a video file in, top classes out",
    "convert": "a published TensorFlow 1 checkpoint to a run folder, verified",
    "export": "a run's student to a TF-Hub module",
    "visualize": "the report page of a run",
    "doctor": "what is wrong with a record folder or an exported module "
    "(--data), a run (--checkpoint) or, without any, this machine",
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
    "A folder of videos with one sub-folder per class, or a record folder (to "
    "train stream=rgb, also one that other tools wrote); "
    "with --mode=predict a video file, with --mode=convert a .npy clip whose "
    "logits the authors printed.",
)
_ANNOTATIONS = flags.DEFINE_string(
    "annotations",
    None,
    "The data set's own list of videos, a CSV file or the folder of its files; "
    "with --set layout=kinetics400|ucf101|csv|... (see docs/datasets.md).",
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
    "teacher",
    None,
    "A run whose teacher and baseline are used, or the name of published "
    "weights such as i3d_flow_kinetics400.",
)
_INIT = flags.DEFINE_multi_string(
    "init",
    [],
    "A run, or the name of published weights, whose networks the trained ones "
    "start from; repeatable, one for RGB and one for flow.",
)
_CHECKPOINT = flags.DEFINE_string(
    "checkpoint",
    None,
    "A run folder, the name of published weights such as "
    "i3d_rgb_kinetics400, or an exported module (a folder, file:// or s3://); "
    "with --mode=convert a TensorFlow 1 checkpoint "
    "(prefix). Default for predict, evaluate, export and visualize: "
    "--run_dir, or the newest run in runs/.",
)
_RUN_DIR = flags.DEFINE_string(
    "run_dir", None, "Where the run goes. Default: runs/RECIPE."
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run",
    False,
    "Show the full recipe and what would be done; do nothing. With "
    "--mode=prepare hours and gigabytes, estimated from a sample.",
)
_ALLOW_FLOW_MISMATCH = flags.DEFINE_bool(
    "allow_flow_mismatch",
    False,
    "Accept records whose flow was made another way than that which a network "
    "was trained on; the difference is written into results and exports.",
)
_SAMPLE = flags.DEFINE_integer(
    "sample",
    32,
    "With --mode=doctor: the videos whose pictures are decoded; 0: all.",
    lower_bound=0,
)
_QUIET = flags.DEFINE_bool(
    "quiet",
    False,
    "With --mode=doctor: no page, and one line only if something is wrong.",
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


# Flags that the modes read; any other one given is refused, not overlooked.
_STARTS = ("recipe", "data", "records_dir", "run_dir", "dry_run", "set")
_READS = {
    "prepare": (*_STARTS, "annotations", "flow_dir"),
    "train": (*_STARTS, "teacher", "init", "allow_flow_mismatch"),
    "distill": (*_STARTS, "teacher", "init", "allow_flow_mismatch"),
    "finetune": (*_STARTS, "checkpoint"),
    "evaluate": ("data", "checkpoint", "run_dir", "allow_flow_mismatch", "set"),
    "predict": ("data", "checkpoint", "run_dir"),
    "convert": ("checkpoint", "run_dir", "set", "data"),
    "export": ("checkpoint", "run_dir", "set"),
    "visualize": ("data", "checkpoint", "run_dir"),
    "doctor": (
        "data",
        "checkpoint",
        "run_dir",
        "recipe",
        "set",
        "sample",
        "quiet",
    ),
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
    if mode == "finetune" and not _CHECKPOINT.value:
        raise UsageError(
            "--mode=finetune needs --checkpoint=START: a run, the name of "
            "published weights, or an exported module."
        )
    if mode == "convert" and not (_CHECKPOINT.value and _RUN_DIR.value):
        raise UsageError(
            "--mode=convert needs --checkpoint=PREFIX (or a published name) "
            "and --run_dir=OUT."
        )
    return mode


def _run(beam_args: list[str]) -> None:
    mode = _checked_mode()
    if mode == "doctor":
        with silence(_QUIET.value):
            from d3d_tf.doctor.checks import examine

            return examine(
                _recipe(),
                _DATA.value,
                _CHECKPOINT.value,
                _RUN_DIR.value,
                _SAMPLE.value,
                page=not _QUIET.value,
            )
    if beam_args and mode != "prepare":
        raise UsageError(
            f"Only --mode=prepare takes Beam's flags after --; got "
            f"{' '.join(beam_args)!r}."
        )
    if "recipe" in _READS[mode]:
        from d3d_tf.commands.starting import start

        return start(
            mode,
            _recipe(),
            data=_DATA.value,
            annotations=_ANNOTATIONS.value,
            records_dir=_RECORDS_DIR.value,
            flow_dir=_FLOW_DIR.value,
            teacher=_TEACHER.value,
            init=_INIT.value,
            checkpoint=_CHECKPOINT.value,
            run_dir=_RUN_DIR.value,
            dry_run=_DRY_RUN.value,
            allow_flow_mismatch=_ALLOW_FLOW_MISMATCH.value,
            beam_args=beam_args,
        )
    if mode == "convert":
        from d3d_tf.runs.from_published import convert_given

        convert_given(
            str(_CHECKPOINT.value),
            require_local(str(_RUN_DIR.value), "--run_dir"),
            _SET.value,
            _DATA.value,
        )
        return None
    from d3d_tf.runs.opening import newest_run, open_run

    given = _CHECKPOINT.value or _RUN_DIR.value
    run = open_run(given) if given else newest_run()
    if mode == "predict":
        from d3d_tf.commands.predict import predict

        return predict(str(_DATA.value), run)
    from d3d_tf.commands import finished

    if mode == "export":
        return finished.export(run, _SET.value)
    if mode == "evaluate":
        return finished.evaluate(
            run,
            _DATA.value,
            allow_flow_mismatch=_ALLOW_FLOW_MISMATCH.value,
            settings=_SET.value,
        )
    return finished.visualize(run, _DATA.value)


def _parse(argv: list[str]) -> list[str]:
    if "--help" in argv or "-h" in argv:
        app.usage(shorthelp=True, writeto_stdout=True, exitcode=0)
    try:
        end = argv.index("--") if "--" in argv else len(argv)
        rest = flags.FLAGS(argv[:end])
        if len(rest) > 1:
            raise flags.Error(
                f"unexpected {rest[1]!r}: flags are written --flag=value"
            )
    except flags.Error as error:
        names = ", ".join(f"--{name}" for name in ["mode", *sorted(_ALL)])
        print(f"error: {error}; valid: {names}.", file=sys.stderr)
        sys.exit(2)
    return rest + argv[end + 1 :]


def main(argv: list[str]) -> int:
    """Runs the mode; `argv[1:]` are Beam's own flags. Returns the exit code."""
    verbose = flags.FLAGS.verbosity > 0
    quiet(verbose)
    try:
        _run(argv[1:])
    except (Exception, KeyboardInterrupt) as error:
        return explain(error, verbose)
    return 0


if __name__ == "__main__":
    app.run(main, flags_parser=_parse)
