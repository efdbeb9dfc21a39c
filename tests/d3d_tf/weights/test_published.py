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


def test_digests_and_acceptance():
    assert {
        name: entry.files[".data-00000-of-00001"]
        for name, entry in catalog().items()
    } == BLOBS
    assert {
        name: entry.acceptance["logits_norm"]
        for name, entry in catalog().items()
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
    assert json.loads((folder / "weights.json").read_text()).keys() == (
        BLOBS.keys()
    )
