"""A figure of the average precision of every action."""

from matplotlib.figure import Figure

from d3d_tf.report.cost_figure import image


def draw_ap(results: dict, kind: str) -> bytes:
    """A bar per action, the best first, coloured by its kind.

    Args:
      results: from `detection.results_of`.
      kind: `svg`, `png` or `pdf`.
    """
    rows = [row for row in results["actions"] if row["ap"] is not None]
    rows.sort(key=lambda row: row["ap"])
    figure = Figure(figsize=(8, 1.5 + 0.2 * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = range(len(rows))
    for group in dict.fromkeys(row["group"] for row in rows[::-1]):
        own = [i for i in places if rows[i]["group"] == group]
        axes.barh(
            own,
            [100 * rows[i]["ap"] for i in own],
            label=group or "other actions",
        )
    axes.set_yticks(
        places,
        [f"{row['name']} ({row['truths']:,})" for row in rows],
        fontsize=7,
    )
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(0, 100)
    axes.set_xlabel(
        f"average precision at IoU {results['rules']['iou']}, % "
        "(in brackets: true boxes)"
    )
    value = results["frame_map"]
    if value is not None:
        axes.axvline(100 * value, color="black", linewidth=1)
        title = f"frame-mAP {100 * value:.2f} %"
        axes.set_title(title + (" (oracle boxes)" if results["oracle"] else ""))
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    return image(figure, kind)
