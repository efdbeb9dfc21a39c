"""The command line as a user meets it: another process, its three streams.

Wrong usage is answered in one line that names what is right, with exit code 2,
and at once: nothing heavy is imported for it.
"""

import importlib
import inspect
import os
import re
import subprocess
import sys
import types

import numpy as np
import pytest
import yaml
from absl.testing import flagsaver

from d3d_tf import config, main
from d3d_tf.recipes import RECIPES
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.video.writing import write_video
from tests.published import SMALL, i3d_shapes, values, write

MODES = [
    "prepare",
    "train",
    "distill",
    "finetune",
    "evaluate",
    "compare",
    "predict",
    "explain",
    "convert",
    "export",
    "visualize",
    "flow",
    "doctor",
]
# As `python -m d3d_tf.main`, but nothing heavy can be imported: what is
# answered here is answered in a fraction of a second.
LIGHT = """
import importlib.util, runpy, sys
heavy = ("tensorflow", "keras", "av", "cv2", "apache_beam", "matplotlib")
sys.modules.update(dict.fromkeys(heavy))
sys.argv[0] = importlib.util.find_spec("d3d_tf.main").origin
runpy.run_module("d3d_tf.main", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def cli(tmp_path):
    """Runs the command line in an empty folder."""

    def run(*args, program=("-c", LIGHT)):
        done = subprocess.run(
            [sys.executable, *program, *args],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return types.SimpleNamespace(
            code=done.returncode, out=done.stdout, err=done.stderr
        )

    return run


def one_line(done):
    """The error that a user reads, alone on the screen.

    But for what TensorFlow 2.21 writes when it is imported, whatever
    TF_CPP_MIN_LOG_LEVEL says.
    """
    assert done.out == ""
    err = re.sub(
        r"^(I0000 |WARNING: All log messages before absl).*\n",
        "",
        done.err,
        flags=re.MULTILINE,
    )
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err


def test_nothing_heavy_can_be_imported_here(cli):
    """Or the tests below would prove nothing."""
    done = cli("--mode=prepare", "--data=.")
    assert done.code == 1
    assert "--mode=prepare needs av, cv2: run `pip install" in done.err


def test_help_names_modes_recipes_and_flags_at_once(cli):
    done = cli("--help")
    for word in [*MODES, *RECIPES]:
        assert word in done.out
    for flag in ("mode", "recipe", "data", "records_dir", "set", "run_dir"):
        assert f"--{flag}" in done.out
    assert done.err == ""


def test_help_is_a_success(cli):
    assert cli("--help").code == 0


def test_the_console_command_shows_the_same_help(cli):
    """As setup.py's entry point is called: from a script of another name."""
    script = "import sys; sys.argv[0] = 'bin/d3d_tf'\n"
    script += "from d3d_tf.main import console; console()"
    done = cli("--help", program=("-c", script))
    assert (done.code, done.err) == (0, "")
    ours = cli("--help").out
    modes, _, flags = done.out.partition("d3d_tf.main:\n")
    assert modes and ours.startswith(modes)
    assert flags and ours.endswith(flags)


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_a_file_whose_arguments_are_its_flags(mode):
    module = importlib.import_module(f"d3d_tf.commands.{mode}")
    arguments = set(inspect.signature(module.run).parameters)
    assert len(arguments) <= 8
    flags = set(main.COMMANDS[mode].flags.split())
    if "set" in flags and "recipe" not in flags:
        flags.add("settings")
    if mode == "prepare":
        flags.add("beam_args")
    assert arguments == flags - {"set"}


