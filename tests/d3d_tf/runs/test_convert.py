"""A TensorFlow 1 checkpoint becomes a run that every job accepts.

Logits against the original graphs' come from shared/goldens/networks; small
networks show the rest, their checkpoints built by tests/published.py.
"""

import functools
import hashlib
import importlib.util
import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.commands import evaluate, export
from d3d_tf.config import DataRecipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.models.inception.checkpoints.variable_names import by_name
from d3d_tf.runs.convert import convert
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from tests import published
from tests.published import (
    SMALL,
    deepmind_shapes,
    flat_shapes,
    i3d_shapes,
    slim_shapes,
    values,
    write,
)


@pytest.fixture
def converted(tmp_path):
    """`converted(shapes, *settings)`: the values and the run."""
    return functools.partial(published.converted, tmp_path)


def report_of(run):
    return json.loads((run.folder / "convert.json").read_text())


# ----------------------------------------------------------------- parity


@pytest.fixture(scope="module")
def original(goldens):
    """The golden folder's own way to make weights and clips."""
    path = goldens / "networks" / "make_ckpt.py"
    spec = importlib.util.spec_from_file_location("make_ckpt", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "case, tolerance",
    [
        # facts.md, section 10: three to five times the originals' own error.
        pytest.param("slim_s3dg_k400/2x8x64", 3e-4, marks=pytest.mark.large),
        pytest.param("slim_i3d_k400/2x8x64", 1e-4, marks=pytest.mark.large),
        pytest.param("slim_s3dg_k400/16x224", 3e-4, marks=pytest.mark.large),
        pytest.param("deepmind_i3d_rgb/16x224", 1e-4, marks=pytest.mark.large),
    ],
)
def test_logits_are_the_original_s(
    goldens, original, tmp_path, case, tolerance
):
    folder = goldens / "networks"
    golden = json.loads((folder / "goldens.json").read_text())["cases"][case]
    content = original.make_values(
        original.load_vars(folder / golden["weights"])
    )
    assert original.fingerprint(content) == golden["weights_sha256"]
    prefix = original.write_checkpoint(content, tmp_path / "ck/model.ckpt")
    run = convert(prefix, tmp_path / "run", [])
    wanted = np.load(folder / golden["npy"]["float64"])
    clip = original.make_clip(
        golden["input"]["seed"],
        golden["input"]["shape"],
        golden["input"]["value_range"],
    )
    logits = load_checkpoint(run.folder)(clip, training=False).numpy()
    error = np.linalg.norm(logits - wanted) / np.linalg.norm(wanted)
    assert error <= tolerance
    assert run.labels()[0] == "abseiling" and len(run.labels()) == 400


