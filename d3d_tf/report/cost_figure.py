"""A figure of what networks cost and how good they are."""

import io
from typing import NamedTuple

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter


class Point(NamedTuple):
    """One network with one number of views.

    Attributes:
      network: what identifies it; its points are joined.
      name: of the network, for people.
      views: of a video.
      multiply_adds: of all of them.
      value, interval: of the measure, and its 95 % interval.
      unit: of the measure, in words.
    """

    network: str
    name: str
    views: int
    multiply_adds: int
    value: float
    interval: tuple[float, float]
    unit: str


def draw(points: list[Point], kind: str) -> bytes:
    """The picture: cost on a linear axis, and on a logarithmic one.

    Args:
      points: of any networks.
      kind: `svg`, `png` or `pdf`.
    """
    figure = Figure(figsize=(11, 5), layout="constrained")
    linear, logarithmic = figure.subplots(1, 2, sharey=True)
    logarithmic.set_xscale("log")
    for network in dict.fromkeys(point.network for point in points):
        line = sorted(
            (p for p in points if p.network == network),
            key=lambda p: p.multiply_adds,
        )
        for axes in (linear, logarithmic):
            axes.errorbar(
                [p.multiply_adds / 1e9 for p in line],
                [p.value for p in line],
                yerr=[
                    [max(0, p.value - p.interval[0]) for p in line],
                    [max(0, p.interval[1] - p.value) for p in line],
                ],
                marker="o",
                capsize=3,
                label=line[0].name,
            )
            for p in line:
                axes.annotate(
                    f"{p.views}",
                    (p.multiply_adds / 1e9, p.value),
                    textcoords="offset points",
                    xytext=(5, 4),
                    fontsize=8,
                )
    linear.set_xlim(left=0)
    logarithmic.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    logarithmic.xaxis.set_major_formatter("{x:g}")
    logarithmic.xaxis.set_minor_formatter(NullFormatter())
    for axes in (linear, logarithmic):
        axes.set_xlabel("G multiply-adds per video (at each point: its views)")
        axes.grid(alpha=0.3)
    linear.set_ylabel(", ".join(dict.fromkeys(p.unit for p in points)))
    figure.legend(
        *linear.get_legend_handles_labels(),
        fontsize=8,
        loc="outside lower center",
        ncols=3,
    )
    return image(figure, kind)


def image(figure: Figure, kind: str) -> bytes:
    """The file of a figure, without the time: the same figure, the same file.

    Args:
      figure: of matplotlib.
      kind: `svg`, `png` or `pdf`.
    """
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "d3d_tf"}):
        figure.savefig(buffer, format=kind, metadata=_timeless(kind))
    return buffer.getvalue()


def _timeless(kind: str) -> dict:
    return {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
