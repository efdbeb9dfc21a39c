"""What a module says of itself, damaged in every part."""

import copy
import json

import pytest

from d3d_tf.errors import UserError
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.runs.module_description import (
    labels_of,
    read_description,
    recipe_of,
)

TOLD = {
    "kind": "classification",
    "endpoint": None,
    "input": {"frames": 4, "size": 16, "short_side": 20},
    "frame_rate": 12.5,
    "network": {"dropout": 0.3, "min_depth": 5},
    # printf 'left\nright\n' | sha256sum
    "labels_sha256": "e1722f3dcd04fc367b1c3e25ad6edf4d"
    "1183ec4fd2be697cad608588b19f275a",
}


@pytest.fixture
def write(tmp_path):
    """`write(told)` into a module's folder, which it returns."""

    def write(told):
        (tmp_path / "module.json").write_text(json.dumps(told))
        (tmp_path / "assets").mkdir(exist_ok=True)
        (tmp_path / "assets" / "labels.txt").write_text("left\nright\n")
        return tmp_path

    return write


def test_a_sound_one(write):
    folder = write(TOLD)
    told = read_description(folder)
    recipe = recipe_of(told, folder)
    assert recipe.network == InceptionRecipe(dropout=0.3, min_depth=5)
    assert (recipe.clip.frames, recipe.clip.size) == (4, 16)
    assert (recipe.data.frame_rate, recipe.data.short_side) == (12.5, 20)
    assert not recipe.data.square_pixels
    assert labels_of(told, folder) == ["left", "right"]


def test_frames_that_are_left_out(write):
    """The recipe's rate is that of the records, not of what is seen."""
    folder = write(
        TOLD | {"frame_rate": 3.125, "video_frame_rate": 12.5, "stride": 4}
    )
    recipe = recipe_of(read_description(folder), folder)
    assert (recipe.clip.stride, recipe.data.frame_rate) == (4, 12.5)
    folder = write(TOLD | {"sampling": "segments"})
    recipe = recipe_of(read_description(folder), folder)
    assert recipe.clip.sampling == "segments"
    assert recipe.data.frame_rate == 12.5


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("network",), [], "network: it is a list and not an object"),
        (("network", "dropout"), "much", "network.dropout must be of type"),
        (("network", "dropout"), 1.5, "dropout"),
        (("network", "model"), "nope", "nope"),
        (("input",), None, "input: it is null and not an object"),
        (("input", "frames"), "4", "input: frames: it is text"),
        (("frame_rate",), "12", "frame_rate: it is text"),
        (("frame_rate",), -1.0, "frame_rate"),
        (("square_pixels",), 3, "data.square_pixels must be of type bool"),
        (("stride",), 0, "clip.stride"),
        (("sampling",), "sparse", "clip.sampling"),
    ],
)
def test_what_cannot_be(write, place, value, said):
    """Each error names the file and says what to do."""
    content = copy.deepcopy(TOLD)
    part = content
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    folder = write(content)
    with pytest.raises(UserError) as error:
        recipe_of(read_description(folder), folder)
    assert f"{folder}/module.json" in str(error.value)
    assert said in str(error.value)
    assert str(error.value).endswith(
        "copy the module again, or export it again with --mode=export."
    )


@pytest.mark.parametrize("key", ["frames", "size", "short_side"])
def test_what_lacks(write, key):
    content = copy.deepcopy(TOLD)
    del content["input"][key]
    with pytest.raises(UserError, match=f"input: it lacks {key}"):
        read_description(write(content))


def test_features_have_no_labels(write):
    """Those of the network are hashed, too, and there is no file."""
    folder = write(TOLD | {"kind": "feature_vector"})
    (folder / "assets" / "labels.txt").unlink()
    assert labels_of(read_description(folder), folder) == []
    with pytest.raises(UserError, match="labels.txt is missing"):
        labels_of(TOLD, folder)


def test_an_older_module_has_no_hash(write):
    older = {k: v for k, v in TOLD.items() if k != "labels_sha256"}
    folder = write(older)
    (folder / "assets" / "labels.txt").write_text("b\na\n")
    assert labels_of(older, folder) == ["b", "a"]
    with pytest.raises(UserError, match="labels.txt is damaged"):
        labels_of(TOLD, folder)
