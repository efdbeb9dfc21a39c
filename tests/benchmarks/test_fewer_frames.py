"""Each row is the network that it is called, and its numbers are the kit's."""

import numpy as np
import pytest

from benchmarks import fewer_frames
from benchmarks.fewer_frames import (
    Answers,
    drawn,
    measures,
    with_intervals,
)
from benchmarks.fewer_frames_page import (
    ALL,
    ENSEMBLES,
    KS,
    LOSSES,
    PAPER,
    markdown,
)
from d3d_tf.tasks.youtube8m.ranked_labels import RankedLabels


def test_the_papers_numbers():
    """Table 1, as methods.md has it, section 5.2."""
    assert len(PAPER) == 1 + len(KS) * (1 + len(LOSSES))
    assert PAPER[ALL] == (0.811, 0.414)
    assert PAPER["uniform, k = 15"] == (0.777, 0.350)
    assert PAPER["pred, k = 6"] == (0.722, 0.287)
    assert PAPER["rep, CE, k = 15"] == (0.786, 0.368)
    assert PAPER["rep, pred, CE, k = 30"] == (0.806, 0.405)
    # The supplement's ensembles, section 5.5, of 30 frames alone.
    assert ENSEMBLES["ensemble teacher"] == (0.839, 0.485)
    assert ENSEMBLES["ensemble student, k = 30"] == (0.825, 0.450)
    assert ENSEMBLES["ensemble student, k = 6"] is None


def some_answers(seed, skill):
    """48 classes, the first in more training videos; more skill, less noise."""
    rng = np.random.default_rng(seed)
    labels = rng.random([60, 48]) < 0.06
    noise = np.random.default_rng(seed + 100).normal(size=labels.shape)
    scores = 1 / (1 + np.exp(noise - skill * labels))
    return Answers(scores.astype(np.float32), labels, np.arange(48, 0, -1))


def test_intervals(monkeypatch):
    """A mean over seeds; better networks are better in every draw."""
    monkeypatch.setattr(fewer_frames, "DRAWS", 40)
    good = [some_answers(seed, 4.0) for seed in (1, 2)]
    poor = [some_answers(seed, 1.0) for seed in (1, 2)]
    of_good = drawn(good)
    found = with_intervals(of_good, drawn(poor))
    gaps = {}
    for name, seeds in ("good", good), ("poor", poor):
        values = []
        for one in seeds:
            ranks = RankedLabels(48)
            ranks.add(one.scores, one.labels)
            values.append(ranks.gap())
        gaps[name] = np.mean(values)
    assert found["gap"]["value"] == pytest.approx(gaps["good"])
    change = gaps["good"] - gaps["poor"]
    assert found["gap minus"]["value"] == pytest.approx(change)
    for key in "gap", "gap minus", "bottom-8 mAP minus":
        low, high = found[key]["ci95"]
        assert 0 < low < found[key]["value"] < high < 1
    same = with_intervals(of_good, of_good)
    assert same["gap minus"] == {"value": 0, "ci95": [0, 0]}
    assert same["gap"] == found["gap"]
    assert "gap minus" not in with_intervals(of_good, None)


def test_rare_and_frequent():
    """Of the 8 rarest classes alone: the kit's numbers of these columns."""
    one = some_answers(3, 2.0)
    found = measures(one.scores, one, np.arange(60))
    ranks = RankedLabels(8)
    ranks.add(one.scores[:, 40:], one.labels[:, 40:])
    assert found["bottom-8 GAP"] == pytest.approx(ranks.gap())
    whole = RankedLabels(48)
    whole.add(one.scores, one.labels)
    precisions = whole.average_precisions()
    assert found["top-16 mAP"] == pytest.approx(precisions[:16].mean())
    share = precisions[:16].sum() / 48
    assert found["top-16 mAP, share"] == pytest.approx(share)


def test_the_page(monkeypatch):
    """One seed, two rows; what fewer frames save is by hand."""
    monkeypatch.setattr(fewer_frames, "DRAWS", 5)
    good, poor = (drawn([some_answers(1, skill)]) for skill in (4.0, 1.0))
    cost = {"multiply_adds": 3e6, "milliseconds": 2.0}
    rows = {
        ALL: {
            "measures": with_intervals(good, None),
            "cost": cost | {"frames": 300},
        },
        "uniform, k = 30": {
            "measures": with_intervals(poor, None),
            "cost": cost | {"frames": 30},
        },
    }
    each = {"multiply_adds": 4e9, "milliseconds": 10.0, "decoding": 5.0}
    text = markdown(
        {
            "seeds": [6],
            "rows": rows,
            "extraction": each,
            "processor": "a machine",
        }
    )
    # 4 G times 300 and 30; 2 + 3000 + 1500 ms, and 2 + 300 + 1500.
    assert "| teacher | 300 | 3.0 M | 2.0 | 1200 G | 4,502 |" in text
    assert "| uniform, k = 30 | 30 | 3.0 M | 2.0 | 120 G | 1,802 |" in text
    assert "| 81.1, 41.4 |" in text and "Seeds: 6, 512 videos" in text
    assert text.count("| bottom-24 |") == 2 and "None" not in text