# Arguments, and parts of the line.
WRONG = [
    pytest.param([], ["--mode must be one of", *MODES], id="no_mode"),
    pytest.param(["--mode=trian"], ["'trian'", *MODES], id="mode"),
    pytest.param(
        ["--mode=train", "--modle=x"],
        ["'modle'", "--mode", "--data"],
        id="flag",
    ),
    pytest.param(
        ["--mode=train", "--dry_run=maybe"],
        ["maybe", "--dry_run"],
        id="flag_value",
    ),
    pytest.param(["--mode"], ["--mode", "--recipe"], id="flag_without_value"),
    pytest.param(
        ["--mode=train", "--", "--runner=FlinkRunner"],
        ["Only --mode=prepare", "'--runner=FlinkRunner'"],
        id="beams_flag",
    ),
    pytest.param(
        ["--mode=train", "--run_dir=gs://bucket/run"],
        ["gs://bucket/run", "s3://BUCKET"],
        id="another_store",
    ),
    pytest.param(
        ["distill"], ["'distill'", "--flag=value", "--mode"], id="no_flag"
    ),
    pytest.param(
        ["--mode=distill", "--recipe=kinetics"],
        ["'kinetics'", *RECIPES, ".yaml"],
        id="recipe",
    ),
    pytest.param(
        ["--mode=distill", "--recipe=none.yaml"],
        ["none.yaml", "No such file"],
        id="recipe_file",
    ),
    pytest.param(
        ["--mode=distill", "--set", "stepz=3"],
        ["'stepz'", "train.steps", "clip.frames", "distill.weight"],
        id="key",
    ),
    pytest.param(
        ["--mode=distill", "--set=steps=many"],
        ["train.steps", "int", "'many'"],
        id="type",
    ),
    pytest.param(
        ["--mode=train", "--set=stream=audio"],
        ["train.stream", "flow, rgb", "'audio'"],
        id="choice",
    ),
    pytest.param(
        ["--mode=distill", "--set=clip.frames=1000"],
        ["clip.frames", "toy.num_frames", "1000"],
        id="combination",
    ),
    pytest.param(
        ["--mode=distill", "--recipe=own_videos"],
        ["own_videos", "--data=FOLDER"],
        id="no_data",
    ),
    pytest.param(
        ["--mode=doctor", "--sample=-1"], ["sample", "-1"], id="sample"
    ),
    pytest.param(
        ["--mode=evaluate"], ["--checkpoint=RUN", "--mode=distill"], id="no_run"
    ),
    pytest.param(
        ["--mode=finetune", "--data=x"],
        ["--checkpoint=START", "module"],
        id="finetune_without_start",
    ),
    pytest.param(
        ["--mode=finetune", "--checkpoint=x", "--teacher=y"],
        ["--teacher has no effect with --mode=finetune"],
        id="finetune_with_teacher",
    ),
    pytest.param(
        ["--mode=finetune", "--checkpoint=x"],
        ["x is no run", "saved_model.pb"],
        id="finetune_from_nothing",
    ),
    pytest.param(
        ["--mode=convert", "--checkpoint=x"],
        ["--checkpoint=PREFIX", "--run_dir=OUT"],
        id="convert_without_target",
    ),
    pytest.param(
        ["--mode=convert", "--checkpoint=x", "--run_dir=y", "--init=z"],
        ["--init has no effect", "--checkpoint"],
        id="convert_and_init",
    ),
    pytest.param(
        ["--mode=distill", "--init=i3d_rgb_kinetics40"],
        ["i3d_rgb_kinetics40 is no run", "i3d_rgb_kinetics400"],
        id="no_published_name",
    ),
    pytest.param(
        ["--mode=export", "--checkpoint=x"], ["x is no run"], id="not_a_run"
    ),
    pytest.param(["--mode=predict"], ["--data=FILE"], id="predict_nothing"),
    pytest.param(["--mode=explain"], ["--data=VIDEO"], id="explain_nothing"),
    pytest.param(
        ["--mode=explain", "--data=a", "--recipe=toy"],
        ["--recipe has no effect with --mode=explain"],
        id="explain_recipe",
    ),
    pytest.param(
        ["--mode=predict", "--data=a", "--data=b"],
        ["--mode=predict takes one --data; got a, b"],
        id="data_twice",
    ),
    pytest.param(
        ["--mode=evaluate", "--checkpoint=a", "--checkpoint=b", "--data=c"],
        ["several --checkpoint", "it takes --out only"],
        id="evaluate_several_on_data",
    ),
    pytest.param(
        ["--mode=evaluate", "--checkpoint=a", "--out=b"],
        ["the results of one run are a file such as RESULTS.json"],
        id="evaluate_one_out",
    ),
    pytest.param(
        ["--mode=compare", "--checkpoint=a"],
        ["--checkpoint=A --checkpoint=B", "--data=A", "got 1 --checkpoint"],
        id="compare_one",
    ),
    pytest.param(
        ["--mode=flow", "--data=a.mp4"], ["--out=FILE.npy"], id="flow_out"
    ),
    pytest.param(
        ["--mode=flow", "--threads=0"], ["threads", "0"], id="flow_threads"
    ),
    pytest.param(
        ["--mode=train", "--teacher=x"],
        ["--teacher has no effect with --mode=train"],
        id="train_with_teacher",
    ),
]


