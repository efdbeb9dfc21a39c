"""Each file of a run is damaged in turn; each error says what to do."""

import json
from pathlib import Path

import pytest

from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.sealed import sealed
from tests.harness import made_up_flow

RECIPE = Recipe(name="mine", seed=3)
FLOW = made_up_flow()
LABELS = ["jump", "über die Hürde", "wave hand"]


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path / "run")
    run.start(RECIPE, LABELS, Origin(records=Path("records/x-12"), flow=FLOW))
    return run


@pytest.mark.parametrize(
    "labels", [LABELS[::-1], LABELS[:2], [*LABELS, "x"], []]
)
def test_a_label_map_that_is_not_the_runs(run, labels):
    """Neither to read nor to go on with."""
    path = run.folder / "label_map.txt"
    path.write_text("".join(f"{label}\n" for label in labels))
    told = f"{path} is damaged .*: copy records/x-12/label_map.txt there"
    with pytest.raises(UserError, match=told):
        run.labels()
    with pytest.raises(UserError, match=told):
        run.start(
            RECIPE, LABELS, Origin(records=Path("records/x-12"), flow=FLOW)
        )


def test_records_are_found_from_everywhere(tmp_path, monkeypatch):
    """`records/x` of the folder where a run was made, which has moved since."""
    made, moved = tmp_path / "made", tmp_path / "moved"
    (made / "records" / "x").mkdir(parents=True)
    monkeypatch.chdir(made)
    run = Run(made / "runs" / "toy")
    run.start(RECIPE, LABELS, Origin(records=Path("records/x"), flow=FLOW))
    assert run.origin()["records"] == "records/x"
    monkeypatch.chdir(tmp_path)
    assert run.origin()["records"] == str(made / "records" / "x")
    made.rename(moved)
    found = Run(Path("moved/runs/toy")).origin()["records"]
    assert found == str(moved / "records" / "x")
    (moved / "records" / "x").rmdir()
    assert Run(moved / "runs" / "toy").origin()["records"] == "records/x"


def test_labels_of_an_older_run(run):
    """Nobody wrote down what they were."""
    told = json.loads((run.folder / "origin.json").read_text())
    del told["labels_sha256"]
    (run.folder / "origin.json").write_text(sealed(told))
    (run.folder / "label_map.txt").write_text("a\nb\n")
    assert run.labels() == ["a", "b"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"records": 1, "teacher": null}']
)
def test_origin_is_damaged(run, content):
    """Removed as the error says, it is written again by the same command."""
    path = run.folder / "origin.json"
    before = path.read_bytes()
    path.write_bytes(content)
    for ask in (run.origin, run.labels, run.weights, run.maker):
        with pytest.raises(UserError, match=f"{path} is damaged .*recipe.yaml"):
            ask()
    path.unlink()
    run.recipe_path.unlink()
    run.start(RECIPE, LABELS, Origin(records=Path("records/x-12"), flow=FLOW))
    assert path.read_bytes() == before
    assert run.recipe() == RECIPE


@pytest.mark.parametrize("content", ["", "seed: [", "a: 2001-99-99", "\0"])
def test_the_recipe_is_damaged(run, content):
    run.recipe_path.write_text(content)
    with pytest.raises(UsageError, match="recipe.yaml.* remove it and start"):
        run.recipe()


def test_every_bit_of_a_recipe(run):
    """Also where it is still a recipe; every 37th bit."""
    whole = run.recipe_path.read_bytes()
    for bit in range(0, 8 * len(whole), 37):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        run.recipe_path.write_bytes(content)
        with pytest.raises(UserError) as error:
            run.recipe()
        assert str(run.recipe_path) in str(error.value)
        assert "remove it and start" in str(error.value)


def test_a_recipe_of_an_older_run(run):
    """Nobody wrote down what it was; the same command goes on, and does."""
    origin = run.folder / "origin.json"
    told = json.loads(origin.read_text())
    for key in ("recipe_sha256", "content_sha256"):
        del told[key]
    origin.write_text(json.dumps(told))
    # Keys that a later version has were not there then.
    text = run.recipe_path.read_text()
    older = "".join(
        line for line in text.splitlines(True) if "jpeg_quality" not in line
    )
    assert older != text
    run.recipe_path.write_text(older)
    assert run.recipe() == RECIPE
    run.start(RECIPE, LABELS, Origin(records=Path("records/x-12"), flow=FLOW))
    assert run.recipe() == RECIPE
    assert run.recipe_path.read_text() == older
    run.recipe_path.write_text(text)
    with pytest.raises(UserError, match="by its SHA-256"):
        run.recipe()


def test_a_figure_of_results_that_is_another_one(run):
    run.write_results({"metrics": {"student/top1": {"value": 0.125}}})
    text = run.results_path.read_text()
    assert run.read_results()["metrics"]["student/top1"]["value"] == 0.125
    run.results_path.write_text(text.replace("0.125", "0.525"))
    with pytest.raises(UserError, match="results.json is damaged .it is not w"):
        run.read_results()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"metrics": {"a": 1}}', "[" * 100000]
)
def test_results_are_damaged(run, content):
    run.results_path.write_text(content)
    again = f"--mode=evaluate --checkpoint={run.folder} makes it again"
    with pytest.raises(UserError, match=f"results.json is damaged.*{again}"):
        run.read_results()
