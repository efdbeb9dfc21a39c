"""The page of an expansion: its ladder, and accuracy against cost."""

from pathlib import Path

from d3d_tf.atomic_files import write_atomically
from d3d_tf.expand.candidates import Candidate
from d3d_tf.report.cost_figure import Point, draw
from d3d_tf.report.page import render


def write_page(
    path: Path,
    results: dict,
    ladder: list[Candidate],
    tried: list[Candidate],
) -> Path:
    """Writes the page and returns its path.

    Args:
      path: of the page.
      results: the content of expand.json.
      ladder: what was kept, in order.
      tried: all candidates.
    """
    points = [_point("kept", one) for one in ladder]
    kept = {one.run for one in ladder}
    points += [
        _point(f"{one.axis or 'contracted'}, step {one.step}", one)
        for one in tried
        if one.run not in kept
    ]
    picture = draw(points, "svg").decode()
    page = render(
        "expand.html",
        results=results,
        figure=picture[picture.index("<svg") :],
        title=ladder[0].metric.title,
        rows=[
            {
                "step": one.step,
                "axis": one.axis or ("" if one.step == 0 else "contracted"),
                "kept": one.run in kept,
                "size": one.size,
                "millions": f"{one.multiply_adds / 1e6:,.1f}",
                "value": one.metric.number(one.entry["value"]),
                "interval": [
                    f"{one.metric.scale * bound:.1f}"
                    for bound in one.entry["ci95"]
                ],
            }
            for one in tried
        ],
    )
    write_atomically(path, page)
    return path


def _point(name: str, one: Candidate) -> Point:
    metric = one.metric
    low, high = (metric.scale * bound for bound in one.entry["ci95"])
    return Point(
        network=name,
        name=name,
        views=1,
        multiply_adds=one.multiply_adds,
        value=metric.scale * one.entry["value"],
        interval=(low, high),
        unit=f"{metric.title}, {metric.unit}",
    )
