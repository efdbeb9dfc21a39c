"""What `d3d_tf.models` asks of this family."""

from d3d_tf.models.nextvlad import family as branch
from d3d_tf.models.vlad_mixture.config import BRANCHES, MixtureRecipe
from d3d_tf.models.vlad_mixture.network import build

__all__ = ["HEAD_NAMES", "TRAINING", "architecture", "build"]

# As the authors' checkpoints name them.
HEAD_NAMES = tuple(
    f"branch_{i}/{name}" for i in range(BRANCHES) for name in branch.HEAD_NAMES
)
# The mean that the gate looks at counts padding, or not, in inference, too.
TRAINING = tuple(name for name in branch.TRAINING if name != "count_padding")


def architecture(recipe: MixtureRecipe) -> dict:
    """The fields that decide a network's variables, and what they do."""
    padding = {"count_padding": recipe.count_padding}
    return branch.architecture(recipe) | padding
