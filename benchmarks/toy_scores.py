"""What the scores of `make table` tell beside the README's table.

`python -m benchmarks.toy_scores`, on the finished runs of `make table`: the
student fused with its flow teacher, which in the paper gains nothing (D3D,
table 8), and on how many classes distillation helps and harms (the supplement's
figure 3). Nothing is trained.
"""

import argparse
from pathlib import Path

from benchmarks.fill_docs import HERE, save
from benchmarks.table import SEEDS, SPLITS, pool
from d3d_tf.evaluation.paired import class_differences, describe_classes
from d3d_tf.evaluation.scores import average
from d3d_tf.roles import BASELINE, STUDENT, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores
from d3d_tf.tasks.classification.scores import ClassScores

RESULTS = HERE / "results" / "toy_scores.json"


def with_flow(student: ClassScores, teacher: ClassScores) -> dict:
    """Top-1 of the mean of their soft-max scores, as `pool` takes it."""
    right, total = average(student, teacher).top1()
    return {"value": right / total, "n": total}


def measure(runs: list[Run]) -> dict:
    """By split: pooled top-1 of student and teacher, classes of each run."""
    found: dict = {"student_and_teacher": {}, "classes": {}}
    for split in SPLITS:
        scores = [
            {
                role: load_scores(run.scores(role, split))
                for role in (TEACHER, BASELINE, STUDENT)
            }
            for run in runs
        ]
        found["student_and_teacher"][split] = pool(
            [with_flow(s[STUDENT], s[TEACHER]) for s in scores]
        )
        found["classes"][split] = [
            describe_classes(class_differences(s[BASELINE], s[STUDENT]))
            for s in scores
        ]
    return found


def main(argv: list[str] | None = None) -> None:
    """Prints and keeps what the runs say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, default=Path("runs/table"))
    given = parser.parse_args(argv)
    found = measure([Run(given.runs / f"seed{i}") for i in given.seeds])
    print(found)
    save(RESULTS, found)


if __name__ == "__main__":
    main()
