"""What is read of a module's folder."""

import json

import pytest

from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.module_info import (
    ModuleInfo,
    read_labels,
    read_module_info,
)


def write(folder, content, labels=None):
    (folder / "module.json").write_text(json.dumps(content))
    if labels is not None:
        (folder / "assets").mkdir()
        (folder / "assets" / "labels.txt").write_text(labels)


def test_a_modules_folder_or_file(tmp_path):
    content = {"input": {"frames": 16, "size": 112}, "frame_rate": 12.5}
    content["square_pixels"] = True
    write(tmp_path, content | {"short_side": 128}, "left\ngrößer\n")
    for path in (tmp_path, str(tmp_path / "module.json")):
        assert read_module_info(path) == ModuleInfo(
            frames=16,
            frame_rate=12.5,
            short_side=128,
            size=112,
            labels=("left", "größer"),
        )


@pytest.mark.parametrize("labels", ["b\na\n", "a\n", "a\nb\nc\n"])
def test_labels_that_were_not_exported(tmp_path, labels):
    """The hash is that of `printf 'a\\nb\\n' | sha256sum`."""
    content = {
        "input": {"frames": 16, "size": 112},
        "num_classes": 2,
        "labels_sha256": "911169ddaaf146aff539f58c26c489af"
        "3b892dff0fe283c1c264c65ae5aa59a2",
    }
    write(tmp_path, content, labels)
    with pytest.raises(ClientError, match="not hold the classes .*again"):
        read_module_info(tmp_path)
    info = read_module_info(tmp_path, check_labels=False)
    assert info.labels == tuple(labels.split())
    (tmp_path / "assets" / "labels.txt").write_text("a\nb\n")
    assert read_module_info(tmp_path).labels == ("a", "b")


def test_what_a_module_does_not_tell(tmp_path):
    write(tmp_path, {"input": {"frames": 64, "size": 224}})
    info = read_module_info(tmp_path)
    assert info.frame_rate is None and info.labels == ()
    assert info.short_side == 224
    assert not info.square_pixels  # As modules were trained that do not say.


def test_how_frames_are_taken(tmp_path):
    content = {"input": {"frames": 8, "size": 64}, "stride": 5}
    write(tmp_path, content)
    info = read_module_info(tmp_path)
    assert (info.stride, info.sampling) == (5, "dense")
    write(tmp_path, content | {"stride": 1, "sampling": "segments"})
    assert read_module_info(tmp_path).sampling == "segments"


def test_the_short_side_of_the_input(tmp_path):
    write(tmp_path, {"input": {"frames": 8, "size": 64, "short_side": 72}})
    assert read_module_info(tmp_path).short_side == 72


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"input": {"frames": "many", "size": 1}},
        {"input": {"frames": float("inf"), "size": 1}},
        {"input": {"frames": 10**400, "size": 1}},
        {"input": {"frames": "16", "size": 112}},
        {"input": {"frames": True, "size": 112}},
        {"input": {"frames": 16.5, "size": 112}},
        {"input": {"frames": 16, "size": 112}, "frame_rate": "25"},
        {"input": {"frames": 16, "size": 112}, "frame_rate": 10**400},
        {"input": {"frames": 16, "size": 112}, "square_pixels": "false"},
        {"input": {"frames": 16, "size": 112}, "stride": 0},
        {"input": {"frames": 16, "size": 112}, "stride": "2"},
        {"input": {"frames": 16, "size": 112}, "sampling": "sparse"},
    ],
)
def test_what_is_no_module(tmp_path, content):
    write(tmp_path, content)
    with pytest.raises(ClientError, match=r"module\.json .*runs/toy/export/1"):
        read_module_info(tmp_path)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'"' + b"x" * 2**23, "over 4 MB"),
        (b'{"input": {"frames": 3}}', "it lacks 'size'"),
        (b'{"input": {"frames": "\\u001b[2J", "size": 3}}', r"\\x1b\[2J"),
    ],
)
def test_a_file_that_is_none(tmp_path, content, words):
    (tmp_path / "module.json").write_bytes(content)
    with pytest.raises(ClientError, match=words) as error:
        read_module_info(tmp_path)
    assert "runs/toy/export/1" in str(error.value)


def test_labels_without_end():
    with pytest.raises(ClientError, match="/dev/zero: it has over 4 MB"):
        read_labels("/dev/zero")


def test_nothing_there(tmp_path):
    with pytest.raises(ClientError, match="No such file"):
        read_module_info(tmp_path / "1")
    with pytest.raises(ClientError, match="No such file"):
        read_labels(tmp_path / "labels.txt")


def test_labels_of_other_editors(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_bytes(b"\xef\xbb\xbfleft\r\nright\r\n")
    assert read_labels(file) == ("left", "right")
    file.write_bytes("größe\n up \n\n\r\n".encode())
    assert read_labels(file) == ("größe", " up ")
    file.write_bytes("up\ngröße\n".encode("latin1"))
    with pytest.raises(ClientError, match="labels.txt, line 2, is not UTF-8"):
        read_labels(file)
    file.write_bytes(b"")
    with pytest.raises(ClientError, match="no label in .*labels.txt"):
        read_labels(file)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": 0},
        {"frames": 2**40},
        {"size": 0},
        {"size": -5},
        {"frame_rate": -1.0},
        {"frame_rate": float("inf")},
        {"jpeg_quality": 101},
        {"short_side": 100, "size": 112},
        {"max_seconds": 0.0},
        {"max_seconds": float("inf")},
    ],
)
def test_impossible_values(wrong):
    with pytest.raises(ClientError, match=f"got .*{[*wrong][0]}"):
        ModuleInfo(**wrong)


def test_what_no_memory_holds():
    """10 s of 60 frames of 3 x 1545^2 bytes are 4.297e9, 2^32 is 4.295e9."""
    ModuleInfo(short_side=1544, frame_rate=60.0)
    for given in (
        {"short_side": 1545, "frame_rate": 60.0},
        {"short_side": 2**40},
        {"frame_rate": 1e300},
    ):
        with pytest.raises(ClientError, match="over 4 GB of memory"):
            ModuleInfo(**given)


def test_a_module_of_features(tmp_path):
    content = {"kind": "classification_of_features", "input": {"longest": 300}}
    write(tmp_path, content, "a\nb\n")
    assert read_module_info(tmp_path) == ModuleInfo(
        frames=300, labels=("a", "b"), of_features=True
    )
    content["labels_sha256"] = "0"
    (tmp_path / "module.json").write_text(json.dumps(content))
    with pytest.raises(ClientError, match="not hold the classes that were exp"):
        read_module_info(tmp_path)
