"""Named experiments. Each number says where it is from."""

from d3d_tf.recipes.ava import AVA
from d3d_tf.recipes.d3d import (
    ABLATIONS,
    KINETICS,
    LEARNED_FLOW,
    PROBE,
    TRANSFERS,
)
from d3d_tf.recipes.ours import (
    JHMDB,
    OWN_VIDEOS,
    TOY,
    TOY_AVA,
    TOY_AVA_RPN,
    TOY_HEADINGS,
)
from d3d_tf.recipes.resnet import RESNET
from d3d_tf.recipes.x3d import CHARADES, EXPANSION, X3D
from d3d_tf.recipes.youtube8m import YOUTUBE8M

__all__ = ["OWN_VIDEOS", "RECIPES", "TOY"]

RECIPES = {
    recipe.name: recipe
    for recipe in (
        *(TOY, TOY_HEADINGS, TOY_AVA, TOY_AVA_RPN, OWN_VIDEOS),
        *(*JHMDB, *KINETICS, PROBE, *ABLATIONS, LEARNED_FLOW),
        *(*X3D, CHARADES, EXPANSION, *TRANSFERS, *AVA),
        *(*RESNET, *YOUTUBE8M),
    )
}
