"""Checkpoints that PyTorchVideo's own code made, and SlowFast's names.

No published file can be had here; PyTorchVideo's networks are what the files
were saved from, with random values in every variable and buffer.
"""

import json

import numpy as np
import pytest

from d3d_tf.errors import UsageError, UserError
from d3d_tf.models.x3d.checkpoints.names import as_slowfast
from d3d_tf.runs.convert import convert
from d3d_tf.runs.loading import load_checkpoint

pytestmark = pytest.mark.large

FACTORS = {
    "x3d_s": {"input_clip_length": 13, "input_crop_size": 160},
    "x3d_l": {
        "input_clip_length": 16,
        "input_crop_size": 312,
        "depth_factor": 5.0,
    },
}


@pytest.fixture(scope="module")
def originals(torch, pytorchvideo_x3d):
    """`originals(model)`: a network of PyTorchVideo, in inference."""

    def make(model, classes=400):
        torch.manual_seed(0)
        network = pytorchvideo_x3d.create_x3d(
            model_num_class=classes,
            head_activation=None,
            **({"depth_factor": 2.2} | FACTORS[model]),
        )
        with torch.no_grad():
            for name, value in network.state_dict().items():
                if name.endswith("running_var"):
                    value.uniform_(0.5, 1.5)
                elif name.endswith("running_mean"):
                    value.normal_(0, 0.1)
                elif "norm_c.weight" in name:
                    value.uniform_(0.1, 0.3)
        return network.eval()

    return make


@pytest.fixture(scope="module")
def small(originals):
    return originals("x3d_s")


def saved(torch, folder, content):
    torch.save(content, folder / "x3d.pyth")
    return folder / "x3d.pyth"


def renamed(network):
    """The state as SlowFast would save it."""
    return {as_slowfast(k): v for k, v in network.state_dict().items()}


def logits_of(torch, network, clip):
    with torch.inference_mode():
        rows = torch.tensor(np.moveaxis(clip, -1, 1))
        return network(rows).numpy()


@pytest.mark.parametrize("model", FACTORS)
def test_logits_are_pytorchvideo_s(torch, originals, tmp_path, model):
    theirs = originals(model)
    path = saved(torch, tmp_path, {"model_state": theirs.state_dict()})
    run = convert(path, tmp_path / "run", [f"model={model}"])
    frames, size = (
        FACTORS[model]["input_clip_length"],
        FACTORS[model]["input_crop_size"],
    )
    rng = np.random.default_rng(1)
    clip = rng.standard_normal((1, frames, size, size, 3)).astype(np.float32)
    wanted = logits_of(torch, theirs, clip)
    found = load_checkpoint(run.folder)(clip, training=False).numpy()
    error = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert error < 2e-6
    report = json.loads((run.folder / "convert.json").read_text())
    assert report["family"] == "pytorchvideo"
    assert report["network"]["shortcut"] == "pytorchvideo"
    used = [row for row in report["variables"] if row["used_as"]]
    counters = [row for row in report["variables"] if row["skipped"]]
    state = theirs.state_dict()
    assert len(used) + len(counters) == len(state)
    assert {row["name"] for row in counters} == {
        name for name in state if name.endswith("num_batches_tracked")
    }
    recipe = run.recipe()
    assert (recipe.clip.frames, recipe.clip.size) == (frames, size)
    assert recipe.data.frame_rate == 30
    assert run.labels()[0] == "abseiling"


def test_slowfast_s_names_and_settings(torch, small, tmp_path):
    """Its file tells which model it is, and has a norm more."""
    state = renamed(small)
    for leaf, value in {
        "weight": torch.full([24], 2.0),
        "bias": torch.zeros(24),
        "running_mean": torch.zeros(24),
        "running_var": torch.ones(24),
        "num_batches_tracked": torch.tensor(1),
    }.items():
        state[f"s2.pathway0_res0.branch1_bn.{leaf}"] = value
    config = "DATA: {NUM_FRAMES: 13, TRAIN_CROP_SIZE: 160}"
    path = saved(torch, tmp_path, {"model_state": state, "cfg": config})
    run = convert(path, tmp_path / "run", [])
    report = json.loads((run.folder / "convert.json").read_text())
    assert report["family"] == "slowfast"
    assert report["network"]["model"] == "x3d_s"
    assert report["network"]["shortcut"] == "slowfast"
    norm = load_checkpoint(run.folder).trunk.units[1].blocks[0].branch1_bn
    np.testing.assert_array_equal(norm.gamma, np.full(24, 2.0))


@pytest.mark.parametrize(
    "change, message",
    [
        (
            lambda state: state.pop(
                "blocks.3.res_blocks.2.branch2.conv_b.weight"
            ),
            "1 missing: blocks.3.res_blocks.2.branch2.conv_b.weight",
        ),
        (
            lambda state: state.update({"more": state["blocks.5.proj.bias"]}),
            "1 surplus: more",
        ),
        (
            lambda state: state.update(
                {"blocks.5.proj.weight": state["blocks.5.proj.weight"][:, :9]}
            ),
            r"blocks.5.proj.weight is \[400, 9\], needed \[400, 2048\]",
        ),
        (
            lambda state: state["blocks.0.norm.bias"].fill_(float("nan")),
            "1 with values that are not finite: blocks.0.norm.bias",
        ),
    ],
)
def test_what_does_not_fit(torch, small, tmp_path, change, message):
    state = {k: v.clone() for k, v in small.state_dict().items()}
    change(state)
    path = saved(torch, tmp_path, state)
    with pytest.raises(UserError, match=message):
        convert(path, tmp_path / "run", ["model=x3d_s"])
    assert not (tmp_path / "run").exists()


def test_a_setting_against_the_file(torch, small, tmp_path):
    path = saved(torch, tmp_path, small.state_dict())
    with pytest.raises(UsageError, match="squeeze_excite is True there"):
        convert(
            path,
            tmp_path / "run",
            ["model=x3d_s", "network.squeeze_excite=false"],
        )


def test_settings_of_other_formats(torch, small, tmp_path):
    path = saved(torch, tmp_path, small.state_dict())
    with pytest.raises(UserError, match="one network and no averages"):
        convert(path, tmp_path / "run", ["model=x3d_s", "averages=true"])
