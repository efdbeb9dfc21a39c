"""Weights by name, from a server on this machine."""

import dataclasses
import hashlib
import json
import tempfile

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.runs import from_published
from d3d_tf.runs.folder import Run
from d3d_tf.runs.from_published import cache_folder, convert_given
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.opening import open_run
from d3d_tf.weights import download, published
from tests.published import SMALL, deepmind_shapes, values, write
from tests.web import serving

NAME = "i3d_flow_small"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Files of a small flow network with the 8 classes of the toy."""
    content = values(deepmind_shapes(8, channels=2, **SMALL))
    prefix = write(tmp_path_factory.mktemp("files") / "model.ckpt", content)
    return {
        path.name.removeprefix("model.ckpt"): path.read_bytes()
        for path in prefix.parent.iterdir()
    }


@pytest.fixture
def web(stored):
    with serving() as server:
        for ending, content in stored.items():
            server.content[f"/x/model.ckpt{ending}"] = content
        yield server


@pytest.fixture
def entry(web, stored, toy, tmp_path, monkeypatch):
    """`NAME` in the catalog, and an empty cache."""
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(toy.dataset().classes))
    data = stored[".data-00000-of-00001"]
    made = published.Published(
        name=NAME,
        address=web.url("/x/model.ckpt"),
        files={
            ".data-00000-of-00001": hashlib.sha1(
                b"blob %d\0" % len(data) + data
            ).hexdigest(),
            ".index": None,
        },
        family="deepmind",
        stream="flow",
        num_classes=8,
        labels=str(labels),
        licence="Apache-2.0",
        citation="Somebody: Something. 2026",
        flow={"flow": {"algorithm": "tvl1", "saturation": 20.0}},
        acceptance={},
    )
    give(monkeypatch, made)
    monkeypatch.setenv("D3D_TF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "PAUSE", 0.0)
    return made


def give(monkeypatch, made):
    """The modules that look names up find this one."""
    from d3d_tf.runs import opening

    for module in (published, from_published, opening):
        monkeypatch.setattr(module, "catalog", lambda: {made.name: made})


def test_the_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("D3D_TF_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache/d3d_tf/weights"
    monkeypatch.setenv("D3D_TF_CACHE", "/x")
    assert str(cache_folder()) == "/x"


def test_the_cache_of_a_home_that_is_closed(
    monkeypatch, tmp_path, another_user
):
    """`su` and containers leave HOME at root's."""
    monkeypatch.delenv("D3D_TF_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # Closed as well.
    weights = tmp_path / ".cache/d3d_tf/weights"
    weights.mkdir(parents=True)
    assert cache_folder() == weights
    with (
        another_user(54321),
        pytest.raises(UserError, match="set D3D_TF_CACHE"),
    ):
        cache_folder()


def test_downloaded_converted_and_kept(web, entry, toy, tmp_path, capsys):
    run = open_run(NAME)
    assert run.folder.parent == tmp_path / "cache" / NAME
    network = load_checkpoint(run.folder, "teacher")
    assert network.head.logits.bias.shape == [8]
    name = "RGB/inception_i3d/Logits/Conv3d_0c_1x1/conv_3d/b"
    np.testing.assert_array_equal(
        network.head.logits.bias, values({name: (8,)})[name]
    )
    source = run.weights()["converted"]
    assert source["published"] == NAME
    assert source["licence"] == "Apache-2.0"
    assert source["citation"] == entry.citation
    assert run.labels() == toy.dataset().classes
    assert run.origin()["flow"] == entry.flow
    assert entry.citation in capsys.readouterr().out
    asked = len(web.asked)
    assert asked == 2
    assert open_run(NAME) == run and len(web.asked) == asked


def test_a_cut_connection(web, entry):
    web.cut_after = [20_000]
    assert open_run(NAME).is_converted()
    assert ("/x/model.ckpt.data-00000-of-00001", "bytes=20000-") in web.asked


def test_another_file(web, entry, tmp_path):
    web.content["/x/model.ckpt.data-00000-of-00001"] = b"other"
    with pytest.raises(UserError, match="not the published file"):
        open_run(NAME)
    assert not list((tmp_path / "cache" / NAME).glob("run*"))


def test_a_damaged_index(web, entry, tmp_path):
    """It has no published digest; what it leads to has checksums."""
    index = bytearray(web.content["/x/model.ckpt.index"])
    index[len(index) // 2] ^= 1
    web.content["/x/model.ckpt.index"] = bytes(index)
    with pytest.raises(UserError, match="no readable|cannot be read|variab"):
        open_run(NAME)
    assert not list((tmp_path / "cache" / NAME).glob("run*"))


def test_offline_with_files_in_the_cache(web, entry, stored, tmp_path):
    folder = tmp_path / "cache" / NAME
    folder.mkdir(parents=True)
    for ending, content in stored.items():
        (folder / f"model.ckpt{ending}").write_bytes(content)
    web.shutdown()
    assert open_run(NAME).is_converted()
    assert web.asked == []


def test_convert_by_name(web, entry, tmp_path):
    convert_given(NAME, tmp_path / "out", [], None)
    assert Run(tmp_path / "out").weights()["converted"]["published"] == NAME


def test_a_local_copy_is_recognised_by_its_digest(entry, stored, tmp_path):
    for ending, content in stored.items():
        (tmp_path / f"mine{ending}").write_bytes(content)
    convert_given(str(tmp_path / "mine"), tmp_path / "out", [], None)
    run = Run(tmp_path / "out")
    assert run.weights()["converted"]["published"] == NAME
    assert run.origin()["flow"] == entry.flow


# ------------------------------------------------------ a published teacher


@pytest.mark.large
def test_a_student_of_a_published_teacher(toy, entry, tmp_path):
    """--mode=distill --teacher=NAME: no teacher is trained."""
    run = Run(tmp_path / "student")
    teacher = open_run(NAME)
    shown = toy.again(run=run, teacher=NAME)
    assert "has no RGB baseline for the table: it is trained here" in shown
    assert not run.checkpoints("teacher").exists()
    assert (run.checkpoints("student") / "finished.json").exists()
    results = run.read_results()
    assert set(results["metrics"]) >= {"student/top1", "teacher/top1"}
    told = run.weights()["teacher"]
    assert told["run"] == str(teacher.folder)
    assert told["weights"]["converted"]["published"] == NAME
    assert results["weights"] == run.weights()
    module = json.loads((run.export_path / "1/module.json").read_text())
    assert module["weights"] == run.weights()
    # Parameters of the I3D, not of the student's network.
    expected = sum(
        int(v.shape.num_elements())
        for v in load_checkpoint(teacher.folder, "teacher").trainable_variables
    )
    assert results["metrics"]["teacher/parameters"]["value"] == expected


def test_a_teacher_of_other_classes(toy, entry, tmp_path, monkeypatch):
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(["jump", *toy.dataset().classes[1:]]))
    run = Run(tmp_path / "student")
    first = toy.dataset().classes[0]
    with pytest.raises(
        UserError, match=f"logit 0 is 'jump' there, '{first}' here"
    ):
        toy.again(run=run, teacher=NAME)
    assert not run.exists()


def test_a_teacher_of_other_flow(toy, entry, tmp_path, monkeypatch):
    """Only what its authors told is compared: the records' bound is 20 px."""
    give(
        monkeypatch,
        dataclasses.replace(entry, flow={"flow": {"saturation": 15.0}}),
    )
    with pytest.raises(UserError, match="flow.saturation: 15.0 in .* 20.0 in"):
        toy.again(run=Run(tmp_path / "student"), teacher=NAME)
