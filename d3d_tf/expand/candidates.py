"""A size as a recipe, and as a trained run with its accuracy."""

import dataclasses
import functools
from pathlib import Path

from d3d_tf.config import Recipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.errors import UsageError
from d3d_tf.evaluation.metrics import Metric
from d3d_tf.experiment.results_json import Table
from d3d_tf.experiment.stages import score, train_missing
from d3d_tf.experiment.start import start_training
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.expansion import Cost, Size, multiply_adds
from d3d_tf.roles import BASELINE
from d3d_tf.runs.folder import Run


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A network that was trained.

    Attributes:
      step: 0, the first one, or more.
      axis: along which it grew in this step; empty: the first, or contracted.
      size: of network and clip.
      multiply_adds: of a clip.
      entry: of results.json: value, n and ci95 of the measure.
      measure, metric: its name there, and how it is shown.
      run: its folder's name.
    """

    step: int
    axis: str
    size: Size
    multiply_adds: int
    entry: dict
    measure: str
    metric: Metric
    run: str


def first_size(recipe: Recipe) -> Size:
    """That of a recipe's network and clip.

    Raises:
      UsageError: the network is another, or has no blocks of X3D's.
    """
    network, clip = _x3d(recipe), recipe.clip
    if clip.sampling != "dense":
        raise UsageError("--mode=expand needs clip.sampling=dense.")
    width, depth, bottleneck, *_ = network.expansion
    return Size(
        *(clip.frames, float(clip.stride), clip.size),
        *(width, depth, bottleneck),
    )


def _x3d(recipe: Recipe) -> X3DRecipe:
    network = recipe.network
    if not isinstance(network, X3DRecipe):
        raise UsageError(
            f"--mode=expand grows an X3D; network.model is {network.model}. "
            "Try --set model=x3d_s."
        )
    if not (network.channelwise and network.squeeze_excite):
        raise UsageError(
            "--mode=expand counts the cost of X3D's own blocks; set "
            "network.channelwise and network.squeeze_excite to true."
        )
    return network


def cost_of(recipe: Recipe, dataset: Dataset) -> Cost:
    """Multiply-adds of a clip of a size, with the head of these classes."""
    return functools.partial(
        multiply_adds,
        classes=len(dataset.classes),
        hidden=_x3d(recipe).head_channels,
    )


def recipe_of(recipe: Recipe, size: Size, step: int) -> Recipe:
    """The recipe of a network of that size.

    Raises:
      UsageError: its clips do not fit into the videos.
    """
    options, train = recipe.expand, recipe.train
    small = step < options.small_until
    dropping = 0 < options.drop_connect_from <= step
    network = _x3d(recipe)
    sides, scaled = _short_sides(recipe, size)
    return dataclasses.replace(
        recipe,
        clip=dataclasses.replace(
            recipe.clip,
            frames=size.frames,
            stride=size.whole_stride,
            size=size.size,
            short_sides=sides,
        ),
        evaluation=dataclasses.replace(
            recipe.evaluation, scaled_short_side=scaled
        ),
        network=dataclasses.replace(
            network,
            width_factor=size.width,
            depth_factor=size.depth,
            bottleneck_factor=size.bottleneck,
            head_frames=size.frames,
            head_size=size.size,
            drop_connect=0.1 if dropping else network.drop_connect,
            batch_norm_clips=network.batch_norm_clips * (2 if small else 1),
        ),
        train=dataclasses.replace(
            train,
            stream="rgb",
            # Half the epochs in steps of twice the clips.
            steps=max(1, train.steps // 4) if small else train.steps,
            warmup_steps=train.warmup_steps // (4 if small else 1),
            batch_size=train.batch_size * (2 if small else 1),
            learning_rate=train.learning_rate * (2 if small else 1),
        ),
    )


def _short_sides(
    recipe: Recipe, size: Size
) -> tuple[tuple[int, int] | None, int]:
    """The first network's in training and tests, in proportion to its size."""

    def grown(side: int) -> int:
        return round(side * size.size / recipe.clip.size)

    sides = recipe.clip.short_sides
    if sides is not None:
        sides = grown(sides[0]), grown(sides[1])
    return sides, grown(recipe.evaluation.scaled_short_side)


def measured(
    recipe: Recipe, dataset: Dataset, size: Size, step: int, axis: str, at: Path
) -> Candidate:
    """Trains and scores a network, if that is not done yet.

    Args:
      recipe: of the expansion.
      dataset: the records; the accuracy is that of their hardest test split,
        or of the training videos where there is none.
      size: of the network.
      step, axis: see `Candidate`.
      at: its run folder.

    Raises:
      UserError: see `start_training` and `train_missing`.
    """
    own = recipe_of(recipe, size, step)
    experiment = start_training(own, dataset, Run(at), rows=(BASELINE,))
    table = Table(experiment)
    train_missing(experiment, BASELINE)
    row = score(experiment, BASELINE)
    table.add(row)
    experiment.forget(BASELINE)
    split = (dataset.test_splits or ["train"])[-1]
    scores = row.scores[split]
    headline = scores.headline()
    return Candidate(
        step=step,
        axis=axis,
        size=size,
        multiply_adds=cost_of(recipe, dataset)(size),
        entry=scores.metrics()[headline],
        measure=headline,
        metric=scores.measures[headline],
        run=at.name,
    )
