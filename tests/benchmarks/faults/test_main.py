"""The table, and a few trials of each kind in earnest."""

import pytest

from benchmarks.faults.__main__ import markdown, measure


def test_the_table():
    def rows(outcome, trials=1, group="kills"):
        return {
            "group": group,
            "mode": "export",
            "outcome": outcome,
            "trials": trials,
        }

    text = markdown(
        {
            "processor": "abacus",
            "seed": 3,
            "minutes": 1.6,
            "trials": [
                rows("right"),
                rows("trace"),
                rows("right"),
                rows("trace"),
                rows("left over"),
                rows("right", 40, "bad requests"),
            ],
        }
    )
    assert text.splitlines()[2:] == [
        "| bad requests | export | 40 | 40 | none |",
        "| kills | export | 5 | 2 | 2 trace, 1 left over |",
        "",
        "Seed 3, 2 minutes on abacus.",
    ]


@pytest.mark.large
def test_trials():
    """Of each kind; of the bad servers two, over REST and over gRPC."""
    counts = {
        "damaged": 6,
        "kills": 4,
        "pairs": 4,
        "disks": 4,
        "places": 4,
        "requests": 40,
    }
    results = measure(counts, seed=11, servers_with="logits and predict")
    rows = results["trials"]
    groups = {row["group"] for row in rows}
    assert groups >= {"kills", "two at once", "places", "bad servers"}
    assert sum(row["trials"] for row in rows) >= 60
    assert not [row for row in rows if row["outcome"] != "right"]
