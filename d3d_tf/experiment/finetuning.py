"""The start of a fine-tuning: whose network it is, and what it began with."""

import dataclasses

from d3d_tf.config import Recipe
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.errors import UsageError
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.experiment.start import show_records, warn_of_no_test
from d3d_tf.models import architecture, training_fields
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.runs.warm_start import Initial
from d3d_tf.screen import say


def start_finetuning(
    recipe: Recipe, dataset: Dataset, run: Run, start: Run
) -> Experiment:
    """Starts the run of --mode=finetune.

    Args:
      recipe: with all sizes set, and the start's architecture.
      dataset: the records.
      run: the run folder.
      start: the run whose RGB network goes on.

    Raises:
      UsageError: the start has no such network, or the folder belongs to
        another recipe, data set or start.
      UserError: no video can be held out.
    """
    dataset = dataset.holding_out(recipe.train.held_out)
    initial = Initial([start], recipe, dataset.classes, (STUDENT,))
    run.start(
        recipe,
        dataset.classes,
        Origin(
            records=dataset.folder,
            flow=dataset.flow,
            dataset=dataset.info["digest"],
            weights={"init": initial.describe()},
            finetuned=True,
        ),
    )
    show_records(run, dataset)
    warn_of_no_test(dataset)
    before = start.recipe().data.frame_rate
    if before != recipe.data.frame_rate:
        say(
            f"warning: {start.folder} was trained at {before:g} frames per "
            f"second, these records have {recipe.data.frame_rate:g}: motions "
            "are faster or slower than it knows them."
        )
    initial.tell()
    experiment = Experiment(recipe, dataset, run, initial=initial)
    experiment.reopen_damaged()
    return experiment


def with_network_of(start: Run, recipe: Recipe) -> Recipe:
    """The recipe with the start's architecture, unless another was asked for.

    (`Initial` refuses what was asked for and does not fit.) Of features, it
    sees the frames that the start's student saw, unless others were asked for.

    Raises:
      UsageError: `finetune.freeze_to` is not one of its endpoints.
    """
    named = RECIPES.get(recipe.name)
    default = named.network if named else type(recipe.network)()
    theirs = start.recipe().network
    if theirs.model == recipe.network.model != default.model:
        # It is not of the recipe's family, and only its name is given.
        default = type(theirs)(model=theirs.model)
    if architecture(recipe.network) == architecture(default):
        fields = training_fields(theirs) | training_fields(recipe.network)
        mine = {key: fields[key] for key in training_fields(theirs)}
        network = dataclasses.replace(theirs, **mine)
        recipe = dataclasses.replace(recipe, network=network)
    if recipe.fewer_frames == FrameSamplingRecipe() and recipe.of_features:
        seen = start.recipe().fewer_frames
        recipe = dataclasses.replace(recipe, fewer_frames=seen)
    freeze_to, endpoints = recipe.finetune.freeze_to, recipe.network.endpoints
    if freeze_to not in (None, *endpoints):
        raise UsageError(
            "finetune.freeze_to must be null (train everything) or one of "
            f"{', '.join(endpoints)}; got {freeze_to!r}."
        )
    return recipe
