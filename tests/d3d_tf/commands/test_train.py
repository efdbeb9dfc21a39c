"""One network, its row and its page."""

import json
import os

from d3d_tf.commands import train
from d3d_tf.runs.folder import Run


def test_one_network_and_nothing_held_out(toy, tmp_path):
    """`--mode=train` on records of training videos only.

    A table of one row, no module; the user is told what the scores are of.
    """
    folder = tmp_path / "only_train"
    folder.mkdir()
    dataset = toy.dataset()
    shards = {
        name: count
        for name, count in dataset.info["shards"].items()
        if name.startswith("train-")
    }
    for name in shards:
        (folder / name).symlink_to(dataset.folder / name)
    info = dataset.info | {"splits": {"train": 16}, "shards": shards}
    del info["manifest_sha256"]
    (folder / "dataset.json").write_text(json.dumps(info))
    rows = [row for row in dataset.rows() if row["split"] == "train"]
    (folder / "manifest.json").write_text(json.dumps(rows))
    run = Run(tmp_path / "run")
    shown = toy.again(mode=train, run=run, data=str(folder))
    assert "warning: no video was held out" in shown
    assert "Flow (teacher)" in shown and "RGB" not in shown
    assert os.listdir(run.folder / "checkpoints") == ["teacher"]
    assert not run.export_path.exists()
    assert f"report: {run.report_path}" in shown and run.report_path.exists()
