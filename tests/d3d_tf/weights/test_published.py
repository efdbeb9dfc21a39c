"""weights.json says all there is to say; its numbers were copied by hand."""

import json
import sys
from pathlib import Path

import pytest

from d3d_tf.keras_api import keras
from d3d_tf.models.inception.checkpoints.checkpoint_names import FAMILIES
from d3d_tf.models.resnet.checkpoints.keras_original import KerasOriginal
from d3d_tf.models.resnet.checkpoints.original import TITLES
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


# torchvision's resnet.py; keras.io/api/applications; the READMEs of MMAction2's
# configs/recognition/tsn and tsm. Digests are in the names of files but Keras',
# whose resnet.py has it.
RESNETS = {
    "resnet18_imagenet1k_v1": ("sha256:f37072fd", 69.758, 89.078),
    "resnet34_imagenet1k_v1": ("sha256:b627a593", 73.314, 91.420),
    "resnet50_imagenet1k_v1": ("sha256:0676ba61", 76.130, 92.862),
    "resnet101_imagenet1k_v1": ("sha256:63fe2227", 77.374, 93.546),
    "resnet50_imagenet1k_v2": ("sha256:11ad3fa6", 80.858, 95.434),
    "resnet101_imagenet1k_v2": ("sha256:cd907fc2", 81.886, 95.780),
    "resnet50_imagenet1k_keras": (
        "md5:2cb95161c43110f7111970584f804107",
        74.9,
        92.1,
    ),
    "tsn_r50_kinetics400": ("sha256:2692d16c", 74.12, 91.34),
    "tsm_r50_kinetics400": ("sha256:64d69186", 73.18, 90.56),
    "tsn_r50_sthv2": ("sha256:06ad7d03", 35.51, 67.09),
    "tsm_r50_sthv2": ("sha256:be0fc26e", 62.72, 87.70),
}
CLASSES = {"imagenet1k": 1000, "kinetics400": 400, "sthv2": 174}


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


@pytest.mark.parametrize("name", RESNETS)
def test_entries_of_resnets(name):
    entry = catalog()[name]
    digest, top1, top5 = RESNETS[name]
    assert entry.files == {"": digest}
    kind, _, digits = digest.partition(":")
    assert kind == "md5" or entry.address.endswith(f"-{digits}.pth")
    assert entry.acceptance["top1"] == top1
    assert entry.acceptance["top5"] == top5
    assert entry.acceptance["run_by_us"] is False
    assert entry.num_classes == CLASSES[entry.labels]
    assert entry.settings == [f"labels={entry.labels}"]
    assert len(label_map(entry.labels)) == entry.num_classes
    # MMAction2's "1x1x8".
    videos = name.startswith("ts")
    eight = {"frames": 8, "sampling": "segments"}
    assert entry.clip == (eight if videos else None)
    titles = {**TITLES, KerasOriginal.kind: KerasOriginal.title}
    assert entry.family in titles


def test_keras_digest_is_keras():
    """Its own source tells, with the address."""
    home = sys.modules[keras.applications.ResNet50.__module__]
    entry = catalog()["resnet50_imagenet1k_keras"]
    assert entry.files[""] == f"md5:{home.WEIGHTS_HASHES['resnet50'][0]}"
    assert entry.address.startswith(home.BASE_WEIGHTS_PATH)


def digests(**known):
    nothing = {"git_blob": "0" * 40, "sha256": "0" * 64, "md5": "0" * 32}
    return nothing | known


def test_by_digest():
    for name, blob in BLOBS.items():
        assert by_digest([digests(), digests(git_blob=blob)]).name == name
    sha256 = "0676ba61" + "0" * 56
    assert by_digest([digests(sha256=sha256)]).name == "resnet50_imagenet1k_v1"
    assert by_digest([digests()]) is None


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
    assert names == BLOBS.keys() | ACCURACIES.keys() | RESNETS.keys()
