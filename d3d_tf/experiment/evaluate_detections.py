"""Frame-mAP of anybody's files; no network and no video is needed."""

import json
import os
from pathlib import Path

from d3d_tf.atomic_files import write_atomically
from d3d_tf.detection.actions import ava_actions, read_label_map
from d3d_tf.detection.frame_map import match
from d3d_tf.detection.results import lines_of, results_of
from d3d_tf.detection.rows import read_keyframes, read_rows
from d3d_tf.detection.settings import DetectionRecipe
from d3d_tf.disk import require_folder
from d3d_tf.file_digests import digest_file
from d3d_tf.screen import say


def evaluate_detections(
    truth: str, detections: str, rules: DetectionRecipe, out: str | None
) -> dict:
    """Scores a file of detections, and shows what came of it.

    Args:
      truth: CSV file of true boxes, as AVA publishes it.
      detections: CSV file of boxes with an action and a score.
      rules: by which they are scored.
      out: `.json` for the results; beside it goes a figure, `.svg`.

    Returns:
      The results, see `results_of`.

    Raises:
      UsageError: `out` is in no folder that may be written.
      UserError: a file cannot be read, or has a row that is none.
    """
    if out:
        require_folder("--out", Path(out).parent, os.W_OK)
    actions = ava_actions()
    if rules.label_map:
        actions = read_label_map(rules.label_map)
    excluded = read_keyframes(rules.excluded) if rules.excluded else set()
    matches = match(
        read_rows(truth), read_rows(detections), actions, excluded, rules
    )
    named = (truth, detections, rules.label_map, rules.excluded)
    files = {path: digest_file(Path(path))["sha256"] for path in named if path}
    results = results_of(matches, actions, rules, files)
    for line in lines_of(results):
        say(line)
    if out:
        from d3d_tf.report.ap_figure import draw_ap

        Path(out).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, json.dumps(results, indent=1) + "\n")
        figure = Path(out).with_suffix(".svg")
        write_atomically(figure, draw_ap(results, "svg"))
        say(f"results: {out}, {figure}")
    return results