@pytest.mark.parametrize(
    "name, classes, channels, used, slots",
    [
        pytest.param(
            *("deepmind_i3d_flow", 400, 2, 230, 0), marks=pytest.mark.large
        ),
        pytest.param(
            *("deepmind_i3d_rgb_k600.with_slots", 600, 3, 230, 116),
            marks=pytest.mark.large,
        ),
    ],
)
def test_the_published_sets_of_variables(
    goldens, original, tmp_path, name, classes, channels, used, slots
):
    """Names and shapes as DeepMind's index files have them, to the last."""
    variables = original.load_vars(goldens / "networks" / f"{name}.vars.json")
    content = original.make_values(variables)
    prefix = original.write_checkpoint(content, tmp_path / "ck/model.ckpt")
    run = convert(prefix, tmp_path / "run", [])
    rows = report_of(run)["variables"]
    assert sum(row["used_as"] is not None for row in rows) == used
    assert sum(row["skipped"] is not None for row in rows) == slots
    role = "teacher" if channels == 2 else "baseline"
    network = load_checkpoint(run.folder, role)
    assert len(run.labels()) == network.head.logits.bias.shape[0] == classes
    kernel = by_name(network)["Conv2d_1a_7x7/weights"]
    assert kernel.shape == (7, 7, 7, channels, 64)
    prefix = "" if slots else "Flow/inception_i3d/"
    np.testing.assert_array_equal(
        kernel, content[f"{prefix}Conv3d_1a_7x7/conv_3d/w"]
    )


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    "shapes, settings, expected, gates, halves",
    [
        # 37 gates and 19 temporal halves in all; Mixed_5b and 5c have 8 gates
        # and 4 halves, Mixed_4b to 5c 28 and 14; 2c has one of each.
        (
            slim_shapes(5, temporal="Mixed_5b", gating="Mixed_4b", **SMALL),
            [],
            {"temporal_conv_start_at": "Mixed_5b", "model": "s3dg"},
            28,
            4,
        ),
        (
            i3d_shapes(5, first=5, temporal="Mixed_4b", **SMALL),
            [],
            {"model": "i3d", "temporal_conv_start_at": "Mixed_4b"},
            0,
            0,
        ),
        # How they are read off is in test_infer_recipe.
        *(
            pytest.param(*case, marks=pytest.mark.large)
            for case in (
                (slim_shapes(5, **SMALL), [], {"model": "s3dg"}, 37, 19),
                (
                    slim_shapes(5, gating="Mixed_3b", **SMALL),
                    ["gating_start_at=Mixed_3b"],
                    {"gating_start_at": "Mixed_3b"},
                    36,
                    19,
                ),
                (
                    slim_shapes(5, temporal=None, first=7, **SMALL),
                    [],
                    {
                        "temporal_conv_start_at": None,
                        "first_temporal_kernel": 7,
                    },
                    37,
                    0,
                ),
                (
                    slim_shapes(5, gating=None, first=1, **SMALL),
                    [],
                    {"model": "s3d", "first_temporal_kernel": 1},
                    0,
                    19,
                ),
            )
        ),
    ],
)
def test_options_are_read_off(
    converted, shapes, settings, expected, gates, halves
):
    content, run = converted(shapes, *settings)
    recipe = run.recipe().network
    assert {key: getattr(recipe, key) for key in expected} == expected
    assert (recipe.depth_multiplier, recipe.min_depth) == (1 / 16, 4)
    found = by_name(load_checkpoint(run.folder))
    assert sum("transformer_W" in name for name in found) == gates
    assert sum("temporal/weights" in name for name in found) == halves
    assert len(found) == len(content)
    for name, variable in found.items():
        np.testing.assert_array_equal(
            variable, content[f"InceptionV1/{name}"], err_msg=name
        )


def test_a_deepmind_checkpoint_with_vectors_of_five_axes(converted):
    """They lose their axes; dropout is what DeepMind trained with."""
    content, run = converted(
        deepmind_shapes(5, prefix="", long_vectors=True, channels=2, **SMALL)
    )
    assert run.recipe().network.model == "i3d"
    assert run.recipe().network.dropout == 0.5
    found = by_name(load_checkpoint(run.folder, "teacher"))
    name = "Mixed_5b/Branch_2/Conv%s/%s/moving_variance"
    np.testing.assert_array_equal(
        found[name % ("2d_0b_3x3", "BatchNorm")],
        content[name % ("3d_0a_3x3", "batch_norm")].ravel(),
    )


# ----------------------------------------------------------- what it tells


def test_the_report_and_the_origin(converted, tmp_path, capsys):
    shapes = i3d_shapes(5, **SMALL) | {"global_step": ()}
    _, run = converted(shapes)
    shown = capsys.readouterr().out
    assert "names of the 5 classes are not known" in shown
    assert "i3d, 5 classes, frames" in shown
    assert "230 variables used, equal bit by bit" in shown
    assert "1 not used: a counter of the training: global_step" in shown
    assert shown.endswith(f"run: {run.folder}\n")
    report = report_of(run)
    stored = (tmp_path / "ck.data-00000-of-00001").read_bytes()
    there = report["files"]["ck.data-00000-of-00001"]
    assert there["sha256"] == hashlib.sha256(stored).hexdigest()
    assert there["bytes"] == len(stored)
    blob = hashlib.sha1(b"blob %d\0" % len(stored) + stored)
    assert there["git_blob"] == blob.hexdigest()
    assert (report["family"], report["published"]) == ("slim", None)
    assert (report["num_classes"], report["role"]) == (5, "baseline")
    assert report["check"]["variables_equal"] == 230
    assert report["check"]["largest_difference"] == 0.0
    assert [row["name"] for row in report["variables"]] == sorted(shapes)
    source = run.weights()["converted"]
    assert source["files"] == report["files"]
    assert source["source"] == str(tmp_path / "ck")
    assert run.labels() == [f"class {i}" for i in range(5)]
    assert not list(tmp_path.glob("run.tmp*"))


