"""A module that we exported is a run again; others are told what is not."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.atomic_files import publish_folder, to_path
from d3d_tf.errors import UserError
from d3d_tf.hub_export.export import export_module
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.runs.from_module import module_run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.opening import open_run
from d3d_tf.runs.warm_start import Initial
from d3d_tf.sealed import sealed
from tests.harness import randomize, shallow_network

# That of `shallow_network`.
NETWORK = InceptionRecipe(
    depth_multiplier=1 / 64, min_depth=2, final_endpoint="Conv2d_2c_3x3"
)
INFO = {
    "recipe": "toy",
    "network": dataclasses.asdict(NETWORK),
    "frame_rate": 12.5,
    "flow": {"codec": "made up"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A network and the version folder of its module."""
    network = shallow_network()
    randomize(network)
    path = export_module(
        network,
        tmp_path_factory.mktemp("export"),
        labels=["a", "b", "c"],
        frames=4,
        size=16,
        short_side=20,
        info=INFO,
    )
    return network, path


@pytest.fixture
def exported(made, tmp_path, monkeypatch):
    """The same, in a copy of one's own."""
    monkeypatch.setenv("D3D_TF_CACHE", str(tmp_path / "cache"))
    network, path = made
    shutil.copytree(path, tmp_path / "1")
    return network, tmp_path / "1"


def change(path, **entries):
    told = json.loads((path / "module.json").read_text()) | entries
    (path / "module.json").write_text(sealed(told))


def test_a_module_is_a_run(exported, capsys):
    network, path = exported
    run = open_run(f"file://{path}")
    recipe = run.recipe()
    assert recipe.network == NETWORK
    assert (recipe.clip.frames, recipe.clip.size) == (4, 16)
    assert (recipe.data.frame_rate, recipe.data.short_side) == (12.5, 20)
    assert run.labels() == ["a", "b", "c"]
    assert run.origin()["flow"] == {"codec": "made up"}
    assert run.weights()["module"]["source"] == str(path)
    again = load_checkpoint(run.folder)
    for ours, theirs in zip(
        again.get_weights(), network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert "variables" in capsys.readouterr().out
    # Another time it is found.
    written = run.recipe_path.stat()
    assert open_run(str(path)) == run
    assert run.recipe_path.stat() == written
    assert capsys.readouterr().out == ""


def test_a_module_of_others(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "m"))
    with pytest.raises(UserError, match="no module of d3d_tf.*KerasLayer"):
        open_run(str(tmp_path / "m"))


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({"network": None}, "network: it is null and not an object"),
        (
            {"network": {"gates": 3}},
            "another version .*network.gates",
        ),
    ],
)
def test_networks_that_are_not_known(exported, entries, told):
    _, path = exported
    change(path, **entries)
    with pytest.raises(UserError, match=told):
        module_run(path)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _reverse(path):
    path.write_text("".join(path.read_text().splitlines(True)[::-1]))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("saved_model.pb", _cut),
        ("saved_model.pb", lambda path: path.write_bytes(b"")),
        ("variables/variables.index", _cut),
        ("variables/variables.index", _flip),
        ("variables/variables.index", Path.unlink),
        ("variables/variables.data-00000-of-00001", _cut),
        ("variables/variables.data-00000-of-00001", _flip),
        ("variables/variables.data-00000-of-00001", Path.unlink),
        ("module.json", _cut),
        ("module.json", lambda path: path.write_bytes(b"")),
        ("assets/labels.txt", _reverse),
        ("assets/labels.txt", lambda path: path.write_bytes(b"")),
        ("assets/labels.txt", lambda path: path.write_bytes(b"a\nb\n\xff\n")),
        ("assets/labels.txt", Path.unlink),
    ],
)
def test_a_damaged_file_is_named(exported, tmp_path, name, fault):
    """In one line, and nothing is kept that a later start would find."""
    _, path = exported
    fault(path / name)
    with pytest.raises(UserError) as error:
        open_run(str(path))
    text = str(error.value)
    assert text.startswith(f"{path / name} ")
    assert text.endswith(
        "copy the module again, or export it again with --mode=export."
    )
    assert "\n" not in text
    assert not list(tmp_path.glob("cache/**/recipe.yaml"))


def test_labels_are_looked_at_although_the_run_is_kept(exported):
    _, path = exported
    open_run(str(path))
    _reverse(path / "assets" / "labels.txt")
    with pytest.raises(UserError, match="labels.txt is damaged"):
        open_run(str(path))


def test_a_part_of_a_network(exported):
    """A feature_map: of the layers behind its endpoint it has no weights."""
    _, path = exported
    change(path, endpoint="Mixed_4f")
    with pytest.raises(UserError, match="ends at Mixed_4f, .* at Conv2d_2c"):
        module_run(path)


def test_a_module_that_does_not_tell_its_network(exported):
    _, path = exported
    told = json.loads((path / "module.json").read_text())
    del told["network"]
    (path / "module.json").write_text(sealed(told))
    with pytest.raises(UserError, match="does not say which network.*Export"):
        module_run(path)


def test_other_variables_than_those_of_the_network(exported):
    """Labels of two classes: the head has another shape."""
    _, path = exported
    change(path, labels_sha256=None)  # As older modules.
    (path / "assets" / "labels.txt").write_text("a\nb\n")
    with pytest.raises(UserError, match="Conv2d_0c_1x1/kernel:0, .*is miss"):
        module_run(path)


def test_a_module_without_logits_gives_its_trunk(exported, tmp_path):
    """As a module of features is: a start that gets a new head."""
    network, path = exported
    features = tf.train.Checkpoint()
    features.variables = network.trunk.variables
    target = tmp_path / "features"
    tf.saved_model.save(features, str(target))
    shutil.copy(path / "module.json", target)
    shutil.copytree(path / "assets", target / "assets", dirs_exist_ok=True)
    run = module_run(target)
    assert run.labels() == []
    recipe = dataclasses.replace(run.recipe(), name="new")
    initial = Initial([run], recipe, ["x", "y"], ("student",))
    fresh = shallow_network(2)
    initial.fill(fresh, "student")
    for ours, theirs in zip(
        fresh.trunk.get_weights(), network.trunk.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    (entry,) = initial.describe()
    assert entry["networks"]["student"]["head"].startswith("replaced (no head")


@pytest.mark.card
def test_a_module_in_an_object_store(exported, s3):
    network, path = exported
    target = to_path(f"{s3}/modules/1")
    publish_folder(path, target, mark="saved_model.pb")
    run = open_run(f"{s3}/modules/1")
    assert run.weights()["module"]["source"] == f"{s3}/modules/1"
    for ours, theirs in zip(
        load_checkpoint(run.folder).get_weights(),
        network.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
