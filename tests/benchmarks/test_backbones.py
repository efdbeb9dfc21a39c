"""Tables 7 and 8 on the smallest toy: other students of one teacher."""

import pytest

from benchmarks.backbones import PAPER, rows_of
from benchmarks.grounds import Ground, Home
from d3d_tf.evaluation.bootstrap import nested_interval
from d3d_tf.runs.folder import Run
from tests.benchmarks.small_toy import ANY, made


@pytest.mark.large
def test_every_row(tmp_path):
    run = made(tmp_path / "seed0", "--mode=distill")
    home = Home(Run(run), "toy", ANY)
    ground = Ground("toy", "shuffled_colours", (home,), nested_interval)
    found = {name: row() for name, row in rows_of(ground).items()}
    assert list(found) == list(PAPER)
    for model in ("i3d", "s3dg_nonlocal"):
        student = Run(tmp_path / f"seed0-{model}")
        assert student.recipe().network.model == model
        assert student.origin()["teacher"] == str(run)
    (flow,), (d3d,), (fused,) = (
        ground.scores(lambda home: home.run, "teacher"),
        found["S3D-G: D3D"][0],
        found["S3D-G: D3D + flow"][0],
    )
    mean = (flow.probabilities + d3d.probabilities) / 2
    assert abs(fused.probabilities - mean).max() < 1e-6
