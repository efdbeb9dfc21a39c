"""The network that the tests of this folder export: small, with everything."""

from d3d_tf.hub_export.export import export_module
from tests.harness import randomize, tiny_network

LABELS = ["left", "right", "größer"]
FRAMES, SIZE, SHORT_SIDE = 3, 8, 10


def made(seed=0):
    network = tiny_network(dropout=0.5, weight_decay=0.01)
    randomize(network, seed)
    return network


def export(network, folder, **kwargs):
    return export_module(
        network,
        folder,
        **{
            "labels": LABELS,
            "frames": FRAMES,
            "size": SIZE,
            "short_side": SHORT_SIDE,
        }
        | kwargs,
    )
