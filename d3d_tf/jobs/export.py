"""Publishes the student of a run."""

import dataclasses
from pathlib import Path

from d3d_tf.config import digest
from d3d_tf.hub_export.export import export_module
from d3d_tf.runs import Run


def export_run(run: Run, network) -> Path:
    """Exports a run's network to its `export/`; returns the version folder."""
    recipe = run.recipe()
    results = run.read_results()
    return export_module(
        network,
        run.export_path,
        labels=run.labels(),
        frames=recipe.clip.frames,
        size=recipe.clip.size,
        info={
            "recipe": recipe.name,
            "recipe_hash": digest(recipe),
            # With it --mode=finetune builds the network again.
            "network": dataclasses.asdict(recipe.network),
            "frame_rate": recipe.data.frame_rate,
            "short_side": recipe.data.short_side,
            "flow": run.origin()["flow"],
            "flow_recipe": digest(run.origin()["flow"]),
            "flow_mismatch": run.origin()["flow_mismatch"],
            "weights": run.weights(),
            "metrics": results.get("metrics", {}),
        },
    )
