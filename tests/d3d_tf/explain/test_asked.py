"""Which networks and classes, and the words for what cannot be."""

import dataclasses

import pytest

from d3d_tf import config
from d3d_tf.config import ExplainRecipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.explain.asked import asked_networks, require_classes
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin


def found(run, **settings):
    return [
        (one.role, one.endpoint)
        for one in asked_networks([run], ExplainRecipe(**settings))
    ]


def test_the_network_that_predicts_at_its_last_endpoint(toy, copied_run):
    assert found(toy.run) == [("student", "Conv2d_2b_1x1")]
    (copied_run.checkpoints("student") / "finished.json").unlink()
    assert found(copied_run) == [("baseline", "Conv2d_2b_1x1")]


def test_networks_and_endpoints_that_are_named(toy):
    roles = ("teacher", "student")
    want = [(role, "MaxPool_2a_3x3") for role in roles]
    assert found(toy.run, networks=roles, endpoint="2a") == want


def test_titles_tell_runs_and_roles(toy):
    networks = ExplainRecipe(networks=("baseline", "teacher"))
    titles = [one.title for one in asked_networks([toy.run], networks)]
    assert titles == ["run: RGB (baseline)", "run: Flow (teacher)"]


def test_an_endpoint_that_is_not_there(toy):
    words = (
        "explain.endpoint must be among Conv2d_1a_7x7, MaxPool_2a_3x3, "
        "Conv2d_2b_1x1, .*got '5c'"
    )
    with pytest.raises(UsageError, match=words):
        found(toy.run, endpoint="5c")


def test_a_network_that_is_not_finished(copied_run):
    (copied_run.checkpoints("teacher") / "finished.json").unlink()
    with pytest.raises(UserError, match="no finished teacher"):
        found(copied_run, networks=("teacher",))


@pytest.mark.parametrize(
    "setting, words",
    [
        ("clip.frames=3", "clip.frames is 4 there, 3 here"),
        ("clip.sampling=segments", "clip.sampling is .*'segments' here"),
        ("data.frame_rate=10", "data.frame_rate is 25.0 there, 10.0 here"),
    ],
)
def test_runs_that_see_different_clips(toy, tmp_path, setting, words):
    other = Run(tmp_path / "other")
    recipe = config.override(toy.run.recipe(), [setting])
    other.start(recipe, toy.run.labels(), Origin(records=tmp_path, flow={}))
    for role in ("student", "baseline"):
        folder = other.checkpoints(role)
        folder.parent.mkdir(exist_ok=True)
        folder.symlink_to(toy.run.checkpoints(role))
    with pytest.raises(UsageError, match=f"different clips .*{words}"):
        asked_networks([toy.run, other], ExplainRecipe())


def test_pixels_and_classes_may_differ(toy, tmp_path):
    """What is shown is the same: only how the network scales it differs."""
    other = Run(tmp_path / "other")
    recipe = toy.run.recipe()
    network = dataclasses.replace(recipe.network, pixel_mean=(0.4, 0.4, 0.4))
    recipe = dataclasses.replace(recipe, network=network)
    other.start(recipe, ["up", "x"], Origin(records=tmp_path, flow={}))
    (other.folder / "checkpoints").symlink_to(toy.run.folder / "checkpoints")
    both = asked_networks([toy.run, other], ExplainRecipe())
    assert [len(one.labels) for one in both] == [8, 2]
    require_classes(both, ["up"])
    with pytest.raises(UsageError, match="other has no class 'down' .* 2 "):
        require_classes(both, ["down"])


def test_a_class_that_is_not_there(toy):
    asked = asked_networks([toy.run], ExplainRecipe())
    require_classes(asked, ["up", "down"])
    words = "has no class 'down_rihgt' among its 8 .* such as down_right, "
    with pytest.raises(UsageError, match=words):
        require_classes(asked, ["up", "down_rihgt"])
    with pytest.raises(UsageError, match="such as right, down_right, down."):
        require_classes(asked, ["zzz"])
