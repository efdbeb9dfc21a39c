"""Two steps on the smallest toy, again, and after an interruption."""

import dataclasses
import json

import pytest

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.expand.job import expand
from d3d_tf.runs.folder import Run

SETTINGS = [
    *("model=x3d_s", "frames=1", "stride=4", "clip.size=16"),
    *("width_factor=0.7", "depth_factor=0.4", "bottleneck_factor=1"),
    *("head_channels=8", "train.steps=2", "batch_size=4"),
    *("expand.axes=fast,spatial,depth", "expand.budget=0.001"),
    *("expand.most_steps=2", "checkpoint_every=2", "dropout=0"),
]


@pytest.fixture(scope="module")
def recipe(toy):
    return config.override(toy.recipe, SETTINGS)


@pytest.mark.large
def test_two_steps(toy, recipe, tmp_path, capsys):
    page = expand(recipe, toy.dataset(), tmp_path)
    results = json.loads((tmp_path / "expand.json").read_text())
    rows = results["candidates"]
    assert [(row["step"], row["axis"]) for row in rows[:4]] == [
        (0, ""),
        *((1, axis) for axis in ("fast", "spatial", "depth")),
    ]
    # So small a network may have no step left along an axis.
    assert {row["step"] for row in rows[4:]} == {2}
    kept = [row for row in rows if row["kept"]]
    assert [row["step"] for row in kept] == [0, 1, 2]
    # Each step begins from the best of the one before.
    for step in (1, 2):
        step_rows = [row for row in rows if row["step"] == step]
        best = max(row["top1"]["value"] for row in step_rows)
        assert kept[step]["top1"]["value"] == best
        for row in step_rows:
            ratio = row["multiply_adds"] / kept[step - 1]["multiply_adds"]
            assert 1 < ratio <= 2
    text = page.read_text()
    assert text.count('<tr class="kept">') == 3
    assert "<svg" in text and "1 x 4" in text
    # What is trained is a run as any other, and is not trained again.
    run = Run(tmp_path / kept[2]["run"])
    assert run.recipe().clip.size == kept[2]["size"]
    before = {
        path: path.stat().st_mtime_ns
        for path in tmp_path.rglob("finished.json")
    }
    assert len(before) == len(rows)
    expand(recipe, toy.dataset(), tmp_path)
    again = {path: path.stat().st_mtime_ns for path in before}
    assert again == before


@pytest.mark.large
def test_the_last_step_is_gone_back_on(toy, recipe, tmp_path):
    """A budget between the first network and its double."""
    options = dataclasses.replace(recipe.expand, axes=("depth",), budget=8e-5)
    own = dataclasses.replace(recipe, expand=options)
    page = expand(own, toy.dataset(), tmp_path)
    rows = json.loads((tmp_path / "expand.json").read_text())["candidates"]
    first, above, last = rows
    assert above["axis"] == "depth" and above["depth"] == 0.88
    assert first["multiply_adds"] < last["multiply_adds"] <= 80_000
    assert last["multiply_adds"] < above["multiply_adds"]
    assert (last["axis"], last["run"]) == ("", "step01-contracted")
    assert [row["kept"] for row in rows] == [True, False, True]
    assert "contracted" in page.read_text()


def test_a_first_network_above_the_budget(toy, recipe, tmp_path):
    options = dataclasses.replace(recipe.expand, budget=1e-6)
    with pytest.raises(UsageError, match="more than expand.budget=1e-06"):
        expand(
            dataclasses.replace(recipe, expand=options),
            toy.dataset(),
            tmp_path,
        )
