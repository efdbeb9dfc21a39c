"""Parts of a network that start from networks and probes of runs."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import ProbeRecipe, Recipe, to_yaml
from d3d_tf.errors import UsageError
from d3d_tf.models import make_network
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.probe.network import FlowProbe
from d3d_tf.roles import STREAM
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.runs.starts import find_network
from d3d_tf.runs.warm_start import Initial
from d3d_tf.training.checkpoints import save_finished
from tests.harness import randomize

LABELS = ["a", "b", "c"]
TINY = {
    "depth_multiplier": 1 / 64,
    "min_depth": 3,
    "final_endpoint": "MaxPool_3a_3x3",
}
ENDPOINT = "Conv2d_2b_1x1"
GIVER = Recipe(name="giver", network=InceptionRecipe(**TINY))
NEW = Recipe(
    name="new", network=LearnedFlowRecipe(**TINY, flow_endpoint=ENDPOINT)
)


def made(run, role, seed):
    """A finished network of a run."""
    network = make_network(GIVER.network, len(LABELS), STREAM[role])
    randomize(network, seed)
    save_finished(network, run.checkpoints(role), {})
    return network


def started(folder, *roles):
    """A run with these networks, and the networks."""
    run = Run(folder)
    run.start(GIVER, LABELS, Origin(records=None, flow={}))
    return run, {role: made(run, role, i) for i, role in enumerate(roles)}


def probed(run, name, *, seed=0, context=True):
    """A finished fine-tuned probe with values of its own."""
    network = make_network(GIVER.network, len(LABELS), "frames")
    probe = FlowProbe(network, ENDPOINT, finetuned=True, context=context)
    probe(tf.zeros([1, 2, 32, 32, 3]))
    randomize(probe, seed=10 + seed)
    folder = run.probes / name
    save_finished(probe, folder / "checkpoints" / "probe", {})
    recipe = dataclasses.replace(
        GIVER, seed=seed, probe=ProbeRecipe(context=context)
    )
    write_atomically(folder / "recipe.yaml", to_yaml(recipe))
    return probe


def filled(initial, labels=LABELS):
    """A new network before and after, by variable name."""
    network = make_network(NEW.network, len(labels), "frames")
    before = [v.numpy() for v in network.trunk.decoder.variables]
    initial.fill(network, "baseline")
    return network, before


def in_order(layers):
    """Their variables; a trunk has the trainable ones first."""
    return [variable for layer in layers for variable in layer.variables]


def first_layers(trunk):
    variables = in_order(trunk.layers_up_to(ENDPOINT))
    # Two units: a kernel, a shift and two averages each.
    assert len(variables) == 8
    return variables


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_parts_of_one_run(tmp_path, capsys):
    """The teacher's trunk and head, the baseline's first layers; the decoder
    starts anew, and this is said.
    """
    run, given = started(tmp_path / "run", "teacher", "baseline", "student")
    initial = Initial([run], NEW, LABELS, ("baseline",))
    network, before = filled(initial)
    trunk = network.trunk
    same(trunk.temporal.variables, given["teacher"].trunk.variables)
    same(network.head.variables, given["teacher"].head.variables)
    same(first_layers(trunk.predictor), first_layers(given["baseline"].trunk))
    same(trunk.decoder.variables, before)
    (entry,) = initial.describe()
    assert entry["networks"] == {
        "baseline.temporal": {"from": "teacher", "head": "kept", "new": []},
        "baseline.predictor": {"from": "baseline"},
    }
    assert entry["from_scratch"] == ["baseline.decoder"]
    capsys.readouterr()
    initial.tell()
    flow, rgb, warning = capsys.readouterr().out.splitlines()
    there = f"of {run.folder}"
    assert flow.endswith(f"baseline.temporal starts from the teacher {there}")
    assert rgb.endswith(f"baseline.predictor starts from the baseline {there}")
    assert (
        "warning: baseline.decoder starts from scratch: no run of --init has a "
        f"finished, fine-tuned probe of its baseline at {ENDPOINT}"
    ) in warning


def test_a_fine_tuned_probe_gives_predictor_and_decoder(tmp_path, capsys):
    """That of the lowest seed; others are of other endpoints, are not finished
    or have another decoder.
    """
    run, given = started(tmp_path / "run", "teacher", "baseline")
    name = f"baseline-finetuned-{ENDPOINT}-"
    probed(run, f"{name}1", seed=3)
    expected = probed(run, f"{name}2", seed=2)
    probed(run, f"{name}3", seed=1, context=False)
    probed(run, "baseline-finetuned-Conv2d_1a_7x7-4", seed=0)
    probed(run, f"baseline-{ENDPOINT}-5", seed=0)
    (run.probes / f"{name}6").mkdir()
    initial = Initial([run], NEW, LABELS, ("baseline",))
    found, _ = filled(initial)
    same(first_layers(found.trunk.predictor), in_order(expected.before))
    same(found.trunk.decoder.variables, expected.decoder.variables)
    same(found.trunk.temporal.variables, given["teacher"].trunk.variables)
    (entry,) = initial.describe()
    assert entry["networks"]["baseline.predictor"] == {
        "from": "baseline",
        "probe": f"{name}2",
    }
    assert entry["from_scratch"] == []
    capsys.readouterr()
    initial.tell()
    shown = capsys.readouterr().out
    assert f"as fine-tuned in {run.probes / name}2" in shown
    assert "warning" not in shown


def test_each_part_from_its_own_run(tmp_path):
    flow, _ = started(tmp_path / "flow", "teacher")
    rgb, given = started(tmp_path / "rgb", "student")
    initial = Initial([flow, rgb], NEW, LABELS, ("baseline",))
    found, _ = filled(initial)
    mine, theirs = found.trunk.predictor, given["student"].trunk
    same(first_layers(mine), first_layers(theirs))
    of_flow, of_rgb = (entry["networks"] for entry in initial.describe())
    assert list(of_flow) == ["baseline.temporal"]
    assert list(of_rgb) == ["baseline.predictor"]


def test_other_classes_replace_the_head(tmp_path, capsys):
    run, given = started(tmp_path / "run", "teacher", "baseline")
    initial = Initial([run], NEW, ["x", "y"], ("baseline",))
    found, _ = filled(initial, ["x", "y"])
    same(found.trunk.temporal.variables, given["teacher"].trunk.variables)
    (entry,) = initial.describe()
    told = entry["networks"]
    assert told["baseline.temporal"]["head"].startswith("replaced (3 classes")
    assert "head" not in told["baseline.predictor"]


def test_what_no_run_has_is_told(tmp_path, capsys):
    run, _ = started(tmp_path / "run", "baseline")
    initial = Initial([run], NEW, LABELS, ("baseline",))
    assert initial.describe()[0]["from_scratch"] == [
        "baseline.temporal",
        "baseline.decoder",
    ]
    capsys.readouterr()
    initial.tell()
    assert (
        "baseline.temporal starts from scratch: no run of --init has a network "
        "of flow."
    ) in capsys.readouterr().out


def test_a_network_of_the_same_kind_starts_it_whole(tmp_path):
    run = Run(tmp_path / "run")
    run.start(NEW, LABELS, Origin(records=None, flow={}))
    network = make_network(NEW.network, len(LABELS), "frames")
    randomize(network)
    save_finished(network, run.checkpoints("baseline"), {})
    initial = Initial([run], NEW, LABELS, ("baseline",))
    found, _ = filled(initial)
    same(found.variables, network.variables)
    assert list(initial.describe()[0]["networks"]) == ["baseline"]


def test_another_architecture_is_refused(tmp_path):
    run, _ = started(tmp_path / "run", "teacher", "baseline")
    other = dataclasses.replace(
        NEW, network=dataclasses.replace(NEW.network, min_depth=4)
    )
    with pytest.raises(UsageError) as error:
        Initial([run], other, LABELS, ("baseline",))
    for text in (
        "baseline.temporal cannot start from",
        "network.min_depth is 3 there, 4 here",
        "--set network.min_depth=3",
    ):
        assert text in str(error.value)


def test_the_first_run_that_has_one(tmp_path):
    flow, _ = started(tmp_path / "flow", "teacher")
    rgb, _ = started(tmp_path / "rgb", "baseline")
    start = find_network([flow, rgb], ("student", "baseline"), LABELS)
    assert start is not None
    assert (start.run, start.giver, start.head) == (rgb, "baseline", True)
    assert start.network() == GIVER.network
    assert start.checkpoints == rgb.checkpoints("baseline")
    assert find_network([flow], ("student",), LABELS) is None
