"""ResNets' values as others would write them; names are stated by hand.

MMAction2's are those of its resnet.py and resnet_tsm.py: a `ConvModule` has
`conv` and `bn`, and `TemporalShift` calls the convolution `net`.
"""

from d3d_tf.models import make_network
from tests.d3d_tf.models.resnet.golden_resnet import golden_values, torch_names


def in_torch(network, seed=0) -> dict:
    """Values by MMAction's names for the goldens, in PyTorch's layouts."""
    names = torch_names(network)
    return {
        name: _transposed(value)
        for name, value in golden_values(names, seed).items()
    }


def tiny(recipe, classes=5) -> dict:
    """`in_torch` of a network of that recipe."""
    return in_torch(make_network(recipe, classes, "frames"))


def _transposed(value):
    if value.ndim == 4:
        return value.transpose(3, 2, 0, 1)
    return value.T


def as_torchvision(values: dict) -> dict:
    return {n.replace("fc_cls.", "fc."): v for n, v in values.items()}


def as_dnr(values: dict) -> dict:
    """Of caidonkey/dnr in mmaction: its `wrapper` has a `ModuleList`."""
    found = {}
    for name, value in values.items():
        first, second, *rest = name.split(".")
        if first.startswith("layer") and second.isdigit():
            name = ".".join([first, "ModuleList", second, *rest])
        part = "cls_head" if first == "fc_cls" else "backbone"
        found[f"{part}.{name}"] = value
    return found


def as_mmaction2(values: dict, shift_every: int = 0) -> dict:
    """TSN's, or TSM's if one of so many blocks is shifted."""
    found = {}
    for name, value in values.items():
        *path, layer, leaf = name.split(".")
        part = "backbone"
        if layer == "fc_cls":
            part = "cls_head"
        elif path and path[-1] == "downsample":
            layer = {"0": "conv", "1": "bn"}[layer]
        elif layer.startswith("bn"):
            layer = f"conv{layer[-1]}.bn"
        else:
            shifted = shift_every and path and int(path[1]) % shift_every == 0
            net = ".net" if shifted and layer == "conv1" else ""
            layer = f"{layer}.conv{net}"
        found[".".join([part, *path, layer, leaf])] = value
    return found
