"""A network goes on with other videos, from labels alone (D3D, section 5.4)."""

import dataclasses

from d3d_tf.config import Recipe
from d3d_tf.data.summary import describe
from d3d_tf.experiment.export import export_run
from d3d_tf.experiment.results_json import write_table
from d3d_tf.experiment.stages import Experiment
from d3d_tf.models import architecture
from d3d_tf.recipes import RECIPES
from d3d_tf.report.write import write_report
from d3d_tf.roles import BASELINE, STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.runs.warm_start import Initial
from d3d_tf.screen import log_to, say
from d3d_tf.tfrecords.ensure import ensure_records


def finetune(
    recipe: Recipe,
    *,
    data: str | None,
    records_dir: str,
    run: Run,
    start: Run,
) -> None:
    """Records, one network, its row, export and report.

    The network is called `student` in the run folder and in results.json, so
    that the other modes find it. Flow is neither needed nor looked at.

    Args:
      recipe: what to do; of its network only what architecture and shapes of
        the start leave open (dropout, weight decay, ...) is used.
      data: videos or records; None: the toy's.
      records_dir: where records live.
      run: the run folder.
      start: the run whose RGB network goes on.

    Raises:
      UserError: the start has no such network, or nothing usable is in `data`.
    """
    recipe = with_network_of(start, recipe)
    recipe, dataset = ensure_records(recipe, data, records_dir)
    initial = Initial(
        [start],
        recipe,
        dataset.classes,
        (STUDENT,),
        giver=BASELINE if recipe.finetune.start == BASELINE else None,
    )
    run.start(
        recipe,
        dataset.classes,
        records=dataset.folder,
        flow=dataset.flow,
        dataset=dataset.info["digest"],
        weights={"init": initial.describe()},
        finetuned=True,
    )
    log_to(run.folder / "log.txt")
    say(describe(dataset))
    if not dataset.test_splits:
        say("warning: no video was held out; scores are on training videos.")
    before = start.recipe().data.frame_rate
    if before != recipe.data.frame_rate:
        say(
            f"warning: {start.folder} was trained at {before:g} frames per "
            f"second, these records have {recipe.data.frame_rate:g}: motions "
            "are faster or slower than it knows them."
        )
    initial.tell()
    experiment = Experiment(
        recipe, dataset, run, initial=initial, distilled=False
    )
    experiment.reopen_damaged()
    write_table(experiment, (STUDENT,))
    say(f"module: {export_run(run, experiment.network(STUDENT))}")
    say(f"report: {write_report(run, dataset)}")


def with_network_of(start: Run, recipe: Recipe) -> Recipe:
    """The recipe with the start's architecture, unless another was asked for.

    (`Initial` refuses what was asked for and does not fit.)
    """
    named = RECIPES.get(recipe.name)
    default = named.network if named else type(recipe.network)()
    if architecture(recipe.network) != architecture(default):
        return recipe
    theirs = start.recipe().network
    network = dataclasses.replace(
        recipe.network,
        head_pooling=theirs.head_pooling,
        **architecture(theirs),
    )
    return dataclasses.replace(recipe, network=network)
