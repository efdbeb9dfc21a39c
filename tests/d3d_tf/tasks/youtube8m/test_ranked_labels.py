"""YouTube-8M's metrics: by hand, and those of the kit (shared/goldens/yt8m)."""

import json

import numpy as np
import pytest

from d3d_tf.tasks.youtube8m.ranked_labels import (
    RankedLabels,
    SubsetRanks,
    by_frequency,
)


def test_by_hand():
    """Three videos of three classes, of which two scores count.

    The first has class 0, found first; the second has 0 and 2, of which 2 is
    found second; the third has 1, which is not kept. Pooled: 0.9 right, 0.8
    wrong, 0.7 wrong, 0.6 wrong, 0.5 right, 0.4 wrong; of 4 labels.
    """
    ranks = RankedLabels(3, top_k=2)
    scores = [[0.9, 0.1, 0.8], [0.2, 0.7, 0.5], [0.6, 0.1, 0.4]]
    labels = [[1, 0, 0], [1, 0, 1], [0, 1, 0]]
    ranks.add(scores[:1], labels[:1])
    ranks.add(scores[1:], labels[1:])
    assert ranks.gap() == pytest.approx((1 / 1 + 2 / 5) / 4)
    # Class 0: 0.9 right, 0.6 wrong, of 2. Class 1: nothing right. Class 2:
    # 0.8 wrong, 0.5 right, 0.4 wrong.
    found = ranks.average_precisions()
    np.testing.assert_allclose(found, [1 / 2, 0, 1 / 2])
    assert ranks.hit1() == pytest.approx(1 / 3)
    # 1 of 1; of two labels 2 is among the two highest; 0 of 1.
    assert ranks.perr() == pytest.approx((1 + 1 / 2) / 3)


def test_nothing_and_little():
    ranks = RankedLabels(2)
    assert ranks.gap() == ranks.perr() == ranks.hit1() == 0
    assert ranks.mean_average_precision(empty_classes=True) == 0
    assert ranks.mean_average_precision() == 0
    ranks.add(np.zeros([0, 2]), np.zeros([0, 2]))
    # A score of 0 is no class for PERR, but it is the first for Hit@1.
    ranks.add([[0.0, 0.0]], [[1, 0]])
    assert (ranks.perr(), ranks.hit1()) == (0, 1)
    with pytest.raises(ValueError, match=r"must both be \[videos, 2\]"):
        ranks.add([[0.5]], [[1]])


@pytest.fixture(scope="module")
def kit():
    """`kit(goldens, name)`: numbers, scores, labels, frequency of a case."""

    def read(goldens, name):
        folder = goldens / "yt8m"
        golden = json.loads((folder / "metrics.json").read_text())[name]
        with np.load(folder / "metrics.npz") as arrays:
            parts = ("predictions", "labels", "train_frequency")
            return golden, *(arrays[f"{name}/{part}"] for part in parts)

    return read


@pytest.mark.parametrize("batches", [1, 7])
@pytest.mark.parametrize("name", ["random_a", "few_classes_a"])
def test_the_kits_numbers(goldens, kit, name, batches):
    """However videos are cut into batches; of both kits, and of subsets."""
    golden, scores, labels, frequency = kit(goldens, name)
    sizes = sorted({int(n.split("-")[1]) for n in golden["subsets"]})
    ranks = SubsetRanks(frequency, sizes)
    for part in np.array_split(np.arange(len(scores)), batches):
        ranks.add(scores[part], labels[part])
    new, old = (
        golden["starter_kit_2019"],
        golden["starter_kit_2018_and_authors"],
    )
    whole = ranks.whole
    for measure in ("gap", "hit1", "perr"):
        assert getattr(whole, measure)() == pytest.approx(new[measure], 1e-9)
    found = whole.average_precisions()
    np.testing.assert_allclose(found, old["aps"], rtol=1e-9)
    np.testing.assert_allclose(found[whole.positives > 0], new["aps"], 1e-9)
    for kit_of, empty in ((new, False), (old, True)):
        mean = whole.mean_average_precision(empty_classes=empty)
        assert mean == pytest.approx(np.mean(kit_of["aps"]), 1e-9)
    table = ranks.table()
    assert table.keys() == golden["subsets"].keys()
    for subset, row in golden["subsets"].items():
        columns = by_frequency(frequency, sizes)[subset]
        assert columns.tolist() == row["columns"]
        assert table[subset] == pytest.approx(
            {
                "gap": row["gap_restricted"],
                "hit1": row["hit1_restricted"],
                "perr": row["perr_restricted"],
                "map": row["map_restricted_nonempty"] or 0.0,
                "map_with_empty": row["map_restricted_all"],
                "map_of_all": row["map_from_full"],
                "share_of_all": row["sum_from_full_over_all"],
            },
            rel=1e-9,
        )
    for k, gap in golden["gap_function_by_k"].items():
        ranks = RankedLabels(scores.shape[1], top_k=int(k))
        ranks.add(scores, labels)
        assert ranks.gap() == pytest.approx(gap, 1e-9)


def test_equal_scores_are_between_the_best_and_the_worst_order(goldens, kit):
    golden, scores, labels, _ = kit(goldens, "ties_a")
    ranks = RankedLabels(scores.shape[1], top_k=golden["top_k"])
    ranks.add(scores, labels)
    bounds = golden["tie_bounds"]
    for name, found in (
        ("gap", ranks.gap()),
        ("perr", ranks.perr()),
        ("map_all_classes", ranks.mean_average_precision(empty_classes=True)),
    ):
        assert bounds[f"{name}_min"] <= found <= bounds[f"{name}_max"], name
    assert ranks.hit1() == golden["starter_kit_2019"]["hit1"]
    again = RankedLabels(scores.shape[1], top_k=golden["top_k"])
    again.add(scores, labels)
    assert again.gap() == ranks.gap()


def test_a_video_takes_as_much_whatever_the_classes():
    sizes = []
    for classes in 100, 3862:
        ranks = RankedLabels(classes)
        rng = np.random.default_rng(0)
        scores = rng.random([50, classes], np.float32)
        ranks.add(scores, scores > 0.99)
        kept = (*ranks._scores, *ranks._classes)
        sizes.append(sum(array.nbytes for array in kept))
    assert sizes == [50 * 160, 50 * 160]
