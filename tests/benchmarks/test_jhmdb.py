"""The table of JHMDB, of scores worked out by hand."""

import numpy as np
import pytest

from benchmarks.jhmdb import LABELS, RGB, main, markdown, measure
from benchmarks.table import CONTROL, run_mode
from d3d_tf.roles import titles
from d3d_tf.tasks.classification.scores import ClassScores

D3D = titles()["student"]


def scores(*right):
    """Two classes, all videos of the first; `right` says who is found."""
    probabilities = np.array([[r, 1 - r] for r in right], float)
    ids = np.array([f"v{i}" for i in range(len(right))])
    return ClassScores(ids, np.zeros(len(right), int), probabilities)


SPLITS = [
    {RGB: "1000", D3D: "1100", CONTROL: "1000"},
    {RGB: "11", D3D: "10", CONTROL: "11"},
]


def test_means_of_splits_and_what_is_above_rgb():
    rgb, d3d, control = measure(SPLITS)
    assert (rgb["name"], rgb["splits"]) == (RGB, [0.25, 1.0])
    assert rgb["top1"]["value"] == pytest.approx(0.625)
    assert rgb["minus_rgb"] is None
    assert d3d["splits"] == [0.5, 0.5]
    # (+1/4 - 1/2) / 2; paired: the first video never counts.
    assert d3d["minus_rgb"]["value"] == pytest.approx(-0.125)
    low, high = d3d["minus_rgb"]["ci95"]
    assert -0.5 <= low < -0.125 < high <= 0.5
    assert control["minus_rgb"] == {"value": 0, "ci95": [0, 0]}


def test_the_page_has_every_number():
    text = markdown(
        {
            "split 2": {"processor": "a processor", "right": SPLITS[1]},
            "split 1": {"processor": "another one", "right": SPLITS[0]},
        }
    )
    header, line, first, *_ = text.splitlines()
    assert header == "| | split 1 | split 2 | mean | minus RGB, points |"
    assert line.count("---") == 5
    assert first.startswith(f"| {RGB} | 25.0 | 100.0 | 62.5 [")
    assert "-12.5 [" in text and "4 + 2 test videos" in text
    assert text.endswith("On a processor and another one.")


def two_classes(jhmdb, folder):
    """Twelve training and four test videos of the first split."""
    (folder / "splits").symlink_to(jhmdb / "splits")
    for label in ("catch", "wave"):
        listed = jhmdb / "splits" / f"{label}_test_split1.txt"
        lines = sorted(listed.read_text().splitlines(), key=lambda x: x[-1])
        for line in (*lines[:6], *lines[-2:]):
            video = f"videos/{label}/{line.split()[0][:-4]}.mp4"
            (folder / video).parent.mkdir(parents=True, exist_ok=True)
            (folder / video).symlink_to(jhmdb / video)


@pytest.mark.large
def test_one_split_of_two_classes(jhmdb, tmp_path, capfd):
    """From videos and split files to the table, in three steps of training."""
    two_classes(jhmdb, tmp_path)
    flags = ["--set=steps=3", "--set=checkpoint_every=3", "--set=batch_size=4"]
    toy = (*flags, "--set=train_videos=16", "--set=test_videos=8")
    run_mode(tmp_path / "seed6", "--mode=distill", *toy)
    words = [f"--data={tmp_path}", f"--runs={tmp_path / 'runs'}"]
    words.append(f"--toy={tmp_path}")
    main([*words, "--splits", "1", *flags])
    shown = capfd.readouterr().out
    assert f"| {CONTROL} |" in shown and f"| {LABELS} |" in shown
    assert "Top-1 in % on 4 test videos" in shown
