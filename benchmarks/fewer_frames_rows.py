"""The rows of `make fewer-frames`: a recipe, and a network of its run."""

import dataclasses

from benchmarks.fewer_frames_page import ALL, ENSEMBLE, LOSSES
from d3d_tf.config import Recipe
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.config.network import TermRecipe
from d3d_tf.models.vlad_mixture.config import MixtureRecipe
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import BASELINE, STUDENT, TEACHER


def recipe_of(row: str, seed: int) -> tuple[Recipe, str]:
    """What trains a row's network, and which network of a run that is."""
    recipe = dataclasses.replace(RECIPES["toy_features"], seed=seed)
    if row == ALL:
        every = FrameSamplingRecipe()
        return dataclasses.replace(recipe, fewer_frames=every), TEACHER
    if row.startswith(ENSEMBLE):
        return _ensemble(recipe, row)
    name, _, k = row.partition(", k = ")
    fewer = dataclasses.replace(recipe.fewer_frames, k=int(k))
    recipe = dataclasses.replace(recipe, fewer_frames=fewer)
    if name == "uniform":
        return recipe, BASELINE
    *wanted, labels = LOSSES[name]
    terms = zip(recipe.distill.terms, wanted, strict=True)
    distill = dataclasses.replace(
        recipe.distill,
        terms=tuple(term for term, there in terms if there),
        label_weight=float(labels),
        # L_rep alone does not reach the classifier.
        copy_head=wanted == [True, False] and not labels,
    )
    return dataclasses.replace(recipe, distill=distill), STUDENT


def _ensemble(recipe: Recipe, row: str) -> tuple[Recipe, str]:
    """A mixture of three; as the recipe `mixture3_yt8m_2017_student_k30`.

    NeXtVLADs of a network's size on the toy, without expansion, for time.
    """
    own = recipe.network
    network = MixtureRecipe(
        clusters=own.clusters,
        hidden=own.hidden,
        dropout=own.dropout,
        batch_norm_momentum=own.batch_norm_momentum,
        expansion=1,
    )
    encoding, _ = recipe.distill.terms
    soft = TermRecipe("branches", "soft_targets", 9.0)
    distill = dataclasses.replace(recipe.distill, terms=(encoding, soft))
    name, _, k = row.removeprefix(ENSEMBLE).partition(", k = ")
    fewer = FrameSamplingRecipe()
    if k:
        fewer = dataclasses.replace(recipe.fewer_frames, k=int(k))
    role = {"teacher": TEACHER, "uniform": BASELINE, "student": STUDENT}[name]
    recipe = dataclasses.replace(
        recipe, network=network, distill=distill, fewer_frames=fewer
    )
    return recipe, role


def teacher_of(row: str) -> str:
    """The row of the network that a student's row learns from."""
    return f"{ENSEMBLE}{ALL}" if row.startswith(ENSEMBLE) else ALL


def without_teacher(row: str) -> str | None:
    """The row of the same frames that a student's row is compared with."""
    name, _, k = row.partition(", k = ")
    if not k or name.endswith("uniform"):
        return None
    start = ENSEMBLE if row.startswith(ENSEMBLE) else ""
    return f"{start}uniform, k = {k}"
