"""What training starts from, and that nothing starts anew in silence."""

import dataclasses
import json
from fnmatch import fnmatch

import numpy as np
import pytest

from d3d_tf.commands import train
from d3d_tf.config import Recipe, override
from d3d_tf.errors import UsageError
from d3d_tf.models import make_network
from d3d_tf.models.inception.architecture import HEAD_NAMES
from d3d_tf.models.inception.checkpoints.variable_names import by_name
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.origin import Origin
from d3d_tf.runs.warm_start import Initial
from d3d_tf.training.checkpoints import save_finished
from tests.d3d_tf.models.resnet.golden_resnet import torch_names
from tests.harness import randomize
from tests.published import (
    SMALL,
    WIDTH,
    converted,
    deepmind_shapes,
    flat_shapes,
    i3d_shapes,
    slim_shapes,
)

I3D = Recipe(name="new", network=InceptionRecipe(model="i3d", **WIDTH))
RESNET = ResNetRecipe(model="tsn_r18", width_factor=1 / 16)
LABELS = ["a", "b", "c"]
S3DG = Recipe(name="new", network=InceptionRecipe(**WIDTH))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """`published(shapes)`: the values and the run of a checkpoint.

    The same ones for the same shapes; nothing is written into a start.
    """
    made: dict[str, tuple] = {}

    def make(shapes, *settings):
        key = repr((shapes, settings))
        if key not in made:
            folder = tmp_path_factory.mktemp("published")
            made[key] = converted(folder, shapes, *settings)
        return made[key]

    return make


def filled(initial, recipe, num_classes, role):
    stream = "flow" if role == "teacher" else "frames"
    network = make_network(recipe.network, num_classes, stream)
    before = {k: v.numpy() for k, v in by_name(network).items()}
    initial.fill(network, role)
    return before, by_name(network)


def test_the_same_classes_keep_the_head(published, capsys):
    content, run = published(i3d_shapes(5, **SMALL))
    initial = Initial([run], I3D, run.labels(), ("baseline", "student"))
    initial.tell()
    assert "start anew" not in capsys.readouterr().out
    _, found = filled(initial, I3D, 5, "student")
    for name, variable in found.items():
        np.testing.assert_array_equal(variable, content[f"InceptionV1/{name}"])
    (entry,) = initial.describe()
    assert entry["run"] == str(run.folder)
    assert entry["weights"] == run.weights()
    assert entry["networks"]["student"] == {
        "from": "baseline",
        "head": "kept",
        "new": [],
    }


@pytest.mark.parametrize(
    "labels",
    [["a", "b", "c"], [f"kind {i}" for i in range(5)]],
    ids=["count", "names"],
)
def test_other_classes_replace_the_head(published, capsys, labels):
    """Kinetics to UCF: another number of classes, or only other names."""
    content, run = published(i3d_shapes(5, **SMALL))
    initial = Initial([run], I3D, labels, ("baseline",))
    capsys.readouterr()
    initial.tell()
    shown = capsys.readouterr().out
    assert (
        f"its head is replaced (5 classes: class 0, class 1, ... there, "
        f"{len(labels)} classes: {labels[0]}, {labels[1]}, ... here)"
    ) in shown
    for name in HEAD_NAMES:
        assert name in shown
    before, found = filled(initial, I3D, len(labels), "baseline")
    for name, variable in found.items():
        if name in HEAD_NAMES:
            np.testing.assert_array_equal(variable, before[name])
        else:
            np.testing.assert_array_equal(
                variable, content[f"InceptionV1/{name}"]
            )
    (entry,) = initial.describe()
    assert entry["networks"]["baseline"]["new"] == list(HEAD_NAMES)


@pytest.mark.large
def test_pictures(published, capsys):
    content, run = published(flat_shapes(11, **SMALL), "model=s3dg")
    initial = Initial([run], S3DG, ["a", "b"], ("baseline",))
    initial.tell()
    assert "(no head there, 2 classes: a, b here)" in capsys.readouterr().out
    _, found = filled(initial, S3DG, 2, "baseline")
    name = "Mixed_3b/Branch_0/Conv2d_0a_1x1"
    np.testing.assert_array_equal(
        found[f"{name}/weights"][0], content[f"InceptionV1/{name}/weights"]
    )
    (entry,) = initial.describe()
    told = entry["weights"]["converted"]["initial_values"]
    assert "Conv2d_2c_3x3/temporal/weights" in told


def test_each_stream_from_its_own_run(published, capsys):
    _, rgb = published(deepmind_shapes(5, **SMALL))
    content, flow = published(deepmind_shapes(5, channels=2, **SMALL))
    initial = Initial([rgb, flow], I3D, rgb.labels(), ("teacher", "baseline"))
    _, found = filled(initial, I3D, 5, "teacher")
    np.testing.assert_array_equal(
        found["Conv2d_1a_7x7/weights"],
        content["RGB/inception_i3d/Conv3d_1a_7x7/conv_3d/w"],
    )
    rgb_entry, flow_entry = initial.describe()
    assert set(rgb_entry["networks"]) == {"baseline"}
    assert set(flow_entry["networks"]) == {"teacher"}


def test_a_network_without_a_start_is_told(published, capsys):
    _, rgb = published(deepmind_shapes(5, **SMALL))
    initial = Initial([rgb], I3D, rgb.labels(), ("teacher", "baseline"))
    capsys.readouterr()
    initial.tell()
    assert (
        "warning: teacher starts from scratch: no run of --init has a network "
        "of flow" in capsys.readouterr().out
    )
    before, found = filled(initial, I3D, 5, "teacher")
    for name, variable in found.items():
        np.testing.assert_array_equal(variable, before[name])
    assert initial.describe()[0]["from_scratch"] == ["teacher"]


