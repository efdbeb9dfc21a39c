"""The report's figures of single classes (D3D, supplement, figures 2 and 3)."""

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.evaluation.paired import (
    class_differences,
    describe_classes,
    paired_difference,
)
from d3d_tf.report.pictures import class_bars
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores


def class_section(
    run: Run, classes: list[str], split: str, results: dict, metric: Metric
) -> dict:
    """The part of the page about classes.

    Args:
      run: the run whose scores are read.
      classes: names in the order of labels.
      split: the split to which metric names without a split refer.
      results: of the run; its `per_class` is drawn.
      metric: what `per_class` holds.

    Returns:
      `accuracy`, an SVG; `difference`, an SVG of what distillation changed,
      and `summary`, its words, empty unless the run has both a student and a
      baseline.
    """
    accuracy = {
        name: metric.scale * entry["value"]
        for name, entry in results["per_class"].items()
    }
    section = {
        "accuracy": class_bars(accuracy, f"{metric.title}, {metric.unit}"),
        "difference": "",
        "summary": "",
    }
    paths = [run.scores(role, split) for role in ("baseline", "student")]
    if not all(path.exists() for path in paths):
        return section
    pair = [load_scores(path) for path in paths]
    changes = class_differences(*pair)
    total = paired_difference(*pair)
    section["difference"] = class_bars(
        {classes[label]: 100 * change for label, change in changes.items()},
        "points by distillation",
    )
    section["summary"] = (
        f"Student minus baseline, video by video: {total.points()} "
        f"(95 %, bootstrap over {total.videos} videos); "
        f"{describe_classes(changes)}"
    )
    return section
