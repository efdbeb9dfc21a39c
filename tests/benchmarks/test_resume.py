"""What kills whom when; and three kills in earnest."""

import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import resume
from benchmarks.bitwise_diff import differences
from benchmarks.resume import (
    LONGEST_WAIT,
    PAGE,
    SETTINGS,
    Work,
    choose,
    markdown,
    measure,
)


def test_moments_are_of_the_run_and_get_further():
    """Advances at 0, 2, 2.5, ... s; the end at 100 s. None after the last."""
    reached = [0.0, 2.0, 2.5, 40.0, 41.0, 60.0, 100.0]
    seen = set()
    for seed in range(40):
        moments = choose(reached, 3, seed)
        assert moments == choose(reached, 3, seed)
        advances = [n for n, _ in moments]
        assert advances == sorted(set(advances)) and len(advances) == 3
        seen |= set(advances)
        for n, delay in moments:
            gap = reached[n + 1] - reached[n]
            assert 0 <= delay <= min(gap, LONGEST_WAIT)
    assert seen == {0, 1, 2, 3, 4}


@pytest.fixture
def work(tmp_path):
    """`work(name)`: what a finished run leaves, made up."""

    def make(name, weight=1.0, seconds=5):
        work = Work(tmp_path / name, SETTINGS)
        for role in ("teacher", "baseline", "student"):
            folder = work.run / "checkpoints" / role
            folder.mkdir(parents=True)
            tf.train.Checkpoint(w=tf.Variable([weight, 2.0])).write(
                str(folder / "ckpt-8")
            )
            (folder / "checkpoint").write_text(
                'model_checkpoint_path: "ckpt-8"\n'
            )
            (folder / "history.csv").write_text("loss\n1.0\n")
            (folder / "finished.json").touch()
        (work.run / "scores").mkdir()
        np.savez(work.run / "scores" / "teacher-train.npz", p=np.eye(2))
        (work.run / "results.json").write_text(
            json.dumps({"metrics": {"top1": 0.5}, "wall_seconds": seconds})
        )
        module = work.run / "export" / "1"
        (module / "assets").mkdir(parents=True)
        (module / "assets" / "labels.txt").write_text("a\n")
        (module / "module.json").write_text("{}")
        tf.train.Checkpoint(w=tf.Variable([weight])).write(
            str(module / "variables" / "variables")
        )
        (work.run / "export" / "unfinished-of-a-kill").mkdir()
        records = work.records / "toy"
        records.mkdir(parents=True)
        (records / "train.tfrecord").write_bytes(b"1")
        (records / "dataset.json").touch()
        return work

    return make


def test_an_advance_is_all_that_is_kept(work):
    """A shard, dataset.json, 3 x (8 / 4 checkpoints + finished), one score
    and the module: 1 + 1 + 9 + 1 + 1.
    """
    made = work("one")
    assert made.advance() == 13
    assert made.step() == ("student", 8)


def test_clocks_may_differ(work):
    assert not any(
        row["different"]
        for row in differences(work("one"), work("other", seconds=6))
    )


def test_one_bit_is_found(work):
    """The next float32 after 1: in three checkpoints and in the module."""
    other = work(
        "other", weight=float(np.nextafter(np.float32(1), np.float32(2)))
    )
    found = {
        row["what"]: row["different"] for row in differences(work("one"), other)
    }
    wrong = [what for what, names in found.items() if names]
    assert wrong == [
        "checkpoint of the teacher",
        "checkpoint of the baseline",
        "checkpoint of the student",
        "exported module",
    ]
    assert found[wrong[0]] == ["w/.ATTRIBUTES/VARIABLE_VALUE"]


def test_the_table():
    text = markdown(
        {
            "seed": 3,
            "settings": {"toy.train_videos": 48, "train.batch_size": 4},
            "kills": [
                {
                    "during": during,
                    "network": "teacher",
                    "from_step": 21,
                    "seconds_to_the_next_checkpoint": spent,
                }
                for during, spent in (
                    ("training", 8.4),
                    ("training", None),
                    ("scoring", None),
                )
            ],
            "compared": [
                {"what": "shards", "count": 1200, "different": []},
                {"what": "history", "count": 7, "different": ["loss", "top1"]},
            ],
            "cost": {
                "rows": [{"position": 0.25, "seconds": 0.1234}],
                "records": 8192,
                "bytes": 32768,
                "shards": 16,
                "window": 64,
                "repeats": 5,
            },
            "processor": "P",
            "cores": 2,
            "tensorflow": "2.15",
        }
    )
    assert "3 kills, seed 3" in text
    assert "training (2); scoring (1)" in text
    # 21 steps are an epoch of 12 and 9 of the next.
    assert text.count("| 21, teacher | 75 % | 8 |") == 1
    assert "| shards | 1,200 | none |" in text
    assert "| history | 7 | loss, top1 |" in text
    assert "| 25 % | 0.123 s |" in text
    assert "8,192 records of 32 KB" in text


def test_the_page_has_the_place_for_the_results():
    text = PAGE.read_text()
    assert text.count("<!-- resume -->\n") == 1
    assert text.count("<!-- /resume -->") == 1


@pytest.mark.large
def test_three_kills(tmp_path, monkeypatch):
    """The whole thing, with a few steps of each network."""
    monkeypatch.setattr(resume, "EVERY", 2)
    few = {"train.steps": 6, "train.checkpoint_every": 2}
    found = measure(tmp_path, 3, seed=1, settings=SETTINGS | few)
    assert len(found["kills"]) == 3
    assert [row for row in found["compared"] if row["different"]] == []
    assert all(row["count"] for row in found["compared"])
