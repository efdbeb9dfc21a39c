"""A TensorFlow 1 checkpoint: which of these networks it is, and its values."""

from typing import Any

from d3d_tf.models.inception.architecture import HEAD_NAMES
from d3d_tf.models.inception.checkpoints import checkpoint_names, infer_recipe
from d3d_tf.models.inception.checkpoints.assign import fill
from d3d_tf.models.inception.checkpoints.tf1_checkpoint import open_checkpoint
from d3d_tf.models.inception.checkpoints.variable_names import by_name
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.original import Filled

# DeepMind's README; TF-Slim's own is the recipe's default.
_DROPOUT = {"deepmind": 0.5}
# What a network of pictures does not say.
_OF_TIME = (
    "model",
    "first_temporal_kernel",
    "temporal_conv_start_at",
    "gating_start_at",
)


class TF1Original:
    """See `d3d_tf.models.original.Original`.

    Args:
      path: of the checkpoint.
      scope: which network of a file that holds several; None: the only one.
      averages: take moving averages of weights where there are any.
      stated: fields of the recipe that the user stated.

    Raises:
      UserError: it cannot be read, or is no network of this family.
    """

    trained_by = None

    def __init__(
        self, path, *, scope: str | None, averages: bool, stated: dict
    ):
        self._checkpoint = open_checkpoint(path)
        self._contents = checkpoint_names.recognise(
            self._checkpoint.shapes, scope=scope, averages=averages
        )
        shapes = {
            name: self._checkpoint.shapes[theirs]
            for name, theirs in self._contents.names.items()
        }
        self.path = self._checkpoint.prefix
        self.kind = self._contents.family
        self.title = checkpoint_names.FAMILIES[self.kind]
        flat = self.kind == "slim2d"
        self.free = _OF_TIME if flat else ()
        fields: dict = infer_recipe.read_width(shapes)
        self.stream = infer_recipe.read_stream(shapes)
        if flat:
            fields["model"] = "i3d"
        else:
            fields |= infer_recipe.read_time(shapes, stated)
        if self.kind in _DROPOUT:
            fields["dropout"] = _DROPOUT[self.kind]
        self.network = InceptionRecipe(**fields)
        self.num_classes = (
            None if flat else infer_recipe.read_num_classes(shapes)
        )

    def digests(self) -> dict[str, dict]:
        return self._checkpoint.digests()

    def fill(self, network) -> Filled:
        return fill(network, self._checkpoint, self._contents)

    def variables(self, network) -> dict[str, Any]:
        names = by_name(network)
        if self.num_classes is None:
            names = {k: v for k, v in names.items() if k not in HEAD_NAMES}
        return names
