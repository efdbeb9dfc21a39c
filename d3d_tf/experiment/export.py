"""Publishes the student of a run."""

from pathlib import Path

from d3d_tf.atomic_files import is_literal, resolved
from d3d_tf.config import ExportRecipe, Recipe, digest, to_dict
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.agreement_clips import samples
from d3d_tf.experiment.agreement_features import compare_with_pipeline
from d3d_tf.experiment.agreement_keyframes import keyframe_samples
from d3d_tf.hub_export.detection.export import export_detector
from d3d_tf.hub_export.export import export_module
from d3d_tf.hub_export.features.export import export_features
from d3d_tf.hub_export.video_agreement import compare_ways
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.tasks import DETECTION, task_of


def export_run(
    run: Run, network, recipe: Recipe | None = None, role: str = STUDENT
) -> Path:
    """Exports a run's network; returns the version folder.

    Classification goes to the run's `export/`; another kind, whose versions
    are another thing to serve, to a folder of its own in there.

    Args:
      run: the run.
      network: its RGB network, or one of features.
      recipe: the run's own, maybe with another section `export`.
      role: of a network of features, whose frames depend on it.
    """
    recipe = recipe or run.recipe()
    if recipe.of_features:
        module = _of_features(run, network, recipe, role)
    else:
        export = _detector if recipe.task == DETECTION else _classifier
        module = export(run, network, recipe)
    if not is_literal(resolved(module)):
        say(
            f"warning: TensorFlow itself may not find {module}: it takes [, ], "
            "*, ? and \\ in a path for a pattern. Copy the module to another "
            "folder for hub.KerasLayer and TensorFlow Serving."
        )
    return module


def _classifier(run: Run, network, recipe: Recipe) -> Path:
    kind, endpoint = recipe.export.kind, recipe.export.endpoint
    folder = run.export_path
    classifies = kind == "classification"
    if not classifies:
        folder /= f"{kind}-{endpoint}" if endpoint else kind
    return export_module(
        network,
        folder,
        labels=run.labels(),
        frames=recipe.clip.frames,
        size=recipe.clip.size,
        short_side=recipe.shown_short_side,
        kind=kind,
        endpoint=endpoint,
        task=recipe.task,
        info=_description(run, recipe),
        compare=(
            (lambda module: _on_videos(module, run, recipe))
            if classifies
            else None
        ),
    )


def _detector(run: Run, network, recipe: Recipe) -> Path:
    """Of clips as they are scored.

    Raises:
      UsageError: another kind of module is asked for.
    """
    _require_usual_kind(
        run,
        recipe,
        "a detector",
        " Features of its backbone are those of the run that it started from.",
    )
    clip = recipe.evaluation.clip_of(recipe.clip)
    return export_detector(
        network,
        run.export_path,
        labels=run.labels(),
        frames=clip.frames,
        short_side=recipe.shown_short_side,
        info=_description(run, recipe),
        compare=lambda module: _on_videos(module, run, recipe),
    )


def _of_features(run: Run, network, recipe: Recipe, role: str) -> Path:
    """Of a network that is given all frames, whatever it sees of them.

    Raises:
      UsageError: another kind of module is asked for.
    """
    _require_usual_kind(run, recipe, "of a network of features")
    dataset = _records(run, recipe)
    means, made = False, None
    if isinstance(dataset, Dataset):
        made = dataset.info.get("extraction")
        means = dataset.info["features"]["video_level"]
    sampling = recipe.frames_of(role)

    def compare(module) -> dict:
        if not isinstance(dataset, Dataset):
            return {"note": dataset, "ways": {}}
        try:
            return compare_with_pipeline(
                module, network, dataset, recipe, sampling
            )
        except UserError as error:  # The files are gone, or damaged.
            return {"note": f"none: {error}".rstrip("."), "ways": {}}

    return export_features(
        network,
        run.export_path,
        labels=run.labels(),
        sampling=sampling,
        longest=1 if means else MAX_FRAMES,
        info=_origin(run, recipe)
        | {
            "network": to_dict(recipe.network_of(role)),
            # What made the features, if --mode=prepare did.
            "extraction": made,
        },
        compare=compare,
    )


def _require_usual_kind(
    run: Run, recipe: Recipe, what: str, more: str = ""
) -> None:
    kind, usual = recipe.export.kind, ExportRecipe().kind
    if kind != usual:
        raise UsageError(
            f"{run.folder} is {what}, whose module has no export.kind {kind}; "
            f"leave it at {usual}.{more}"
        )


def _origin(run: Run, recipe: Recipe) -> dict:
    """Entries of module.json: what the network is, and how it was made."""
    results = run.read_results()
    return {
        "recipe": recipe.name,
        "recipe_hash": digest(run.recipe()),
        # With it --mode=finetune builds the network again.
        "network": to_dict(recipe.network),
        "task": recipe.task,
        "weights": run.weights(),
        "dataset": results.get("dataset"),
        "protocol": results.get("protocol"),
        "metrics": results.get("metrics", {}),
    }


def _description(run: Run, recipe: Recipe) -> dict:
    """As `_origin`, and how videos become clips."""
    origin = run.origin()
    return _origin(run, recipe) | {
        # Of the frames that are seen; with segments, of the video.
        "frame_rate": recipe.data.frame_rate / recipe.clip.stride,
        "video_frame_rate": recipe.data.frame_rate,
        "stride": recipe.clip.stride,
        "sampling": recipe.clip.sampling,
        "square_pixels": recipe.data.square_pixels,
        "flow": origin["flow"],
        "flow_recipe": digest(origin["flow"]),
        "flow_mismatch": origin["flow_mismatch"],
    }


def _on_videos(module, run: Run, recipe: Recipe) -> dict:
    """How the module's ways agree on videos of the run's records."""
    dataset = _records(run, recipe)
    if isinstance(dataset, str):
        return {"note": dataset, "ways": {}}
    split = (dataset.test_splits or ["train"])[-1]
    clips, which = samples, "centre clips"
    if recipe.task == DETECTION:
        clips, which = keyframe_samples, "keyframes with their true boxes"
        if recipe.detector.rpn:
            which = "keyframes"
    return {
        "note": f"{which} of {split} of {dataset.info['name']}",
        "ways": compare_ways(
            module, clips(dataset, recipe), task_of(recipe.task).agreement
        ),
    }


def _records(run: Run, recipe: Recipe) -> Dataset | str:
    """Those that the run was trained on; or why nothing is compared."""
    records = run.origin()["records"]
    if not records:
        return "none, the run was not trained on records"
    try:
        dataset = open_dataset(records).for_task(recipe.task)
    except UserError:
        return f"none, {records} is no longer there"
    if dataset.info.get("foreign"):
        return "none, the records are another tool's"
    return dataset
