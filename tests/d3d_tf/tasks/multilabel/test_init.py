"""Numbers by hand, and a run from a list of videos."""

import json

import numpy as np
import pytest

from d3d_tf.commands import doctor, evaluate, predict, prepare, train
from d3d_tf.config import override
from d3d_tf.errors import UserError
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.runs.folder import Run
from d3d_tf.tasks.multilabel import TASK
from tests.harness import moving_texture, write_lossless
from tests.harness.task import check_task


def test_task():
    """Odds 3 : 1, 1 : 1 and 1 : 3 of each class.

    Cross-entropies of (3/4, 1/4): -log of 3/4 and 3/4 for (1, 0), of 3/4 and
    1/4 for (1, 1); of (1/2, 3/4) for (0, 1): of 1/2 and 3/4. Above 1/2 are the
    first, the first, the second: 5 of 6 are right.
    """
    losses = -np.log([[3 / 4, 3 / 4], [3 / 4, 1 / 4], [1 / 2, 3 / 4]])
    check_task(
        TASK,
        labels=np.float32([[1, 0], [1, 1], [0, 1]]),
        outputs=np.log([[3.0, 1 / 3], [3.0, 1 / 3], [1.0, 3.0]]),
        losses=losses.mean(axis=1),
        probabilities=[[3 / 4, 1 / 4], [3 / 4, 1 / 4], [1 / 2, 3 / 4]],
        metrics={"accuracy": 5 / 6},
    )


def test_words():
    answer = np.float32([0.1, 0.9, 0.7])
    classes = ["run", "sit", "eat"]
    assert TASK.describe(answer, classes)[0] == "  90.0 %  sit"
    assert TASK.caption(np.float32([1, 1, 0]), answer, classes) == (
        "run, sit: student says sit, eat"
    )
    assert TASK.caption(np.float32([0, 1, 0]), None, classes) == "sit"
    assert TASK.agreement.same(answer, np.float32([0, 0.6, 0.6]))
    assert not TASK.agreement.same(answer, np.float32([0.6, 0.6, 0.6]))


SETTINGS = [
    *("layout=csv", "short_side=32", "num_shards=1", "frames=2"),
    *("clip.size=16", "task=multilabel", "stream=rgb", "train.steps=2"),
    *("batch_size=2", "depth_multiplier=0.02", "min_depth=2"),
    "final_endpoint=MaxPool_3a_3x3",
]
LIST = """path,labels,split
0.mkv,sit;eat,train
1.mkv,eat,train
2.mkv,eat;run,train
3.mkv,sit,test
4.mkv,run;sit,test
"""


@pytest.fixture
def videos(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(5):
        frames, _ = moving_texture(4, 32, 40, (1, 0), seed=number)
        write_lossless(folder / f"{number}.mkv", frames)
    (tmp_path / "list.csv").write_text(LIST)
    return folder


@pytest.mark.large
def test_from_a_list_to_answers(tmp_path, videos, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = override(OWN_VIDEOS, SETTINGS)
    prepare.run(
        recipe,
        data=str(videos),
        annotations=str(tmp_path / "list.csv"),
        records_dir=str(tmp_path / "records"),
    )
    (records,) = (tmp_path / "records").iterdir()
    rows = json.loads((records / "manifest.json").read_text())
    # Classes in the order of their names: eat, run, sit.
    assert [row.get("labels", row["label"]) for row in rows] == [
        *([2, 0], 0, [0, 1], 2, [1, 2])
    ]
    doctor.run(OWN_VIDEOS, data=str(records))
    assert "ERROR" not in capsys.readouterr().out
    run = Run(tmp_path / "run")
    train.run(recipe, data=str(records), run_dir=str(run.folder))
    with np.load(run.scores("baseline", "test")) as scores:
        labels = dict(
            zip(scores["ids"], scores["labels"].tolist(), strict=True)
        )
    assert labels == {"3.mkv": [0, 0, 1], "4.mkv": [0, 1, 1]}
    results = run.read_results()
    assert results["metrics"]["baseline/map"]["n"] == 2
    evaluate.run(
        checkpoint=[str(run.folder)], settings=["evaluation.pooling=max"]
    )
    assert "mAP test" in capsys.readouterr().out
    predict.run(data=str(videos / "0.mkv"), checkpoint=str(run.folder))
    assert capsys.readouterr().out.count("%") == 3
    # A task of one class says what these records are.
    with pytest.raises(UserError, match="several labels.*task=multilabel"):
        train.run(
            override(recipe, ["task=classification"]),
            data=str(records),
            run_dir=str(tmp_path / "other"),
        )
