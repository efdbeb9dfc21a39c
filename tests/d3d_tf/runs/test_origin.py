"""What a run writes of its start."""

from pathlib import Path

from d3d_tf.runs.origin import Origin, different_starts


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


def began(run, probe):
    network = {"from": "baseline", "probe": probe}
    return [{"run": run, "networks": {"predictor": network, "head": {}}}]


def test_the_same_start_however_it_is_spelt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = began(str(tmp_path / "a"), "1")
    assert different_starts(began("a", "1"), here) is None
    assert different_starts(None, []) is None


def test_another_start_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert different_starts(None, began("a", "1")) == ("scratch", "a")
    assert different_starts(began("a", "1"), began("b", "1")) == ("a", "b")
    # The same run, whose probe was made again with other settings.
    old, new = different_starts(began("a", "1"), began("a", "2"))
    assert old == "a with {'predictor': {'from': 'baseline', 'probe': '1'}}"
    assert new == "a with {'predictor': {'from': 'baseline', 'probe': '2'}}"
    # The same run, which itself began otherwise.
    retrained = [entry | {"weights": {"init": []}} for entry in began("a", "1")]
    assert different_starts(began("a", "1"), retrained) == (
        "a as it was",
        "a as it is now",
    )
