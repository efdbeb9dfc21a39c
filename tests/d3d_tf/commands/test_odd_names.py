r"""Folders with odd names, from videos to a module and back.

TensorFlow takes `[`, `*`, `?` and `\` in a path for a pattern. Networks are
stand-ins; the paths are real.
"""

import contextlib
import io
import os

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands import (
    distill,
    evaluate,
    export,
    finetune,
    predict,
    visualize,
)
from d3d_tf.doctor.checks import examine
from d3d_tf.hub_export.client.module_info import read_module_info
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.runs.folder import Run
from d3d_tf.runs.opening import open_run
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture

# Enough to be a pattern, a flag, an escape and two lines.
ODD = "-x[1] a*b? \\d %20#\nü"
RECIPE = config.override(
    OWN_VIDEOS,
    [
        "flow.warps=1",
        "flow.scales=1",
        "data.num_shards=1",
        "clip.frames=4",
        "clip.size=16",
        "train.steps=2",
        "train.batch_size=4",
        "train.checkpoint_every=1",
    ],
)
NOT_UTF_8 = os.fsdecode(b"Mu\xf1oz")


@pytest.fixture
def videos(tmp_path):
    """Three of each of two classes."""
    folder = tmp_path / f"videos {ODD}"
    for k, name in enumerate(("[a]*", NOT_UTF_8)):
        (folder / name).mkdir(parents=True)
        for i in range(3):
            frames, _ = moving_texture(6, 32, 32, (1 - 2 * k, 0), seed=i)
            path = folder / name / f"-{i}[{NOT_UTF_8}]?.mp4"
            write_video(path, frames, 25)
    return folder


def shown(job, *given, **options):
    """What the user sees."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        job(*given, **options)
    return out.getvalue()


@pytest.mark.large
@pytest.mark.usefixtures("trunks_and_heads")
def test_from_videos_to_a_module_and_back(videos, tmp_path):
    records_dir = tmp_path / f"records {ODD}"
    run = Run(tmp_path / f"runs {ODD}" / NOT_UTF_8)
    given = {"data": str(videos), "records_dir": str(records_dir)}
    text = shown(distill.run, RECIPE, run_dir=str(run.folder), **given)
    assert "6 files: 6 used, 0 quarantined" in text
    assert "warning: TensorFlow itself may not find" in text
    assert run.labels() == ["Mu\\xf1oz", "[a]*"]
    names = sorted(p.name for p in run.checkpoints("student").iterdir())
    assert "ckpt-1.index" in names and "ckpt-2.index" in names
    metrics = run.read_results()["metrics"]

    # The same command again finds everything, and so do the other modes.
    text = shown(distill.run, RECIPE, run_dir=str(run.folder), **given)
    assert "prepared" not in text
    run = open_run(str(run.folder))
    shown(evaluate.run, checkpoint=[str(run.folder)])
    again = run.read_results()["metrics"]
    assert again["student/top1"] == metrics["student/top1"]
    video = next((videos / NOT_UTF_8).iterdir())
    assert "Mu\\xf1oz" in shown(
        predict.run, data=str(video), checkpoint=str(run.folder)
    )
    shown(export.run, checkpoint=str(run.folder))
    assert (run.export_path / "1" / "saved_model.pb").exists()
    info = read_module_info(run.export_path / "1")
    assert info.labels == ("Mu\\xf1oz", "[a]*")
    shown(visualize.run, checkpoint=str(run.folder))
    (records,) = records_dir.glob("*/dataset.json")
    out = str(tmp_path / ODD)
    text = shown(examine, RECIPE, str(records.parent), None, out, 2)
    assert "OK      shards: checksums of 6 records" in text
    module = str(run.export_path / "1")
    text = shown(examine, RECIPE, module, None, out, 2)
    assert "OK      warm-up: 3 requests" in text

    # A run of the module, whose head is kept.
    tuned = Run(tmp_path / "tuned [1]")
    text = shown(
        finetune.run,
        RECIPE,
        run_dir=str(tuned.folder),
        checkpoint=module,
        **given,
    )
    assert "its head is" not in text
    with np.load(tuned.scores("student", "test")) as scores:
        assert len(scores["labels"]) == 2
