"""ResNets in PyTorch's files: torchvision's own, and the goldens' weights.

Fast tests put names and values in place of what PyTorch would read.
"""

import dataclasses
import json

import numpy as np
import pytest

from d3d_tf.errors import UsageError, UserError
from d3d_tf.models import make_network, open_original
from d3d_tf.models.resnet.checkpoints.infer_recipe import infer_recipe
from d3d_tf.models.resnet.checkpoints.names import as_torchvision
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.torch_file import TorchFile
from d3d_tf.runs.conversion import read_checkpoint
from d3d_tf.runs.convert import convert
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.weights.overrides import parse_settings
from tests.d3d_tf.models.resnet.checkpoints import written
from tests.d3d_tf.models.resnet.golden_resnet import check_summary, torch_names
from tests.d3d_tf.models.resnet.test_parity import (
    LOGITS,
    NETWORKS,
    clip_of,
    recipe_of,
)

large = pytest.mark.large
OPTIONS = {"scope": None, "averages": False, "stated": {}}
TINY = ResNetRecipe(model="tsn_r18", width_factor=1 / 16)


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """`stored(values)`: the path of a file that has them."""

    def store(values):
        path = tmp_path / "model.pth"
        path.write_bytes(b"PK\x03\x04")
        for module in "torch_original", "x3d.checkpoints.original":
            monkeypatch.setattr(
                f"d3d_tf.models.{module}.open_torch_file",
                lambda path: TorchFile(path, values),
            )
        return path

    return store


@pytest.mark.parametrize(
    "kind, changes, rename",
    [
        ("torchvision", {}, written.as_torchvision),
        ("mmaction2", {"model": "tsn_r50"}, written.as_mmaction2),
        (
            "mmaction2",
            {"model": "tsm_r18", "dropout": 0.5},
            lambda values: written.as_mmaction2(values, shift_every=1),
        ),
        (
            "dnr",
            {"normaliser": "dnr", "frames_per_group": 2},
            written.as_dnr,
        ),
    ],
    ids=["torchvision", "tsn", "tsm", "dnr"],
)
def test_every_variable_is_used(stored, kind, changes, rename):
    recipe = dataclasses.replace(TINY, **changes)
    values = written.tiny(recipe)
    content = rename(values)
    counter = next(iter(content)).replace("weight", "num_batches_tracked")
    path = stored(content | {counter: np.array(7)})
    original = open_original(path, **OPTIONS)
    assert (original.kind, original.network) == (kind, recipe)
    assert original.num_classes == 5
    network = make_network(original.network, 5, "frames")
    filled = original.fill(network)
    for name, (variable, *_) in torch_names(network).items():
        wanted = values[name]
        if wanted.ndim == 4:
            wanted = wanted.transpose(2, 3, 1, 0)
        wanted = wanted.T if wanted.ndim == 2 else wanted
        np.testing.assert_array_equal(np.squeeze(variable), np.squeeze(wanted))
    used = {row["name"]: row["used_as"] for row in filled.rows}
    assert used.pop(counter) is None
    assert used == dict(zip(content, values, strict=True))
    assert filled.rows[-1]["skipped"] == "a counter of batches"


def test_a_run_of_imagenet(stored, tmp_path, capsys):
    path = stored(written.as_torchvision(written.tiny(TINY, classes=1000)))
    run = convert(path, tmp_path / "run", [])
    shown = capsys.readouterr().out
    assert "1000 classes, taken for those of imagenet1k" in shown
    assert "torchvision's ResNet; tsn_r18, 1000 classes, frames" in shown
    assert run.labels()[0] == "tench"
    assert load_checkpoint(run.folder).pixels == ResNetRecipe().pixels
    report = json.loads((run.folder / "convert.json").read_text())
    assert report["check"]["variables_equal"] == 20 * 5 + 2


def test_without_a_classifier(stored, tmp_path):
    values = written.tiny(TINY)
    del values["fc_cls.weight"], values["fc_cls.bias"]
    run = convert(stored(values), tmp_path / "run", [])
    report = json.loads((run.folder / "convert.json").read_text())
    assert (report["num_classes"], report["role"]) == (None, "initial")
    assert report["check"]["variables_equal"] == 20 * 5


@pytest.mark.parametrize(
    "change, message",
    [
        (
            lambda state: state.pop("layer3.1.bn2.running_var"),
            "1 missing: layer3.1.bn2.running_var",
        ),
        (
            lambda state: state.update({"more.bias": np.zeros(3)}),
            "1 surplus: more.bias",
        ),
        (
            lambda state: state.update({"fc.weight": np.zeros((5, 9))}),
            r"fc.weight is \[5, 9\], needed \[5, 32\]",
        ),
        (
            lambda state: state["bn1.bias"].fill(np.nan),
            "1 with values that are not finite: bn1.bias",
        ),
        (lambda state: state.pop("conv1.weight"), "no network that is known"),
    ],
)
def test_what_does_not_fit(stored, tmp_path, change, message):
    state = written.as_torchvision(written.tiny(TINY))
    change(state)
    with pytest.raises(UserError, match=message):
        convert(stored(state), tmp_path / "run", [])
    assert not (tmp_path / "run").exists()


