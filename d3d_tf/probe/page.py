"""The page of a probe: what is decoded beside what is true (figures 3, 4)."""

import dataclasses
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import FLOW_SCALE
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.pixels import SYMMETRIC
from d3d_tf.probe.scoring import SHOWN
from d3d_tf.probe.table import Entry
from d3d_tf.report.page import render
from d3d_tf.report.pictures import (
    endpoint_lines,
    flow_to_rgb,
    flow_wheel,
    still_picture,
)


def write_page(
    path: Path,
    results: dict,
    entries: dict[str, list[Entry]],
    dataset: Dataset,
    clip: ClipRecipe,
) -> Path:
    """Writes the page and returns its path.

    Args:
      path: of the page.
      results: the content of probe.json.
      entries: by split; the videos shown are those of the last one.
      dataset: the records.
      clip: what the networks were shown.
    """
    split = list(entries)[-1]
    first = entries[split][0].endpoint
    shown = [entry for entry in entries[split] if entry.endpoint == first]
    page = render(
        "probe.html",
        results=results,
        lines={
            name: endpoint_lines(_lines(rows))
            for name, rows in results["splits"].items()
            if len({row["endpoint"] for row in rows}) > 1
        },
        endpoint=first,
        split=split,
        videos=_videos(shown, dataset, split, clip),
        wheel=still_picture(flow_wheel()),
    )
    write_atomically(path, page)
    return path


def _lines(rows: list[dict]) -> dict[str, dict[str, dict]]:
    """`{network: {endpoint: epe}}`, as figure 3 draws it."""
    found: dict[str, dict[str, dict]] = {}
    for row in rows:
        found.setdefault(row["title"], {})[row["endpoint"]] = row["epe"]
    return found


def _videos(
    entries: list[Entry], dataset: Dataset, split: str, clip: ClipRecipe
) -> list[dict]:
    """Per video: its middle frame, its flow, and what each network knows."""
    data = make_dataset(
        dataset,
        split,
        dataclasses.replace(clip, flip=False),
        batch_size=1,
        training=False,
        streams=("frames", "flow", "id"),
    )
    videos = []
    middle = int(entries[0].errors[0].frame)
    for number, (inputs, _) in enumerate(data.take(SHOWN)):
        true = FLOW_SCALE * inputs["flow"][0, middle].numpy()
        decoded = {e.title: e.errors[0].shown[number] for e in entries}
        flows = {"stored flow": true} | decoded
        full = max(float(np.linalg.norm(true, axis=-1).max()), 0.1)
        frame = SYMMETRIC.to_bytes(inputs["frames"][0, middle])
        figures = [("frame", frame)]
        figures += [
            (title, flow_to_rgb(flow, full)) for title, flow in flows.items()
        ]
        videos.append(
            {
                "id": inputs["id"][0].numpy().decode(),
                "full": full,
                "figures": [
                    {"title": title, "picture": still_picture(pixels)}
                    for title, pixels in figures
                ],
            }
        )
    return videos
