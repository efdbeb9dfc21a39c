"""Rows of table 1, from errors by video."""

import numpy as np
import pytest

from d3d_tf.probe.errors import Errors
from d3d_tf.probe.table import Entry, header, line, rows


def errors(*epe, exact=np.nan):
    count = len(epe)
    return Errors(
        ids=np.array([f"v{i}" for i in range(count)]),
        epe=np.array(epe, float),
        zeros=np.full(count, 4.0),
        exact=np.full(count, exact),
        shown=np.zeros([1, 1, 1, 2]),
        frame=np.array(2),
    )


ENTRIES = [
    Entry("teacher", False, "Mixed_3b", (errors(1, 1),)),
    Entry("baseline", True, "Mixed_3b", (errors(1, 2),)),
    Entry("student", False, "Mixed_3b", (errors(2, 2),)),
    Entry("baseline", False, "Mixed_3b", (errors(2, 4),)),
    Entry("student", False, "Mixed_3c", (errors(3, 3, exact=1.5),)),
]


def test_order_and_numbers():
    found = rows(ENTRIES)
    assert [(row["title"], row["endpoint"][-2:]) for row in found] == [
        ("All zeros", "3b"),
        ("RGB (baseline)", "3b"),
        ("D3D (student)", "3b"),
        ("RGB (baseline), fine-tuned", "3b"),
        ("Flow (teacher)", "3b"),
        ("All zeros", "3c"),
        ("D3D (student)", "3c"),
    ]
    values = [row["epe"]["value"] for row in found]
    assert values == [4, 3, 2, 1.5, 1, 4, 3]
    changes = [row.get("minus_baseline", {}).get("value") for row in found]
    # Of the zeros, too; 3c has no baseline.
    assert changes == [1, None, -1, -1.5, -2, None, None]
    exact = [row.get("epe_exact", {}).get("value") for row in found]
    assert exact == [None] * 6 + [1.5]
    # The videos' changes are 0 and -2: a draw of two has any of their means.
    assert found[2]["minus_baseline"]["ci95"] == pytest.approx([-2, 0])
    assert found[2]["epe"] == {
        "value": 2,
        "n": 2,
        "seeds": 1,
        "ci95": pytest.approx([2, 2]),
    }


def test_seeds_count():
    entry = Entry("student", False, "Mixed_3b", (errors(1, 1), errors(3, 3)))
    row = rows([entry])[1]
    assert row["epe"]["ci95"] == pytest.approx([1, 3])
    assert (row["epe"]["n"], row["epe"]["seeds"]) == (2, 2)


def test_numbers_stand_below_their_titles():
    title = header("test", exact=True)
    zeros, *_, last = [line(row) for row in rows(ENTRIES)]
    assert zeros.startswith("All zeros")
    assert zeros[title.index("EPE, pixels") :].startswith("4.000 [4.000, 4.00")
    assert zeros[title.index("minus") :] == "+1.000 [+0.000, +2.000]"
    assert last[title.index("EPE, exact") :] == "1.500 [1.500, 1.500]"
    assert (
        header("test", exact=False) == title[: title.index("EPE, ex")].rstrip()
    )