def test_what_a_file_leaves_open(stored):
    recipe = dataclasses.replace(TINY, model="tsn_r50")
    path = stored(written.as_mmaction2(written.tiny(recipe)))

    def asked(*settings):
        return read_checkpoint(path, parse_settings([*settings]))

    assert asked().recipe.network.style == "pytorch"
    caffe = asked("model=tsn_r50", "style=caffe")
    assert caffe.recipe.network.style == "caffe"
    with pytest.raises(UsageError, match="model is 'tsn_r50' there"):
        asked("model=tsm_r50")


def test_what_dnr_leaves_open(stored):
    """Its released code has groups of 2 frames, one way, unshifted."""
    recipe = dataclasses.replace(TINY, normaliser="dnr")
    path = stored(written.as_dnr(written.tiny(recipe)))
    others = ["frames_per_group=4", "bidirectional=true"]
    settings = parse_settings(["model=tsn_r18", *others])
    network = read_checkpoint(path, settings).recipe.network
    assert (network.frames_per_group, network.bidirectional) == (4, True)


def test_settings_of_other_formats(stored):
    path = stored(written.tiny(TINY))
    with pytest.raises(UserError, match="one network and no averages"):
        open_original(path, **OPTIONS | {"scope": "x"})


# ------------------------------------------------------------ with PyTorch


def relative(found, wanted) -> float:
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


@large
@pytest.mark.parametrize("depth", [18, 50])
def test_logits_are_torchvision_s(torch, torchvision_models, tmp_path, depth):
    """Of pictures of an odd size, by its own networks."""
    torch.manual_seed(depth)
    theirs = getattr(torchvision_models, f"resnet{depth}")().eval()
    with torch.no_grad():
        for name, value in theirs.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif name.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif "bn" in name and name.endswith("weight"):
                value.uniform_(0.3, 0.7)
    torch.save(theirs.state_dict(), tmp_path / "resnet.pth")
    run = convert(tmp_path / "resnet.pth", tmp_path / "run", [])
    rng = np.random.default_rng(1)
    pictures = rng.standard_normal((2, 65, 98, 3)).astype(np.float32)
    with torch.inference_mode():
        rows = torch.tensor(np.moveaxis(pictures, -1, 1).copy())
        wanted = theirs(rows).numpy()
    network = load_checkpoint(run.folder)
    found = network(pictures[:, None], training=False).numpy()
    assert relative(found, wanted) < 2e-6
    report = json.loads((run.folder / "convert.json").read_text())
    rows = {row["name"]: row for row in report["variables"]}
    assert rows.keys() == theirs.state_dict().keys()
    for name, row in rows.items():
        assert (row["used_as"] is None) == name.endswith("batches_tracked")


@large
@pytest.mark.parametrize("depth", [18, 34, 50, 101])
def test_names_are_torchvision_s(torch, torchvision_models, depth):
    """Of all depths, without values."""
    with torch.device("meta"):
        state = getattr(torchvision_models, f"resnet{depth}")().state_dict()
    shapes = {as_torchvision(n): tuple(v.shape) for n, v in state.items()}
    recipe = infer_recipe(shapes, set())
    assert recipe == ResNetRecipe(model=f"tsn_r{depth}")
    names = torch_names(make_network(recipe, 1000, "frames"))
    counters = {n for n in shapes if n.endswith("num_batches_tracked")}
    assert shapes.keys() - counters == names.keys()


@large
def test_classes_are_torchvision_s(torchvision_models):
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    from d3d_tf.text_lists import label_map

    assert label_map("imagenet1k") == tuple(_IMAGENET_CATEGORIES)


@large
@pytest.mark.parametrize(
    "name, rename",
    [
        ("tsm/1x8x64", lambda v: written.as_mmaction2(v, shift_every=1)),
        ("dnr/1x8x64/g4", written.as_dnr),
    ],
)
def test_logits_are_the_goldens(torch, tmp_path, name, rename):
    """As MMAction2 and DNR's code computed them from these weights."""
    case = NETWORKS[name]
    recipe = recipe_of(case)
    network = make_network(recipe, 400, "frames")
    values = rename(written.in_torch(network, case["weights_seed"]))
    state = {n: torch.tensor(v.copy()) for n, v in values.items()}
    content = {"state_dict": state, "meta": {"epoch": 100}}
    torch.save(content, tmp_path / "model.pth")
    run = convert(tmp_path / "model.pth", tmp_path / "run", [])
    assert run.labels()[0] == "abseiling"
    assert run.recipe().network.model == recipe.model
    logits = load_checkpoint(run.folder)(clip_of(case), training=False)
    check_summary(logits, case["arrays"]["value"], LOGITS)
