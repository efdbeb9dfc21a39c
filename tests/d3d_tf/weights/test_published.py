"""weights.json says all there is to say; its numbers were copied by hand."""

import json
from pathlib import Path

import pytest

from d3d_tf.models.inception.checkpoints.checkpoint_names import FAMILIES
from d3d_tf.text_lists import label_map
from d3d_tf.weights.published import by_digest, catalog

# Issue 4: git's blob ids of the data files.
BLOBS = {
    "i3d_rgb_kinetics400": "2958652e0c9c48a65010c0ebda5c9cfd4edc7c18",
    "i3d_flow_kinetics400": "bf56831f663abc3de0d35f193030b73a3df7fb61",
    "i3d_rgb_kinetics600": "6392a74c3180e706cabada39d8f40a50a48642e5",
}
# kinetics-i3d, out/imagenet_*.txt and out/no_imagenet_rgb600.txt.
NORMS = {
    "i3d_rgb_kinetics400": 87.108887,
    "i3d_flow_kinetics400": 63.252743,
    "i3d_rgb_kinetics600": 113.826424,
}

# SlowFast's MODEL_ZOO.md, 30 views; PyTorchVideo's model_zoo.md, top-5 too.
ACCURACIES = {
    "x3d_xs_kinetics400": (69.5, None),
    "x3d_s_kinetics400": (73.5, None),
    "x3d_m_kinetics400": (76.2, None),
    "x3d_l_kinetics400": (77.5, None),
    "x3d_xs_kinetics400_pytorchvideo": (69.12, 88.63),
    "x3d_s_kinetics400_pytorchvideo": (73.33, 91.27),
    "x3d_m_kinetics400_pytorchvideo": (75.94, 92.72),
    "x3d_l_kinetics400_pytorchvideo": (77.44, 93.31),
}


def test_digests_and_acceptance():
    assert {
        name: catalog()[name].files[".data-00000-of-00001"] for name in BLOBS
    } == BLOBS
    assert {
        name: catalog()[name].acceptance["logits_norm"] for name in NORMS
    } == NORMS


@pytest.mark.parametrize("name", BLOBS)
def test_entries_are_complete(name):
    entry = catalog()[name]
    assert entry.name == name
    assert entry.address.startswith("https://") and "kinetics-i3d" in (
        entry.address
    )
    assert set(entry.files) == {".data-00000-of-00001", ".index"}
    assert entry.family in FAMILIES
    assert entry.stream == ("flow" if "flow" in name else "frames")
    assert (entry.stream == "flow") == bool(entry.flow)
    assert entry.licence == "Apache-2.0"
    assert "Quo Vadis" in entry.citation
    labels = label_map(entry.labels)
    assert len(labels) == entry.num_classes
    assert set(entry.acceptance["logits"]) <= set(labels)
    assert entry.acceptance["run_by_us"] is False
    assert entry.acceptance["sample"].endswith(".npy")


@pytest.mark.parametrize("name", ACCURACIES)
def test_entries_of_x3d(name):
    entry = catalog()[name]
    model, family = name.split("_kinetics400")
    assert entry.model == model
    assert entry.settings == ["labels=kinetics400", f"model={model}"]
    assert entry.family == (family.removeprefix("_") or "slowfast")
    assert entry.address.startswith("https://dl.fbaipublicfiles.com/py")
    assert entry.address.endswith(".pyth")
    assert entry.files == {"": None}
    top1, top5 = ACCURACIES[name]
    assert entry.acceptance["top1"] == top1
    assert entry.acceptance.get("top5") == top5
    assert entry.acceptance["run_by_us"] is False


def test_by_digest():
    for name, blob in BLOBS.items():
        assert by_digest({"0" * 40, blob}).name == name
    assert by_digest({"0" * 40}) is None


def test_label_maps_are_the_annotations(goldens):
    folder = goldens.parent / "data/annotations"
    for size in (400, 600):
        theirs = (folder / f"kinetics_k{size}.txt").read_text()
        assert label_map(f"kinetics{size}") == tuple(theirs.splitlines())


def test_it_is_in_the_wheel():
    """setup.py packs *.json and *.txt; the files lie beside the module."""
    import d3d_tf.weights

    folder = Path(d3d_tf.weights.__file__).parent
    names = json.loads((folder / "weights.json").read_text()).keys()
    assert names == BLOBS.keys() | ACCURACIES.keys()