def test_labels_and_sizes_are_settings(converted, tmp_path):
    (tmp_path / "names").write_text("jump\nrun\n")
    _, run = converted(
        i3d_shapes(2, **SMALL),
        f"labels={tmp_path / 'names'}",
        "num_classes=2",
        "clip.frames=8",
    )
    assert run.labels() == ["jump", "run"]
    assert run.recipe().clip.frames == 8
    assert run.recipe().data == DataRecipe()


# --------------------------------------------------------------- failures


def refused(tmp_path, content, *settings, match, error=UserError, **options):
    prefix = write(tmp_path / "ck", content, **options)
    with pytest.raises(error, match=match):
        convert(prefix, tmp_path / "run", list(settings))
    assert not list(tmp_path.glob("run*"))


@pytest.mark.parametrize(
    "name",
    [
        "InceptionV1/Conv2d_1a_7x7/weights",
        "InceptionV1/Mixed_5c/Branch_3/Conv2d_0b_1x1/BatchNorm/beta",
        # test_assign and test_infer_recipe name what is missing, too.
        *(
            pytest.param(f"InceptionV1/{name}", marks=pytest.mark.large)
            for name in (
                "Conv2d_2c_3x3/temporal/biases",
                "Conv2d_2c_3x3/self_gating/transformer_W/weights",
                "Logits/Conv2d_0c_1x1/weights",
                "Logits/Conv2d_0c_1x1/biases",
            )
        ),
    ],
)
def test_a_missing_variable_writes_nothing(tmp_path, name):
    content = values(slim_shapes(5, **SMALL))
    del content[name]
    name = name.removeprefix("InceptionV1/")
    refused(tmp_path, content, match=f"{name}.* missing|missing: .*{name}")


@pytest.mark.parametrize(
    "name, shape, match",
    [
        ("x/y", [2], "1 surplus .*: x/y"),
        ("InceptionV1/Mixed_6a/Branch_0/Conv2d_0a_1x1/weights", [1] * 5, "6a"),
        ("InceptionV1/Conv2d_1a_7x7/BatchNorm/beta", [5], r"beta is \[5\]"),
        ("InceptionV1/Conv2d_1a_7x7/weights", [3, 7, 7, 3, 5], "1a_7x7/weigh"),
        ("InceptionV1/Conv2d_1a_7x7/weights", [3, 7, 7, 1, 4], "1a_7x7/weigh"),
        ("InceptionV1/Conv2d_1a_7x7/weights", [4, 7, 7, 3, 4], "1a_7x7/weigh"),
        (
            "InceptionV1/Mixed_4b/Branch_1/Conv2d_0b_3x3/weights",
            [3, 3, 3, 6, 13],
            "4b/Branch_1/Conv2d_0b_3x3/weights",
        ),
    ],
)
def test_surplus_and_mis_shaped_variables_write_nothing(
    tmp_path, name, shape, match
):
    content = values(slim_shapes(5, **SMALL))
    content[name] = np.zeros(shape, np.float32)
    refused(tmp_path, content, match=match)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_cut_file_writes_nothing(tmp_path, share):
    content = values(slim_shapes(5, **SMALL))
    write(tmp_path / "ck", content)
    data = tmp_path / "ck.data-00000-of-00001"
    stored = data.read_bytes()
    data.write_bytes(stored[: int(share * len(stored))])
    with pytest.raises(UserError, match="the variable InceptionV1/.* cannot"):
        convert(tmp_path / "ck", tmp_path / "run", [])
    assert not list(tmp_path.glob("run*"))


def test_a_folder_that_is_taken(converted, tmp_path):
    content, run = converted(i3d_shapes(5, **SMALL))
    with pytest.raises(UsageError, match="is there already"):
        convert(tmp_path / "ck", run.folder, [])
    (tmp_path / "empty").mkdir()
    convert(tmp_path / "ck", tmp_path / "empty", [])


