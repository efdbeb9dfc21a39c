"""What a recipe of features may not say, and one of videos not of features."""

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.sections import require
from d3d_tf.tasks import YOUTUBE8M


def require_features(recipe) -> None:
    """Refuses a `Recipe` that mixes them; called by its validator.

    Raises:
      PydanticCustomError: it does; the recipe's own error names the key.
    """
    models = [recipe.network, recipe.teacher or recipe.network]
    looks = ["features" in network.streams for network in models]
    require(
        all(looks) if recipe.of_features else not any(looks),
        recipe,
        "network.model",
        f"one that looks at features with task={YOUTUBE8M} (nextvlad, "
        "hrnn, ...; teacher.model too), and at videos with other tasks",
    )
    if recipe.toy:
        require(
            (recipe.toy.motions == "topics") == recipe.of_features,
            recipe,
            "toy.motions",
            f"topics with task={YOUTUBE8M}, and only then",
        )
    if not recipe.of_features:
        require(
            recipe.fewer_frames == FrameSamplingRecipe(),
            recipe,
            "fewer_frames.way",
            f"left alone with ~task={recipe.task}: of videos, ~clip says "
            "which frames are seen",
        )
        return
    views, distill = recipe.evaluation, recipe.distill
    for field, name in (
        (views.clips * views.crops == 1, "evaluation.clips"),
        (not views.precise_batch_norm, "evaluation.precise_batch_norm"),
        (not distill.cached_views, "distill.cached_views"),
        (not distill.flow_weight, "distill.flow_weight"),
    ):
        require(field, recipe, name, f"left alone with ~task={YOUTUBE8M}")
