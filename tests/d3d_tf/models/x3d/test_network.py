"""X3D as a class, and its published size and cost."""

import json

import pytest

from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.models import make_network
from d3d_tf.models.network import make_variables
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.network import X3D

FAST = ("X3D-S",)
NAMES = (
    *(f"X3D-{size}" for size in ("XS", "S", "M", "L", "XL")),
    "X3D-S no-CW gamma_b=0.6",
    "X3D-S no-CW",
    "X3D-S no-SE",
    "X3D-XL no-CW gamma_b=0.56",
    "X3D-XL no-CW",
    "X3D-XL no-SE",
)


def recipe_of(name: str) -> X3DRecipe:
    """Of a name in counts.json."""
    model, _, ablation = name.partition(" ")
    changes: dict = {}
    if "no-CW" in ablation:
        changes["channelwise"] = False
    if "no-SE" in ablation:
        changes["squeeze_excite"] = False
    if "gamma_b" in ablation:
        changes["bottleneck_factor"] = float(ablation.partition("=")[2])
    model = model.lower().replace("-", "_")
    return X3DRecipe(model=model, shortcut="pytorchvideo", **changes)


@pytest.mark.parametrize(
    "name",
    [
        name if name in FAST else pytest.param(name, marks=pytest.mark.large)
        for name in NAMES
    ],
)
def test_counts_of_the_originals(goldens, name):
    """To the unit (shared/goldens/x3d/counts.json: fvcore on pytorchvideo)."""
    counts = json.loads((goldens / "x3d" / "counts.json").read_text())
    assert set(NAMES) == set(counts)
    expected, recipe = counts[name], recipe_of(name)
    network = make_network(recipe, 400, "frames")
    frames, size = recipe.expansion[3:]
    cost = measure_cost(network, (frames, size, size, 3))
    of_norms = sum(
        v.shape.num_elements()
        for v in network.trainable_variables
        if v.name.endswith(("/gamma:0", "/beta:0"))
    )
    assert cost.multiply_adds == expected["macs"]
    assert cost.trained_parameters - of_norms == expected["params_without_bn"]
    if "trainable_params" not in expected:
        return
    assert cost.trained_parameters == expected["trainable_params"]
    moving = cost.parameters - cost.trained_parameters
    assert moving == expected["bn_moving_stats"]
    # Several places in the head.
    size = expected["test_crop_30view"]
    cost = measure_cost(network, (frames, size, size, 3))
    assert cost.multiply_adds == expected["macs_30view"]


def test_slowfasts_shortcut_has_48_more():
    """A scale and a shift for 24 channels: 3,794,322 of X3D-S."""
    network = make_network(X3DRecipe(), 400, "frames")
    count = sum(v.shape.num_elements() for v in network.trainable_variables)
    assert count == 3_794_322


def test_the_class_has_the_recipes_defaults():
    network = X3D(5, depth_factor=0.1)
    assert network.pixels == X3DRecipe().pixels
    config = network.get_config()
    assert config["model"] == "x3d_s" and config["num_classes"] == 5
    assert config["depth_factor"] == 0.1 and config["width_factor"] is None
    copy = X3D.from_config(config)
    assert copy.get_config() == config
    make_variables(copy, 3)
    assert copy.trunk.channels == 3


def test_what_it_does_not_know():
    with pytest.raises(ValueError, match="network.model must be one of x3d_"):
        X3D(5, "x3d_xxl")
    with pytest.raises(ValueError, match="shortcut must be one of"):
        X3D(5, shortcut="none")