@pytest.mark.parametrize(
    "setting, match",
    [
        ("num_classes=6", "has 5 classes; num_classes=6"),
        ("model=i3d", "model is 's3dg' there, 'i3d' was asked"),
        ("depth_multiplier=1.0", "depth_multiplier is 0.0625 there"),
        ("labels=kinetics400", "has 400 classes, the checkpoint 5"),
    ],
)
def test_settings_that_contradict_the_file(tmp_path, setting, match):
    content = values(slim_shapes(5, **SMALL))
    refused(tmp_path, content, setting, match=match, error=UsageError)


# --------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    "old_format", [False, pytest.param(True, marks=pytest.mark.large)]
)
def test_pictures_inflated(converted, capsys, old_format):
    """A video of one picture: what the 2-D network makes of the picture.

    Three units stated in 2-D. The borders in time see zeros beyond the clip;
    the middle of 24 frames sees none.
    """
    content, run = converted(flat_shapes(1001, **SMALL), old_format=old_format)
    shown = capsys.readouterr().out
    assert "a network of pictures; i3d, no classes, frames" in shown
    assert "2 not used: the head of other classes" in shown
    assert run.labels() == []
    with pytest.raises(UserError, match="no student or baseline; .* initial"):
        load_checkpoint(run.folder)
    assert report_of(run)["check"]["variables_equal"] == 228

    picture = np.random.default_rng(1).uniform(-1, 1, [1, 32, 32, 3])
    net = tf.constant(picture, tf.float32)

    def unit(net, name, stride):
        here = f"InceptionV1/{name}/"
        net = tf.nn.conv2d(net, content[f"{here}weights"], stride, "SAME")
        bn = {
            leaf: content[f"{here}BatchNorm/{leaf}"]
            for leaf in ("beta", "moving_mean", "moving_variance")
        }
        net = (net - bn["moving_mean"]) / np.sqrt(
            bn["moving_variance"] + 1e-3
        ) + bn["beta"]
        return tf.nn.relu(net)

    net = unit(net, "Conv2d_1a_7x7", 2)
    net = tf.nn.max_pool2d(net, 3, 2, "SAME")
    net = unit(net, "Conv2d_2b_1x1", 1)
    net = unit(net, "Conv2d_2c_3x3", 1)

    network = inflated(run)
    clip = np.repeat(picture[:, None], 24, axis=1).astype(np.float32)
    ours = network.features(clip)["Conv2d_2c_3x3"]
    assert ours.shape[1] == 12
    np.testing.assert_allclose(ours[:, 6], net, rtol=1e-4, atol=1e-5)


def inflated(run):
    """The trunk of a converted run, as `--init` reads it."""
    from d3d_tf.models import make_network

    network = make_network(run.recipe().network, 3, "frames")
    latest = tf.train.latest_checkpoint(str(run.checkpoints("initial")))
    trunk = tf.train.Checkpoint(trunk=network.trunk)
    status = tf.train.Checkpoint(network=trunk).restore(latest)
    status.assert_existing_objects_matched()
    return network


def test_pictures_into_s3dg(converted, capsys):
    """What pictures cannot tell is named: halves and gates."""
    _, run = converted(
        flat_shapes(1001, **SMALL), "model=s3dg", "first_temporal_kernel=5"
    )
    shown = capsys.readouterr().out
    recipe = run.recipe().network
    assert (recipe.model, recipe.first_temporal_kernel) == ("s3dg", 5)
    assert "not in the file: the network's own initial value" in shown
    initial = run.weights()["converted"]["initial_values"]
    assert "Conv2d_2c_3x3/temporal/weights" in initial
    assert len(initial) == 19 * 2 + 37 + 2


# ------------------------------------------------------- what accepts it


@pytest.mark.large
def test_export(converted, tmp_path):
    content, run = converted(slim_shapes(3, **SMALL), "frames=8", "size=32")
    export.run(checkpoint=str(run.folder))
    module = tf.saved_model.load(str(run.export_path / "1"))
    frames = np.random.default_rng(0).random([1, 8, 32, 32, 3], np.float32)
    np.testing.assert_allclose(
        module(frames, training=False),
        load_checkpoint(run.folder)(frames * 2 - 1),
        atol=1e-5,
    )
    told = json.loads((run.export_path / "1/module.json").read_text())
    assert told["weights"] == run.weights()


