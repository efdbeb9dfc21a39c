"""The probes of one tiny run: trained once, shown, kept, gone on with."""

import contextlib
import dataclasses
import io
import json
import shutil

import numpy as np
import pytest

from d3d_tf.config import override
from d3d_tf.errors import UsageError, UserError
from d3d_tf.probe import stages
from d3d_tf.probe.job import _plan, probe_run
from d3d_tf.runs.folder import Run

SETTINGS = ["train.steps=2", "probe.endpoints=2b", "probe.context=false"]


def probed(toy, folder, *settings):
    recipe = override(toy.recipe, [*SETTINGS, *settings])
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        page = probe_run(toy.run, recipe, toy.dataset(), folder)
    return page, shown.getvalue()


@pytest.fixture(scope="module")
def found(toy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    return folder, *probed(toy, folder, "probe.networks=baseline,teacher")


@pytest.mark.large
def test_table_and_page(found, toy):
    folder, page, shown = found
    results = json.loads((folder / "probe.json").read_text())
    assert list(results["splits"]) == ["same_colours", "shuffled_colours"]
    for rows in results["splits"].values():
        assert [row["title"] for row in rows] == [
            "All zeros",
            "RGB (baseline)",
            "RGB (baseline), fine-tuned",
            "Flow (teacher)",
        ]
        assert {row["endpoint"] for row in rows} == {"Conv2d_2b_1x1"}
        assert all(row["epe"]["n"] == 8 for row in rows)
        for row in rows:
            low, high = row["epe"]["ci95"]
            assert 0 < low <= row["epe"]["value"] <= high
            assert f"{row['epe']['value']:.3f}" in shown
            assert f"{row['epe']['value']:.3f}" in page.read_text()
    assert results["recipe"]["probe"]["endpoints"] == ["2b"]
    # Four videos, each with its frame, its flow and three decoded.
    assert page.read_text().count("<figcaption>") == 4 * 5


@pytest.mark.large
def test_the_zeros_are_the_length_of_the_records_flow(found, toy):
    # Of patches that cover a part of the picture at 1.8 to 2.8 pixels.
    results = json.loads((found[0] / "probe.json").read_text())
    zeros = results["splits"]["same_colours"][0]["epe"]["value"]
    assert 0.1 < zeros < 1.5


@pytest.mark.large
def test_each_probe_says_what_it_is_of(found, toy):
    folders = sorted(path for path in found[0].iterdir() if path.is_dir())
    names = [path.name.rpartition("-")[0] for path in folders]
    assert names == [
        "baseline-Conv2d_2b_1x1",
        "baseline-finetuned-Conv2d_2b_1x1",
        "teacher-Conv2d_2b_1x1",
    ]
    for folder in folders:
        told = json.loads((folder / "probe.json").read_text())
        assert told["dataset"] == toy.dataset().info["digest"]
        assert told["network"] == folder.name.partition("-")[0]
        assert (folder / "recipe.yaml").exists()
        assert (folder / "checkpoints/probe/finished.json").exists()


@pytest.mark.large
def test_nothing_is_done_twice_and_what_is_missing_is(
    found, toy, tmp_path, monkeypatch
):
    folder = tmp_path / "probe"
    shutil.copytree(found[0], folder)
    (lost,) = folder.glob("teacher-*/probe.json")
    lost.unlink()
    monkeypatch.setattr(stages, "train", None)
    _, shown = probed(toy, folder, "probe.networks=baseline,teacher")
    assert shown == found[2]
    assert lost.exists()


@pytest.mark.large
def test_a_frozen_network_stays_as_it_is(found, toy):
    import tensorflow as tf

    def values(name):
        (path,) = found[0].glob(f"{name}-Conv*/checkpoints/probe")
        reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(path))
        names = [n for n in reader.get_variable_to_shape_map() if "before" in n]
        names = [n for n in names if "OPTIMIZER" not in n]
        return {name: reader.get_tensor(name) for name in sorted(names)}

    frozen, tuned = values("baseline"), values("baseline-finetuned")
    checkpoint = tf.train.load_checkpoint(
        tf.train.latest_checkpoint(toy.run.checkpoints("baseline"))
    )
    trained = [
        checkpoint.get_tensor(n) for n in checkpoint.get_variable_to_shape_map()
    ]
    assert len(frozen) > 3
    for name, value in frozen.items():
        assert any(np.array_equal(value, other) for other in trained)
        assert not np.array_equal(value, tuned[name])


def test_what_a_run_does_not_have(toy, tmp_path):
    run = Run(tmp_path / "run")
    shutil.copytree(toy.run.folder, run.folder)
    for path in run.folder.glob("checkpoints/*/finished.json"):
        path.unlink()
    recipe = override(toy.recipe, SETTINGS)
    with pytest.raises(UserError, match="finished none of baseline, student"):
        probe_run(run, recipe, toy.dataset(), tmp_path / "p")
    with pytest.raises(UsageError, match="probe.endpoints must be among"):
        probed(toy, tmp_path / "p", "probe.endpoints=5c")


def test_exact_flow_is_of_the_runs_own_videos_only(toy, tmp_path):
    recipe = override(toy.recipe, [*SETTINGS, "seed=3", "probe.seeds=2"])
    own = _plan(toy.run, recipe, toy.dataset(), tmp_path)
    assert {probed.toy_seed for probed in own} == {toy.recipe.seed}
    assert {probed.recipe.seed for probed in own} == {3, 4}
    dataset = toy.dataset()
    info = dataset.info | {"digest": "another"}
    others = dataclasses.replace(dataset, info=info)
    for probed in _plan(toy.run, recipe, others, tmp_path):
        assert probed.toy_seed is None