@pytest.mark.parametrize(("args", "parts"), WRONG)
def test_wrong_usage_is_answered_at_once_and_in_one_line(
    cli, tmp_path, args, parts
):
    done = cli(*args)
    line = one_line(done)
    for part in parts:
        assert part in line
    assert done.code == 2
    assert os.listdir(tmp_path) == []


def test_a_value_that_is_no_yaml_is_answered_in_one_line(cli):
    done = cli("--mode=distill", "--set=steps=[1")
    assert done.code == 2
    assert "steps" in one_line(done)


def test_verbosity_shows_where_an_error_comes_from(cli):
    done = cli("--mode=trian", "--verbosity=1")
    assert done.code != 0
    assert "Traceback" in done.err
    assert "--mode must be one of" in done.err


def test_a_dry_run_shows_the_whole_recipe_and_does_nothing(cli, tmp_path):
    done = cli("--mode=distill", "--set=steps=7", "--dry_run")
    assert (done.code, done.err) == (0, "")
    shown, _, rest = done.out.partition("\n\n")
    expected = config.override(RECIPES["toy"], ["steps=7"])
    assert yaml.safe_load(shown) == config.to_dict(expected)
    assert "runs/toy" in rest
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ([], "toy"),
        (["--data=somewhere"], "own_videos"),
        (["--recipe=own_videos", "--data=somewhere"], "own_videos"),
        (["--recipe=mine.yaml", "--data=somewhere"], "mine"),
    ],
)
def test_the_recipe_is_the_one_asked_for(cli, tmp_path, args, name):
    (tmp_path / "mine.yaml").write_text("name: mine\n")
    done = cli("--mode=train", "--dry_run", *args)
    assert done.out.startswith(f"name: {name}\n")
    assert f"runs/{name}" in done.out.splitlines()[-1]


def test_a_dry_run_of_the_preparation_estimates(cli):
    """Here the job that does it cannot be imported."""
    done = cli("--mode=prepare", "--dry_run", "--data=.")
    assert "halted; None in sys.modules" in done.err
    assert cli("--mode=prepare", "--dry_run").code == 0


def test_only_the_preparation_reads_a_list(cli):
    done = cli("--mode=distill", "--annotations=x.csv", "--data=.")
    assert "--annotations has no effect with --mode=distill" in one_line(done)


