"""Records, a run and its module in an object store, by the jobs."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.atomic_files import to_path
from d3d_tf.commands import evaluate, train
from d3d_tf.data.dataset import open_dataset
from d3d_tf.errors import UsageError
from d3d_tf.locks import FILE
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.screen import log_to
from d3d_tf.tfrecords.ensure import ensure_records
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture
from tests.s3_server import environment

pytestmark = pytest.mark.card


def copy(folder, target):
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


@pytest.mark.large
def test_a_run_in_an_object_store(toy, s3, capsys, tmp_path):
    """The baseline is equal to that of the same run on a disk."""
    records = to_path(f"{s3}/records/toy")
    copy(toy.dataset().folder, records)
    run = Run(to_path(f"{s3}/run"))

    def start():
        train.run(
            config.override(toy.recipe, ["train.stream=rgb"]),
            data=str(records),
            records_dir=str(tmp_path),
            run_dir=str(run.folder),
        )

    start()
    results = run.read_results()
    assert results["dataset"] == toy.run.read_results()["dataset"]
    local = toy.run.read_results()["metrics"]
    for name, entry in results["metrics"].items():
        assert name.startswith("baseline/")
        assert "/ms_" in name or entry == local[name], name
    network, other = (
        load_checkpoint(folder, "baseline")
        for folder in (f"{s3}/run", toy.run.folder)
    )
    for a, b in zip(network.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    names = {path.name for path in run.folder.iterdir()}
    there = {p.name for p in toy.run.folder.iterdir()}
    assert names | {"export"} == there - {FILE}  # Another test's.
    assert "RGB (baseline)" in (run.folder / "log.txt").read_text()
    # Nothing is left to do the second time.
    written = (run.checkpoints("baseline") / "checkpoint").stat()
    start()
    assert (run.checkpoints("baseline") / "checkpoint").stat() == written
    capsys.readouterr()
    evaluate.run(checkpoint=[f"{s3}/run"])
    assert "RGB (baseline)" in capsys.readouterr().out
    log_to(tmp_path / "log.txt")  # The server ends before this process.


def test_videos_are_read_from_disks(toy, s3, tmp_path):
    with pytest.raises(UsageError, match="must be on a local disk.*Copy it"):
        ensure_records(toy.recipe, f"{s3}/videos", str(tmp_path))


@pytest.mark.large
def test_the_command_line(s3, s3_environment, tmp_path):
    """Real processes; after any use of S3 the exit status is still 0."""
    for k in range(8):
        name = ("jump", "run")[k % 2]
        (tmp_path / "videos" / name).mkdir(parents=True, exist_ok=True)
        frames, _ = moving_texture(6, 40, 48, (1, k % 2), seed=k)
        write_video(tmp_path / "videos" / name / f"{k}.mp4", frames, 25)

    def main(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "d3d_tf.main", *arguments],
            cwd=tmp_path,
            env=environment(s3_environment),
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    main("--mode=prepare", "--data=videos", f"--records_dir={s3}/records")
    (folder,) = to_path(f"{s3}/records").iterdir()
    assert open_dataset(folder).info["num_videos"] == 8
    shown = main(
        "--mode=train",
        f"--data={folder}",
        f"--run_dir={s3}/run",
        *"--set stream=rgb --set steps=2 --set train.batch_size=2".split(),
        *"--set depth_multiplier=0.25 --set min_depth=8".split(),
    )
    assert f"report: {s3}/run/report.html" in shown
    results = json.loads(to_path(f"{s3}/run/results.json").read_text())
    assert "baseline/top1" in results["metrics"]
    assert not os.path.exists(tmp_path / "s3:")
