"""The page of a data set."""

import re

import numpy as np
import pytest

from d3d_tf.config import ClipRecipe
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.doctor import page
from d3d_tf.doctor.findings import Finding
from d3d_tf.doctor.page import write_page
from d3d_tf.tasks import TASKS

SAMPLE = 0  # The pictures of all videos.

CLIP = ClipRecipe(frames=4, size=32)


@pytest.fixture
def written(records, tmp_path):
    path = tmp_path / "new" / "doctor.html"
    findings = [Finding("<disk>", "ERROR", "5 & 6")]
    write_page(path, records.dataset, findings, records.read(), CLIP, 3)
    return path.read_text()


def test_it_needs_nothing_beside_it(written):
    sources = re.findall(r'(?:src|href)="([^"]*)"', written)
    assert len(sources) == 1 + 6 * 4
    assert all(source.startswith("data:image/") for source in sources)


def test_it_shows_findings_and_videos(written):
    assert "&lt;disk&gt;" in written and "5 &amp; 6" in written
    assert written.count("6 frames of 48 x 40; flow leaves") == 6
    assert "seed 3" in written


def test_videos_have_the_caption_of_their_task(
    written, records, tmp_path, monkeypatch
):
    """Of the class, and as `tests/regression.py` has it."""
    assert len(re.findall(r"(?:left|right); 6 frames", written)) == 6
    monkeypatch.setitem(TASKS, "regression", "tests.regression")
    path = tmp_path / "doctor.html"
    dataset = records.dataset.for_task("regression")
    write_page(path, dataset, [], records.read(), CLIP, 3)
    assert len(re.findall(r"[01]\.0 is None; 6 frames", path.read_text())) == 6


def test_a_wrong_flow_is_marked(records, tmp_path):
    contents = records.read()
    for id_ in contents.shown:
        check = contents.pictures[id_].alignment
        object.__setattr__(check, "negated", 0.0)
    path = tmp_path / "doctor.html"
    write_page(path, records.dataset, [], contents, CLIP, 0)
    assert path.read_text().count("its flow is reversed") == 6


def test_damaged_videos_are_not_shown(records, tmp_path):
    contents = records.read()
    contents.shown.clear()
    path = tmp_path / "doctor.html"
    write_page(path, records.dataset, [], contents, CLIP, 0)
    assert "None of the sample could be decoded" in path.read_text()


def test_draws_are_those_of_the_training(records, tmp_path, monkeypatch):
    """Of epoch 0, as `make_dataset` gives them with the same seed."""
    shown = []

    def picture(frames, flow):
        shown.append((frames, flow))
        return "data:image/webp;base64,"

    monkeypatch.setattr(page, "clip_picture", picture)
    contents = records.read()
    write_page(tmp_path / "doctor.html", records.dataset, [], contents, CLIP, 3)
    data = make_dataset(
        records.folder,
        "train",
        CLIP,
        batch_size=1,
        training=True,
        streams=("frames", "flow", "id"),
        seed=3,
    ).take(6)
    drawn = {
        inputs["id"][0].decode(): inputs
        for inputs, _ in data.as_numpy_iterator()
    }
    assert len(drawn) == 6
    compared = 0
    for id_, (frames, flow) in zip(contents.shown, shown[::4], strict=True):
        if id_ not in drawn:  # A test video.
            continue
        compared += 1
        pixels = np.rint((drawn[id_]["frames"][0] + 1) * 127.5)
        np.testing.assert_array_equal(frames, pixels)
        np.testing.assert_array_equal(flow, 20 * drawn[id_]["flow"][0])
    assert compared >= 3
