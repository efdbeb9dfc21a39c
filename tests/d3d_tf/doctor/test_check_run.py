"""The toy run, then one that is damaged."""

import json
import re

import numpy as np
import pytest

from d3d_tf.config import to_dict
from d3d_tf.doctor import check_run as module
from d3d_tf.doctor.check_run import check_run
from d3d_tf.doctor.checks import examine
from d3d_tf.errors import UsageError, UserError
from d3d_tf.recipes import TOY
from d3d_tf.runs.origin import Origin
from d3d_tf.sealed import sealed


def words(run, data=None):
    return [f"{f.level} {f.check}: {f.text}" for f in check_run(run, data)]


def test_a_sound_run(toy):
    first, second = words(toy.run)
    assert first == (
        f"OK checkpoint: {toy.run.folder}: teacher, baseline, student loaded, "
        "8 classes"
    )
    assert second == f"OK records of the run: {toy.dataset().folder}"


def test_a_network_that_is_damaged(copied_run):
    for path in copied_run.checkpoints("baseline").glob("*.data-*"):
        path.write_bytes(path.read_bytes()[:50])
    first, _ = words(copied_run)
    assert first.startswith("ERROR checkpoint:")
    assert ": teacher, student loaded" in first
    assert "baseline cannot be loaded" in first


def test_an_older_checkpoint_that_is_damaged(copied_run):
    """The network is sound; a training that goes back would not be."""
    folder = copied_run.checkpoints("student")
    older, newest = sorted(folder.glob("ckpt-*.index"), key=_number)
    older.write_bytes(older.read_bytes()[:50])
    first, _ = words(copied_run)
    assert first.startswith("ERROR checkpoint:")
    assert "teacher, baseline, student loaded" in first
    assert f"student: {older.name} is damaged, of an older checkpoint" in first
    assert newest.name not in first


@pytest.mark.parametrize(
    "name", ["results.json", "scores/student.json", "scores/teacher.json"]
)
def test_results_that_are_damaged(copied_run, name):
    """Also one figure that is another one, which is still a figure."""
    path = copied_run.folder / name
    text = path.read_text()
    digit = re.search(r"\d", text)
    place = digit.start()
    other = str((int(digit[0]) + 1) % 10)
    for content in ("null", text[:place] + other + text[place + 1 :]):
        path.write_text(content)
        first, _ = words(copied_run)
        assert first.startswith("ERROR checkpoint:")
        assert f"{path} is damaged" in first


def test_scores_that_are_damaged(copied_run):
    path = next(copied_run.folder.glob("scores/baseline-*.npz"))
    path.write_bytes(path.read_bytes()[:-9])
    first, _ = words(copied_run)
    assert first.startswith("ERROR checkpoint:") and path.name in first


@pytest.mark.parametrize(
    "name, content",
    [
        ("checkpoints/student/finished.json", b"{}"),
        ("checkpoints/student/finished.json", b'{"classes": 3}'),
        ("checkpoints/student/checkpoint", b"\0" * 40),
        ("checkpoints/student/checkpoint", b'model_checkpoint_path: "ckpt-1"'),
        ("checkpoints/student/checkpoint", None),
        ("checkpoints/student/checkpoint", "all_model"),
        ("checkpoints/student/checkpoint", "timestamp"),
        ("scores/student.json", None),
    ],
)
def test_what_says_what_is_there(copied_run, name, content):
    """The networks are sound; what a training or a reader asks is not."""
    path = copied_run.folder / name
    if content is None:
        path.unlink()
    elif isinstance(content, str):  # One letter of it is another one.
        changed = "?" + content[1:]
        path.write_text(path.read_text().replace(content, changed, 1))
    else:
        path.write_bytes(content)
    first, _ = words(copied_run)
    assert first.startswith("ERROR checkpoint:")
    assert "teacher, baseline, student loaded" in first
    assert str(path) in first


def _number(path):
    return int(path.stem.rpartition("-")[2])


def test_weights_that_are_no_numbers(copied_run, monkeypatch):
    load = module.load_checkpoint

    def spoiled(folder, role):
        network = load(folder, role)
        if role == "teacher":
            variable = network.variables[0]
            variable.assign(np.full(variable.shape, np.nan))
        return network

    monkeypatch.setattr(module, "load_checkpoint", spoiled)
    first, _ = words(copied_run)
    assert "teacher has weights that are no numbers, in" in first


def test_no_network(toy, tmp_path):
    run = type(toy.run)(tmp_path / "run")
    dataset = toy.dataset()
    run.start(
        toy.recipe,
        dataset.classes,
        Origin(records=dataset.folder, flow=dataset.flow),
    )
    first, _ = words(run)
    assert first.startswith("WARNING")
    assert "no network loaded" in first and "no network is finished" in first


def test_records_that_are_gone(copied_run):
    path = copied_run.folder / "origin.json"
    origin = json.loads(path.read_text()) | {"records": "gone"}
    path.write_text(sealed(origin))
    _, second = words(copied_run)
    assert second.startswith("WARNING records of the run: gone; gone holds no")


def test_flow_of_another_library(toy, other_flow):
    folder = str(other_flow("another").folder)
    library = to_dict(toy.recipe) and toy.dataset().flow["library"]
    _, second = words(toy.run, folder)
    assert second == (
        f"ERROR records of the run: {folder}; library is {library!r} in the "
        "run and 'another' in the records"
    )


def make_older(run):
    """Nobody wrote down which labels it had."""
    path = run.folder / "origin.json"
    origin = json.loads(path.read_text())
    del origin["labels_sha256"]
    path.write_text(sealed(origin))


@pytest.mark.parametrize("change", [list.reverse, list.pop, list.clear])
def test_labels_that_are_not_the_runs(copied_run, change):
    labels = copied_run.labels()
    change(labels)
    path = copied_run.folder / "label_map.txt"
    path.write_text("".join(f"{name}\n" for name in labels))
    (only,) = words(copied_run)
    assert only.startswith(f"ERROR labels: {copied_run.folder}; {path} is dama")


@pytest.mark.parametrize("change", [list.reverse, list.pop])
def test_other_classes(copied_run, change):
    make_older(copied_run)
    labels = copied_run.labels()
    change(labels)
    (copied_run.folder / "label_map.txt").write_text(
        "".join(f"{name}\n" for name in labels)
    )
    _, second = words(copied_run)
    assert f"the run knows {len(labels)} classes, the records have 8" in second


def test_a_class_twice(copied_run):
    make_older(copied_run)
    labels = copied_run.labels()
    labels[1] = labels[0]
    (copied_run.folder / "label_map.txt").write_text(
        "".join(f"{name}\n" for name in labels)
    )
    first, _ = words(copied_run)
    assert "a class is there twice" in first


def test_a_recipe_that_no_network_has(copied_run, capsys):
    """It is found, as anything else is, and not taken for a wrong flag."""
    path = copied_run.recipe_path
    text = path.read_text()
    assert text.count("model: s3dg\n") == 1
    path.write_text(text.replace("model: s3dg\n", "model: nope\n"))
    given = str(copied_run.folder)
    with pytest.raises(UserError, match="1 of 1 checks found errors: recipe"):
        examine(TOY, None, given, None, 1)
    line = capsys.readouterr().out
    assert line.startswith(f"ERROR   recipe: {path}; ")
    assert "network.model must be one of s3dg, s3d, " in line
    assert "got 'nope'" in line


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(UsageError, match="is no run: no recipe.yaml in it"):
        examine(TOY, None, str(tmp_path), None, 1)