@pytest.mark.large
@pytest.mark.parametrize(
    "case, tolerance",
    [("slim_s3dg_k400/16x224", 3e-4), ("deepmind_i3d_rgb/16x224", 1e-4)],
)
def test_networks_of_full_size_are_exported(
    goldens, original, tmp_path, case, tolerance
):
    """They enlarge rounding, S3D-G to more than 1e-5; for clips of 64 frames.

    What is served is compared with the original graphs in float64.
    """
    folder = goldens / "networks"
    golden = json.loads((folder / "goldens.json").read_text())["cases"][case]
    variables = original.load_vars(folder / golden["weights"])
    prefix = original.write_checkpoint(
        original.make_values(variables), tmp_path / "ck/model.ckpt"
    )
    run = convert(prefix, tmp_path / "run", [])
    export.run(checkpoint=str(run.folder))
    told = json.loads((run.export_path / "1/module.json").read_text())
    assert told["input"]["frames"] == 64 and told["folded"] is True
    assert 1e-7 < told["sensitivity"] < 1e-3
    assert 1e-5 <= told["bound"] < 1e-2
    assert max(told["max_difference"].values()) <= told["bound"]
    clip = original.make_clip(
        golden["input"]["seed"], golden["input"]["shape"], "0..1"
    )
    module = tf.saved_model.load(str(run.export_path / "1"))
    served = module.signatures["serving_default"](frames=tf.constant(clip))
    wanted = np.load(folder / golden["npy"]["float64"])
    for logits in (served["logits"], module(clip, training=False)):
        error = np.linalg.norm(logits - wanted) / np.linalg.norm(wanted)
        assert error <= tolerance


@pytest.mark.large
@pytest.mark.parametrize(
    "name", ["slim_i3d_k400", "deepmind_i3d_rgb_k600.with_slots"]
)
def test_the_other_checkpoints_of_full_size_are_exported(
    goldens, original, tmp_path, name
):
    """With `deepmind_i3d_flow`, which is refused, these are all."""
    variables = original.load_vars(goldens / "networks" / f"{name}.vars.json")
    prefix = original.write_checkpoint(
        original.make_values(variables), tmp_path / "ck/model.ckpt"
    )
    run = convert(prefix, tmp_path / "run", [])
    export.run(checkpoint=str(run.folder))
    told = json.loads((run.export_path / "1/module.json").read_text())
    assert told["input"]["frames"] == 64 and told["folded"] is True
    assert max(told["max_difference"].values()) <= told["bound"] < 1e-2


def test_a_flow_network_is_not_exported(converted):
    _, run = converted(deepmind_shapes(3, channels=2, **SMALL))
    with pytest.raises(UserError, match="no student or baseline; .* teacher"):
        export.run(checkpoint=str(run.folder))


@pytest.mark.large
def test_evaluate(converted, toy, tmp_path, capsys):
    """On records of its own classes, named by --data."""
    (tmp_path / "names").write_text("\n".join(toy.dataset().classes))
    _, run = converted(
        slim_shapes(8, **SMALL),
        f"labels={tmp_path / 'names'}",
        "frames=4",
        "size=16",
        "batch_size=4",
    )
    with pytest.raises(UsageError, match="of published .*--data=RECORDS"):
        evaluate.run(checkpoint=[str(run.folder)])
    evaluate.run(checkpoint=[str(run.folder)], data=str(toy.dataset().folder))
    results = run.read_results()
    assert results["metrics"]["baseline/top1"]["n"] == 8
    assert results["weights"] == run.weights()
    assert "RGB (baseline)" in capsys.readouterr().out


@pytest.mark.large
def test_evaluate_on_other_classes(converted, toy):
    _, run = converted(slim_shapes(8, **SMALL))
    with pytest.raises(UserError, match="8 classes, .* has 8, or others"):
        evaluate.run(
            checkpoint=[str(run.folder)], data=str(toy.dataset().folder)
        )


@pytest.mark.large
def test_it_goes_on_as_a_run(converted):
    """Another process finds it by its folder alone, also when it moved."""
    _, run = converted(slim_shapes(3, **SMALL))
    before = load_checkpoint(run.folder).get_weights()
    moved = run.folder.rename(run.folder.with_name("moved"))
    after = load_checkpoint(Run(moved).folder).get_weights()
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
