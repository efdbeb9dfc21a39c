"""What a run writes of its start."""

from pathlib import Path

from d3d_tf.runs.origin import Origin


def test_what_there_is_not_is_left_out():
    """The first four are in every `origin.json` since version 0.1.0."""
    assert Origin(records=None, flow={}).entries() == {
        "records": None,
        "teacher": None,
        "flow": {},
        "flow_mismatch": None,
    }


def test_all_of_it():
    origin = Origin(
        Path("records/x"), {"a": 1}, "12", {"b": 2}, Path("t"), {"c": 3}, True
    )
    assert origin.entries() == {
        "records": "records/x",
        "teacher": "t",
        "flow": {"a": 1},
        "flow_mismatch": {"b": 2},
        "dataset": "12",
        "weights": {"c": 3},
        "finetuned": True,
    }
