"""Table 6 on the smallest toy: each row is the network it says."""

import pytest

from benchmarks.ablations import PAPER, RGB, rows_of
from benchmarks.grounds import Ground, Home
from d3d_tf.evaluation.bootstrap import nested_interval
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.folder import Run
from tests.benchmarks.small_toy import FLAGS, made


@pytest.mark.large
def test_every_row(tmp_path):
    run = made(tmp_path / "seed0", "--mode=distill")
    home = Home(Run(run), "toy", FLAGS)
    ground = Ground("toy", "shuffled_colours", (home,), nested_interval)
    found = {name: row() for name, row in rows_of(ground).items()}
    control = Run(tmp_path / "seed0-control")
    assert control.recipe().distill.teacher_stream == "rgb"
    assert control.origin()["teacher"] == str(run)
    assert set(found) == set(PAPER)
    assert all(
        (base is None) == (name == RGB) for name, (_, base) in found.items()
    )
    terms = {
        name: Run(tmp_path / f"seed0-at-{name}").recipe().distill.terms
        for name in ("Conv2d_2c_3x3", "Mixed_4c-and-logits")
    }
    (only,) = terms["Conv2d_2c_3x3"]
    assert (only.where, only.weight) == ("Conv2d_2c_3x3", 1)
    assert {t.where: t.weight for t in terms["Mixed_4c-and-logits"]} == {
        "Mixed_4c": 1,
        "logits": RECIPES["toy"].distill.weight,
    }
    assert Run(tmp_path / "seed0-flow-loss").recipe().distill.flow_weight == 1
    learned = Run(tmp_path / "seed0-learned-flow")
    assert learned.recipe().network.model == "s3dg_learned_flow"
    (start,) = learned.origin()["weights"]["init"]
    assert start["run"] == str(run)
