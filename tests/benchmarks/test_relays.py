"""Each row is the network that it is called."""

import dataclasses

import pytest

from benchmarks.grounds import Ground, Home
from benchmarks.relays import (
    PAPER,
    cost_of,
    rows_of,
    settings_of,
    trained,
    without_a_teacher,
)
from d3d_tf.config.files import override
from d3d_tf.evaluation.bootstrap import nested_interval
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores
from tests.benchmarks.small_toy import ANY, made
from tests.benchmarks.test_jhmdb import two_classes


@pytest.mark.parametrize(
    "row, expected",
    [
        ("TSN", ("tsn_r18", "batch_norm", 4, False)),
        ("TSN + DNR by 2 frames", ("tsn_r18", "dnr", 2, False)),
        ("TSN + DNR by 4 frames, both ways", ("tsn_r18", "dnr", 4, True)),
        ("TSM", ("tsm_r18", "batch_norm", 4, False)),
        ("TSM + DNR by 4 frames", ("tsm_r18", "dnr", 4, False)),
    ],
)
def test_settings(row, expected):
    assert row in PAPER
    network = override(RECIPES["toy"], settings_of(row)).network
    assert expected == (
        network.model,
        network.normaliser,
        network.frames_per_group,
        network.bidirectional,
    )


@pytest.mark.large
def test_rows(tmp_path):
    run = made(tmp_path / "seed0", "--mode=distill")
    home = Home(Run(run), "toy", ANY)
    ground = Ground("toy", "shuffled_colours", (home,), nested_interval)
    row = "TSN + DNR by 2 frames, both ways"
    scores, baseline = rows_of(ground)[row]()
    assert len(scores) == len(baseline) == 1
    found = Run(tmp_path / "seed0-tsn-dnr-by-2-frames-both-ways")
    assert found.recipe().network.bidirectional
    assert (tmp_path / "seed0-tsn").is_dir()
    parameters, work, speed = cost_of(ground, row).split(", ")
    assert parameters.endswith(" k") and work.endswith(" M")
    assert float(speed) > 0


@pytest.mark.large
def test_real_videos_need_no_teacher(jhmdb, tmp_path):
    two_classes(jhmdb, tmp_path)
    runs = tmp_path / "runs"
    (home,) = without_a_teacher(tmp_path, runs, tmp_path / "none", [1]).homes
    flags = *home.flags, "--set=steps=2", "--set=batch_size=4"
    run = trained(dataclasses.replace(home, flags=flags), "TSM")
    assert run.folder == runs / "split1-tsm"
    assert run.recipe().network.model == "tsm_r18"
    assert len(load_scores(run.scores("baseline", "test")).right()) == 4
    made_there = {path.name for path in runs.iterdir()}
    assert made_there == {"records", "split1-tsm"}