def test_a_dry_run_of_a_finished_run_is_refused(cli, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/recipe.yaml").write_text(config.to_yaml(RECIPES["toy"]))
    done = cli("--mode=visualize", "--checkpoint=run", "--dry_run")
    assert done.code == 2
    assert "--dry_run" in one_line(done)


def test_a_setting_that_has_no_effect_is_refused(cli, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/recipe.yaml").write_text(config.to_yaml(RECIPES["toy"]))
    done = cli("--mode=visualize", "--checkpoint=run", "--set=stepz=1")
    assert done.code == 2
    assert "--set" in one_line(done)


def test_a_teacher_that_is_no_run_is_refused(cli, tmp_path):
    done = cli("--mode=distill", "--teacher=runs/tpyo")
    assert done.code == 2
    assert "runs/tpyo is no run" in one_line(done)


@pytest.mark.parametrize("mode", ["prepare", "predict", "export", "visualize"])
def test_a_mismatch_is_accepted_only_where_flows_are_compared(cli, mode):
    done = cli(f"--mode={mode}", "--allow_flow_mismatch")
    assert done.code == 2
    assert "--allow_flow_mismatch has no effect" in one_line(done)


@pytest.mark.parametrize("mode", ["train", "distill"])
def test_a_mismatch_may_be_accepted_for(cli, mode):
    done = cli(f"--mode={mode}", "--allow_flow_mismatch", "--dry_run")
    assert (done.code, done.err) == (0, "")


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """The same in this process, which has TensorFlow already."""

    def run(*args):
        with flagsaver.flagsaver():
            code = main.main(main.parse(["main", *args]))
        out, err = capfd.readouterr()
        # Of input workers of other tests, which are gone.
        err = re.sub(r".*data_service_client\.cc.*\n", "", err)
        return types.SimpleNamespace(code=code, out=out, err=err)

    monkeypatch.chdir(tmp_path)
    return run


def test_a_missing_checkpoint_is_a_failure(call):
    done = call("--mode=convert", "--checkpoint=x/model", "--run_dir=out")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: There is no checkpoint x/model: ")
    assert done.err.count("\n") == 1


def test_a_checkpoint_becomes_a_run(call, tmp_path):
    """With --init named twice, by folder, in a dry run afterwards."""
    content = values(i3d_shapes(2, **SMALL))
    write(tmp_path / "model.ckpt", content)
    (tmp_path / "names").write_text("a\nb\n")
    done = call(
        "--mode=convert",
        "--checkpoint=model.ckpt",
        "--run_dir=out",
        "--set=labels=names",
    )
    assert (done.code, done.err) == (0, "")
    assert "230 variables used" in done.out
    assert (tmp_path / "out/convert.json").exists()
    again = call("--mode=convert", "--checkpoint=model.ckpt", "--run_dir=out")
    assert again.code == 2
    assert "out is there already" in again.err
    dry = call("--mode=distill", "--init=out", "--init=out", "--dry_run")
    assert (dry.code, dry.err) == (0, "")


def test_the_machine_is_looked_at(call):
    done = call("--mode=doctor")
    assert (done.code, done.err) == (0, "")
    assert "OK      opencv: " in done.out


def test_missing_data_is_a_failure_in_one_line(cli):
    program = "-m", "d3d_tf.main"
    done = cli("--mode=prepare", "--data=no/such/folder", program=program)
    assert one_line(done) == "error: There is no folder no/such/folder.\n"
    assert done.code == 1


def test_a_paper_recipe_reads_the_list_and_estimates(call, tmp_path):
    """Two of the three listed videos are there, each 4 frames at 25 a second.

    With a flow that is not compiled first.
    """
    (tmp_path / "k400").mkdir()
    for name in ("train000001_000000_000010", "val00000001_000007_000017"):
        frames = np.random.default_rng(0).integers(0, 256, (4, 32, 48, 3))
        video = tmp_path / "k400" / f"{name}.mp4"
        write_video(video, frames.astype(np.uint8), 25)
    head = "label,youtube_id,time_start,time_end,split\n"
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.csv").write_text(
        head + "yoga,train000001,0,10,train\nyoga,gone0000001,0,10,train\n"
    )
    (tmp_path / "lists" / "val.csv").write_text(
        head + "arm wrestling,val00000001,7,17,val\n"
    )
    done = call(
        "--mode=prepare",
        "--recipe=d3d_kinetics400_1gpu",
        "--data=k400",
        "--annotations=lists",
        "--set=flow.algorithm=dis",
        "--dry_run",
    )
    assert (done.code, done.err) == (0, "")
    assert "kinetics400: 1 train, 1 val; 400 classes" in done.out
    assert "1 listed videos are not on disk" in done.out
    assert "8 frames with a short side of 256" in done.out
    assert done.out.endswith("would prepare k400 into records\n")
    for mode in ("train", "distill"):
        done = call(f"--mode={mode}", "--recipe=d3d_kinetics400", "--data=k400")
        assert (done.code, done.out) == (2, "")
        assert "--annotations" in done.err


def test_beam_gets_its_own_flags(call, tmp_path):
    frames = np.zeros((3, 32, 48, 3), np.uint8)
    for name in ("a", "b"):
        (tmp_path / "videos" / name).mkdir(parents=True)
        write_video(tmp_path / "videos" / name / "1.mp4", frames, 25)
    done = call("--mode=prepare", "--data=videos", "--", "--runner=NoSuch")
    assert done.code == 1
    assert "NoSuch" in done.err


def test_videos_become_records(call, tmp_path, capfd):
    """A folder of one's own, one file of which is broken."""
    tvl1_flow(np.zeros((2, 32, 48), np.uint8))
    capfd.readouterr()  # The first may tell that it compiles.
    rng = np.random.default_rng(0)
    for name in ("a/1", "a/2", "b/1"):
        path = tmp_path / "videos" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        frames = rng.integers(0, 256, (3, 32, 48, 3)).astype(np.uint8)
        write_video(path, frames, 25)
    (tmp_path / "videos/b/2.mp4").write_text("no video")
    done = call("--mode=prepare", "--data=videos", "--set=warps=1")
    assert done.code == 0
    assert "prepared 3 videos (1 more quarantined), 9 frames in" in done.out
    (folder,) = (tmp_path / "records").iterdir()
    assert folder.name.startswith("videos-")
    assert f"records/{folder.name}" in done.out
    assert "2 classes" in done.out
    assert "left out videos/b/2.mp4: cannot be decoded" in done.out
    assert "100%" in done.err
    again = call("--mode=prepare", "--data=videos", "--set=warps=1")
    assert (again.code, again.err) == (0, "")
    told = done.out.splitlines()
    assert again.out.splitlines() == [told[0], *told[2:]]
    records = f"--data=records/{folder.name}"
    # Noise: no flow explains it, and nothing is held out of so few.
    seen = call("--mode=doctor", records, "--sample=1")
    assert f"page: doctor/{folder.name}/doctor.html" in seen.out
    assert "WARNING losses: 4 files tried, 1 left out" in seen.out
    assert "OK      shards" in seen.out
    before = set(tmp_path.rglob("*"))
    quiet = call("--mode=doctor", records, "--sample=1", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    (folder / "label_map.txt").unlink()
    quiet = call("--mode=doctor", records, "--sample=1", "--quiet")
    assert (quiet.code, quiet.out) == (1, "")
    assert re.fullmatch(
        rf"error: records/{folder.name}: .* found errors: label map\b.*\n",
        quiet.err,
    )
    assert set(tmp_path.rglob("*")) == before - {folder / "label_map.txt"}
    seen = call("--mode=doctor", records, "--run_dir=seen")
    assert seen.code == 1
    assert "ERROR   label map: 2 classes; label_map.txt is missing" in seen.out
    assert (tmp_path / "seen/doctor.html").exists()
    *_, last = seen.err.splitlines()
    assert last.startswith(f"error: records/{folder.name}: ")
    assert "checks found errors: label map" in last


def test_videos_that_cannot_be_used_are_a_failure(call, tmp_path):
    (tmp_path / "videos/a").mkdir(parents=True)
    (tmp_path / "videos/a/1.mp4").write_text("no video")
    done = call("--mode=prepare", "--data=videos")
    assert done.code == 1
    assert done.out == ""
    *_, line = done.err.splitlines()
    assert line.startswith("error: None of the 1 files could be used")
    assert "videos/a/1.mp4: cannot be decoded" in line
