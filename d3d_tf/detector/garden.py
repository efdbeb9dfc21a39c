"""The networks of the RPN, of TensorFlow Model Garden's parts.

(Models of `official.vision`, 2.15; the newest TensorFlow has none of them, so
they are imported late.)
"""

from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.layers.weight_decay import WeightDecay

# As in Model Garden's Faster R-CNN.
_EPSILON = 1e-4
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


class Parts(NamedTuple):
    """The networks, with their variables.

    Attributes:
      resnet: a square `[batch, side, side, 3]` to features by level; without
        the layers that no level needs.
      decoder: these to those of the pyramid; None: they are taken as they are.
      head: features by level to `(scores, offsets)` by level.
      whole: a square to what `head` says.
    """

    resnet: Any
    decoder: Any
    head: Any
    whole: Any


def make_parts(recipe: PersonsRecipe) -> Parts:
    """New networks; batch normalisation is over the global batch."""
    from official.vision.modeling.decoders.fpn import FPN
    from official.vision.modeling.heads import dense_prediction_heads

    common = _common(recipe)
    resnet = _resnet(recipe)
    features = resnet.output
    decoder = None
    if recipe.decoder == "fpn":
        decoder = FPN(
            {level: value.shape for level, value in features.items()},
            recipe.min_level,
            recipe.max_level,
            recipe.filters,
            **common,
        )
        features = decoder(features)
    head = dense_prediction_heads.RPNHead(
        recipe.levels[0],
        recipe.levels[-1],
        len(recipe.anchor_sizes) * len(recipe.ratios),
        num_filters=recipe.filters,
        **common,
    )
    whole = keras.Model(resnet.input, head(features))
    return Parts(resnet, decoder, head, whole)


def read_checkpoint(parts: Parts, recipe: PersonsRecipe) -> None:
    """Fills the networks from `recipe.checkpoint`, as far as that has them.

    Raises:
      UserError: it cannot be read, is of other networks, or has no RPN though
        `recipe.frozen` wants one.
    """
    path = str(recipe.checkpoint)
    whole = _whole_resnet(recipe)
    items = {"backbone": whole}
    names = _names_in(path)
    heads = {"decoder": parts.decoder, "rpn_head": parts.head}
    heads = {name: part for name, part in heads.items() if part is not None}
    lacking = [name for name in heads if name not in names]
    if "backbone" not in names or (recipe.frozen and lacking):
        needed = ", ".join(["backbone", *(heads if recipe.frozen else ())])
        raise UserError(
            f"persons.checkpoint={path} has {', '.join(sorted(names))}; the "
            f"RPN needs {needed}: give a checkpoint of Model Garden that has "
            "them" + (", or persons.frozen=false." if recipe.frozen else ".")
        )
    if not lacking:
        items |= heads
    try:
        state = tf.train.Checkpoint(**items).read(path)
        state.expect_partial().assert_existing_objects_matched()
    except (AssertionError, ValueError, tf.errors.OpError) as error:
        text = " ".join(str(error).split())[:300]
        raise UserError(
            f"persons.checkpoint={path} is of another network than "
            f"persons.depth={recipe.depth}, persons.decoder={recipe.decoder} "
            f"and the other settings of `persons` make: {text}"
        ) from error
    parts.resnet.set_weights(_up_to(whole, recipe).get_weights())


def _names_in(path: str) -> set[str]:
    """What a checkpoint was made of, such as `backbone`."""
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    try:
        content = tf.train.load_checkpoint(path).get_tensor(_GRAPH)
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        hint = ""
        if Path(path).is_dir():
            hint = " A folder is meant to have a file `checkpoint`."
        raise UserError(
            f"persons.checkpoint={path} is not a checkpoint of "
            "tf.train.Checkpoint: give its path without .index or .data." + hint
        ) from error
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(content)
    return {child.local_name for child in graph.nodes[0].children}


def _common(recipe: PersonsRecipe) -> dict[str, Any]:
    decay = recipe.weight_decay
    return {
        "use_sync_bn": True,
        "norm_momentum": recipe.batch_norm_momentum,
        "norm_epsilon": _EPSILON,
        "kernel_regularizer": WeightDecay(decay) if decay else None,
    }


def _whole_resnet(recipe: PersonsRecipe):
    from official.vision.modeling.backbones.resnet import ResNet

    square = [None, recipe.side, recipe.side, 3]
    specs = keras.layers.InputSpec(shape=square)
    return ResNet(recipe.depth, specs, **_common(recipe))


def _up_to(whole, recipe: PersonsRecipe):
    """Without what is behind the last level that is needed."""
    levels = [str(level) for level in recipe.levels if level <= 5]
    return keras.Model(whole.input, {k: whole.output[k] for k in levels})


def _resnet(recipe: PersonsRecipe):
    return _up_to(_whole_resnet(recipe), recipe)
