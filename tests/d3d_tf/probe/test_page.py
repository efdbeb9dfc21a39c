"""What is drawn of several endpoints, and of videos."""

import re

import numpy as np
import pytest

from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.probe.page import write_page
from d3d_tf.probe.table import Entry, rows
from tests.d3d_tf.probe.test_table import errors
from tests.harness.records import Video, flow_codes, write_records


@pytest.fixture
def page(tmp_path):
    videos = [
        Video(
            id=f"<b>{i}",
            label=0,
            frames=np.full([4, 16, 16, 3], 60 * i, np.uint8),
            codes=flow_codes(np.broadcast_to([2.5, 0], [4, 16, 16, 2])),
            split="test",
        )
        for i in range(1)
    ]
    dataset = open_dataset(write_records(tmp_path / "records", videos))
    entries = [
        Entry("baseline", False, endpoint, (errors(value),))
        for endpoint, value in (("Mixed_3b", 2.0), ("Mixed_3c", 3.0))
    ]
    results = {
        "run": "runs/mine",
        "dataset": "d1",
        "flow_recipe": "f1",
        "recipe_hash": "h1",
        "recipe": {"train": {"steps": 7}, "probe": {"seeds": 1}},
        "splits": {"test": rows(entries)},
    }
    path = write_page(
        tmp_path / "probe.html",
        results,
        {"test": entries},
        dataset,
        ClipRecipe(frames=4, size=16),
    )
    return path.read_text()


def test_numbers_and_pictures(page):
    assert "runs/mine" in page and "7 steps" in page
    assert "2.000" in page and "3.000" in page
    assert page.count("<svg") == 1
    # Of the first endpoint: frame, stored flow, decoded flow.
    titles = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert titles == ["frame", "stored flow", "RGB (baseline)"]
    assert "fullest colour: 2.5 pixels per frame" in page


def test_names_are_escaped(page):
    assert "&lt;b&gt;0" in page and "<b>0" not in page
