"""The command line: `d3d_tf --mode=MODE ...`, or `python -m d3d_tf.main`."""

# Flags are read here and nowhere else. The module of a mode is imported when
# the mode is chosen, so that `--help` and a wrong flag answer at once.
import dataclasses
import importlib
import sys
from typing import Any

from absl import app, flags

from d3d_tf.commands.common import named_recipe
from d3d_tf.commands.together import run_mode
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES
from d3d_tf.screen import explain, quiet


@dataclasses.dataclass(frozen=True)
class Command:
    """A mode; what it does is `run` in d3d_tf/commands/MODE.py.

    Attributes:
      summary: for `--help`.
      flags: that it reads, separated by spaces; others are refused. They are
        the keyword arguments of `run`; `set` is one as `settings` or, where
        there is a `recipe`, a part of that.
      several: flags that may be given more than once; `run` gets lists of them.
    """

    summary: str
    flags: str
    several: str = "init set"


_TRAINS = "recipe set data records_dir run_dir dry_run"
COMMANDS = {
    "prepare": Command(
        "videos to TFRecords with RGB, TV-L1 flow, labels, manifest; flags "
        "after -- are Beam's",
        "recipe set data annotations flow_dir records_dir dry_run",
    ),
    "train": Command(
        "one network: --set stream=flow (temporal) or rgb (spatial)",
        f"{_TRAINS} init allow_flow_mismatch",
    ),
    "distill": Command(
        "the main job: makes what is missing, evaluates, exports",
        f"{_TRAINS} teacher init allow_flow_mismatch",
    ),
    "finetune": Command(
        "the network of --checkpoint (also of a module) goes on with other "
        "videos, from labels alone",
        f"{_TRAINS} checkpoint",
    ),
    "expand": Command("X3D grows step by step; --set expand.*", _TRAINS),
    "evaluate": Command(
        "the results table of a run, or of several --checkpoint as ensemble or "
        "mean over official splits; frame-mAP of --detections",
        "checkpoint run_dir data set allow_flow_mismatch out detections",
        several="checkpoint set",
    ),
    "compare": Command(
        "two runs (--checkpoint twice) or data sets (--data twice): what they "
        "share, and which is better; with --plot any runs, accuracy and cost",
        "checkpoint data out plot",
        several="checkpoint data",
    ),
    "probe": Command(
        "how much motion a run's networks know: flow decoders on their "
        "features, see --set probe.*",
        f"{_TRAINS} checkpoint allow_flow_mismatch",
    ),
    "predict": Command(
        "a video file in, top classes, or persons and their actions, out",
        "data checkpoint run_dir detections out",
    ),
    "explain": Command(
        "which places of a video speak for a class (Grad-CAM); with several "
        "--checkpoint in one picture; --set explain.*",
        "data checkpoint run_dir set out",
        several="checkpoint set",
    ),
    "convert": Command(
        "a published checkpoint, TensorFlow 1 or PyTorch, to a verified run",
        "checkpoint run_dir set data",
    ),
    "export": Command("a student to a TF-Hub module", "checkpoint run_dir set"),
    "visualize": Command("the report page of a run", "data checkpoint run_dir"),
    "flow": Command("the optical flow of a video file", "data out set threads"),
    "doctor": Command(
        "what is wrong with records or a module (--data), a run (--checkpoint) "
        "or, without any, this machine",
        "data annotations checkpoint run_dir recipe set sample quiet",
    ),
}