def test_a_run_that_gives_nothing_is_refused(published):
    _, rgb = published(deepmind_shapes(5, **SMALL))
    with pytest.raises(UsageError, match=r"no finished .* teacher \(flow\)"):
        Initial([rgb], I3D, rgb.labels(), ("teacher",))


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"model": "s3d"}, ["network.model is 'i3d' there, 's3d' here"]),
        (
            {"depth_multiplier": 0.5, "first_temporal_kernel": 3},
            [
                "network.depth_multiplier is 0.0625 there, 0.5 here",
                "network.first_temporal_kernel is 7 there, 3 here",
                "--set network.depth_multiplier=0.0625",
            ],
        ),
        (
            {"temporal_conv_start_at": None},
            ["--set network.temporal_conv_start_at=Conv2d_2c_3x3"],
        ),
        (
            {"pixel_mean": (0.45, 0.45, 0.45)},
            ["--set network.pixel_mean=[0.5,0.5,0.5]"],
        ),
    ],
)
def test_another_architecture_is_refused(published, changes, told):
    _, run = published(i3d_shapes(5, **SMALL))
    recipe = dataclasses.replace(
        I3D, network=dataclasses.replace(I3D.network, **changes)
    )
    with pytest.raises(UsageError) as error:
        Initial([run], recipe, run.labels(), ("baseline",))
    for text in told:
        assert text in str(error.value)


def test_what_training_does_may_differ(published):
    _, run = published(slim_shapes(5, **SMALL))
    network = dataclasses.replace(
        S3DG.network, dropout=0.9, weight_decay=1e-3, batch_norm_momentum=0.9
    )
    recipe = dataclasses.replace(S3DG, network=network)
    Initial([run], recipe, run.labels(), ("baseline",))


@pytest.mark.parametrize(
    "changes, new",
    [
        ({"model": "tsm_r18"}, []),
        (
            {"normaliser": "dnr", "interlace": "before_conv1"},
            ["layer*.lstm", "layer*.*.bn1", "layer*.*.bn2"],
        ),
    ],
    ids=["tsm", "dnr"],
)
def test_a_resnet_of_pictures(tmp_path, capsys, changes, new):
    """TSM takes all but the classifier, DNR what it has as well."""
    recipe = Recipe(name="old", network=RESNET)
    run = Run(tmp_path)
    run.start(recipe, LABELS, Origin(records=None, flow={}))
    old = make_network(RESNET, len(LABELS), "frames")
    randomize(old)
    save_finished(old, run.checkpoints("baseline"), {})
    network = dataclasses.replace(RESNET, **changes)
    recipe = dataclasses.replace(recipe, network=network)
    initial = Initial([run], recipe, ["x", "y"], ("baseline",))
    initial.tell()
    shown = capsys.readouterr().out
    assert "fc_cls.weight, fc_cls.bias start anew" in shown
    heads = ["fc_cls.weight", "fc_cls.bias"]
    (entry,) = initial.describe()
    assert entry["networks"]["baseline"]["new"] == new + heads
    for name in new:
        assert name in shown
    started = make_network(network, 2, "frames")
    names = torch_names(started)
    before = {name: v.variable.numpy() for name, v in names.items()}
    initial.fill(started, "baseline")
    there = torch_names(old)
    for name, (variable, *_) in names.items():
        fresh = any(fnmatch(name, f"{start}.*") for start in new)
        kept = name in heads or fresh
        wanted = before[name] if kept else there[name].variable
        np.testing.assert_array_equal(variable, wanted, err_msg=name)


def test_a_resnet_of_another_depth(tmp_path):
    """The settings that are told are those that matter."""
    run = Run(tmp_path)
    recipe = Recipe(name="old", network=RESNET)
    run.start(recipe, LABELS, Origin(records=None, flow={}))
    save_finished(
        make_network(RESNET, 3, "frames"), run.checkpoints("baseline"), {}
    )
    network = dataclasses.replace(RESNET, model="tsm_r34", normaliser="dnr")
    recipe = dataclasses.replace(recipe, network=network)
    told = "model is 'tsn_r18' there, 'tsn_r34' here.. To train"
    with pytest.raises(UsageError, match=told):
        Initial([run], recipe, LABELS, ("baseline",))


@pytest.mark.large
def test_a_training_from_published_weights(toy, published, tmp_path, capsys):
    """--mode=train --init: small steps leave it near its start."""
    content, start = published(slim_shapes(5, **SMALL))
    recipe = override(
        toy.recipe,
        [
            "stream=rgb",
            "network.depth_multiplier=0.0625",
            "network.min_depth=4",
            "network.final_endpoint=Mixed_5c",
            "first_temporal_kernel=3",
            "steps=1",
            "learning_rate=0.00001",
            "weight_decay=0.0",
        ],
    )
    run = Run(tmp_path / "fine")
    again = dataclasses.replace(toy, recipe=recipe).again
    shown = again(run=run, mode=train, init=[str(start.folder)])
    assert "baseline starts from the baseline of" in shown
    assert "head is replaced (5 classes" in shown
    assert "starts from scratch" not in shown and "no weights" not in shown
    trained = by_name(load_checkpoint(run.folder))
    for name in ("Conv2d_1a_7x7", "Mixed_5c/Branch_1/Conv2d_0b_3x3"):
        np.testing.assert_allclose(
            trained[f"{name}/weights"],
            content[f"InceptionV1/{name}/weights"],
            atol=1e-4,
        )
    origin = json.loads((run.folder / "origin.json").read_text())
    (entry,) = origin["weights"]["init"]
    assert entry["run"] == str(start.folder)
    assert run.read_results()["weights"] == origin["weights"]
    # The same command is another one without, or with another start.
    with pytest.raises(UsageError, match="started from .* from scratch"):
        again(run=run, mode=train)