flags.DEFINE_string("mode", None, "What to do, see above.")
flags.DEFINE_string(
    "recipe",
    None,
    f"A named experiment ({', '.join(RECIPES)}) or the path of a saved .yaml. "
    "Default: toy; own_videos with --data.",
)
flags.DEFINE_multi_string(
    "data",
    [],
    "A folder of videos with one sub-folder per class, or a record folder (to "
    "train stream=rgb, also one that other tools wrote); with --mode=predict, "
    "explain and flow a video file, with convert a .npy clip whose logits the "
    "authors printed; with compare twice, record folders or lists of ids.",
)
flags.DEFINE_string(
    "annotations",
    None,
    "The data set's own list of videos, a CSV file or the folder of its files; "
    "with --set layout=kinetics400|ucf101|csv|... (see docs/datasets.md).",
)
flags.DEFINE_string(
    "detections", None, "Boxes to score, or of persons; see docs/detection.md."
)
flags.DEFINE_string(
    "records_dir", "records", "Where record folders live, shared by runs."
)
flags.DEFINE_string(
    "flow_dir",
    None,
    "Flow of another tool for the videos in --data, laid out as they are; with "
    "--set algorithm=imported --set imported_codec=CODEC (see docs/flow.md).",
)
flags.DEFINE_string(
    "teacher",
    None,
    "A run whose teacher and baseline are used, the name of published weights "
    "such as i3d_flow_kinetics400, or any program's SavedModel or file of "
    "logits (.npz, .parquet; see docs/training.md).",
)
flags.DEFINE_multi_string(
    "init",
    [],
    "A run, or the name of published weights, whose networks the trained ones "
    "start from; repeatable, one for RGB and one for flow.",
)
flags.DEFINE_multi_string(
    "checkpoint",
    [],
    "A run folder, the name of published weights such as i3d_rgb_kinetics400, "
    "or an exported module (a folder, file:// or s3://); with --mode=convert a "
    "checkpoint of TensorFlow 1 (prefix) or PyTorch. Default for predict, "
    "explain, evaluate, export and visualize: --run_dir, or the newest run in "
    "runs/. Repeated: runs (explain), also scores/ROLE-SPLIT.npz (evaluate, "
    "compare).",
)
flags.DEFINE_string(
    "run_dir", None, "Where the run goes. Default: runs/RECIPE."
)
flags.DEFINE_string(
    "out",
    None,
    "What is written: with flow the array (.npy), compare the ids of both "
    "(.txt), evaluate results (.json, ensembles a folder), predict, explain a "
    "folder.",
)
flags.DEFINE_string(
    "plot",
    None,
    "With --mode=compare: a picture (.svg, .png, .pdf) of accuracy against "
    "multiply-adds of the networks of all --checkpoint.",
)
flags.DEFINE_bool(
    "dry_run",
    False,
    "Show the recipe and what would be done; with prepare, hours and GB, too.",
)
flags.DEFINE_bool(
    "allow_flow_mismatch",
    False,
    "Accept records whose flow was made another way than that which a network "
    "was trained on; the difference is written into results and exports.",
)
flags.DEFINE_integer(
    "sample",
    32,
    "With --mode=doctor: the videos whose pictures are decoded; 0: all.",
    lower_bound=0,
)
flags.DEFINE_bool(
    "quiet",
    False,
    "With --mode=doctor: no page, and one line only if something is wrong.",
)
flags.DEFINE_integer(
    "threads",
    None,
    "With --mode=flow: the threads that compute it. Default: one per core.",
    lower_bound=1,
)
flags.DEFINE_multi_string(
    "set", [], "key=value: override a field of the recipe; repeatable."
)
_ALL = {name for c in COMMANDS.values() for name in c.flags.split()}


def _command(mode: str | None) -> Command:
    """The mode's; every flag that is given is one that it reads."""
    if mode not in COMMANDS:
        given = "none was given" if mode is None else f"got {mode!r}"
        raise UsageError(
            f"--mode must be one of {', '.join(COMMANDS)}; {given}. "
            "--help explains them."
        )
    command = COMMANDS[mode]
    read = command.flags.split()
    for name in sorted(_ALL - set(read)):
        if flags.FLAGS[name].present:
            raise UsageError(
                f"--{name} has no effect with --mode={mode}, which reads "
                f"{', '.join('--' + n for n in read)}."
            )
    return command


def _arguments(mode: str, command: Command) -> dict[str, Any]:
    """The flags of a mode, as keyword arguments of its function."""
    values: dict[str, Any] = {
        name: flags.FLAGS[name].value for name in command.flags.split()
    }
    for name, value in values.items():
        if isinstance(value, list) and name not in command.several.split():
            if len(value) > 1:
                raise UsageError(
                    f"--mode={mode} takes one --{name}; got {', '.join(value)}."
                )
            values[name] = value[0] if value else None
    if "set" in values:
        values["settings"] = values.pop("set")
    if "recipe" in values:
        name = values["recipe"] or ("own_videos" if values["data"] else "toy")
        values["recipe"] = named_recipe(name, values.pop("settings"))
    return values


def _run(beam_args: list[str]) -> None:
    mode = flags.FLAGS.mode
    command = _command(mode)
    arguments = _arguments(mode, command)
    if mode == "prepare":
        arguments["beam_args"] = beam_args
    elif beam_args:
        raise UsageError(
            f"Only --mode=prepare takes Beam's flags after --; got "
            f"{' '.join(beam_args)!r}."
        )
    module = importlib.import_module(f"d3d_tf.commands.{mode}")
    run_mode(mode, module.run, arguments)


def _help() -> str:
    modes = "".join(f"  {m:10} {c.summary}\n" for m, c in COMMANDS.items())
    # absl calls the module that is run by the name of its file.
    module = sys.argv[0] if __name__ == "__main__" else __name__
    return f"{__doc__}\nModes:\n{modes}\n{flags.FLAGS.module_help(module)}"


def parse(argv: list[str]) -> list[str]:
    """Sets the flags, for `main`; ends the process after `--help`."""
    if "--help" in argv or "-h" in argv:
        print(_help())
        sys.exit(0)
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
    quiet(verbose := flags.FLAGS.verbosity > 0)
    try:
        _run(argv[1:])
    except (Exception, KeyboardInterrupt) as error:
        return explain(error, verbose)
    return 0


def console() -> None:
    """The command `d3d_tf`."""
    app.run(main, flags_parser=parse)


if __name__ == "__main__":
    console()
