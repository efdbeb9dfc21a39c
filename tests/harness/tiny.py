"""One tiny recipe for each family of `d3d_tf.models`."""

import dataclasses

from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.vlad_mixture.config import MixtureRecipe
from d3d_tf.models.x3d.config import X3DRecipe
from tests.harness.family import Case

# All that Inception has but blocks side by side: a separable unit with a gate,
# poolings, strides of 2 in time and space.
INCEPTION = Case(
    InceptionRecipe(
        dropout=0.0,
        depth_multiplier=1 / 64,
        min_depth=3,
        batch_norm_momentum=0.5,
        final_endpoint="MaxPool_3a_3x3",
    ),
    sizes=((3, 17, 20), (1, 1, 1), (9, 40, 24), (4, 15, 33)),
    trained={"final_endpoint": "Conv2d_2b_1x1"},
    freeze_to="MaxPool_2a_3x3",
    others={
        "depth_multiplier": 1 / 4,
        "min_depth": 4,
        "first_temporal_kernel": 5,
        "temporal_conv_start_at": None,
        "gating_start_at": "MaxPool_3a_3x3",
        "final_endpoint": "Mixed_3b",
        "head_pooling": "global",
    },
)
# Flow from the first layers of such a network, and another one on it.
LEARNED_FLOW = Case(
    LearnedFlowRecipe(
        dropout=0.0,
        depth_multiplier=1 / 64,
        min_depth=3,
        batch_norm_momentum=0.5,
        final_endpoint="MaxPool_3a_3x3",
        flow_endpoint="MaxPool_3a_3x3",
    ),
    sizes=((3, 17, 20), (1, 1, 1), (9, 40, 24), (4, 15, 33)),
    trained={
        "final_endpoint": "Conv2d_2b_1x1",
        "flow_endpoint": "Conv2d_1a_7x7",
    },
    freeze_to="MaxPool_2a_3x3",
    others=INCEPTION.others | {"flow_endpoint": "Conv2d_1a_7x7"},
    streams=("frames",),
)
# A block in each stage but res3, which has two: squeeze-excite and none.
X3D = Case(
    X3DRecipe(
        width_factor=0.5,
        depth_factor=0.6,
        bottleneck_factor=0.75,
        head_channels=12,
        head_frames=3,
        head_size=33,
        dropout=0.0,
        batch_norm_momentum=0.5,
    ),
    sizes=((3, 17, 20), (1, 1, 1), (5, 70, 24), (2, 65, 97)),
    trained={"depth_factor": 0.2},
    freeze_to="res3",
    others={
        "model": "x3d_xl",
        "width_factor": 1.0,
        "depth_factor": 0.2,
        "bottleneck_factor": 1.5,
        "head_channels": 16,
        "head_frames": 2,
        "head_size": 64,
        "channelwise": False,
        "squeeze_excite": False,
        "swish": False,
        "shortcut": "pytorchvideo",
        "batch_norm_epsilon": 1e-3,
    },
)
# Basic blocks, with and without a convolution in the shortcut, shifted; 8
# channels, of which one comes from the next frame.
RESNET = Case(
    ResNetRecipe(
        model="tsm_r18",
        width_factor=1 / 16,
        dropout=0.0,
        batch_norm_momentum=0.5,
    ),
    sizes=((3, 33, 40), (1, 1, 1), (5, 70, 24), (2, 65, 97)),
    freeze_to="layer2",
    others={"model": "tsn_r34", "width_factor": 1 / 8, "shift_div": 2}
    | {"normaliser": "dnr", "batch_norm_epsilon": 1e-3},
)
# Both relays, the second over two groups of frames or more; unshifted.
RESNET_DNR = dataclasses.replace(
    RESNET,
    recipe=dataclasses.replace(
        RESNET.recipe, model="tsn_r18", normaliser="dnr", frames_per_group=2
    ),
    others={
        "model": "tsn_r50",
        "normaliser": "batch_norm",
        "statistics": "instance",
        "frames_per_group": 4,
        "bidirectional": True,
        "reduction": 2,
        "interlace": "after_conv1",
    },
)
# The same in blocks side by side, and in X3D's.
INCEPTION_DNR = dataclasses.replace(
    INCEPTION,
    recipe=dataclasses.replace(
        INCEPTION.recipe,
        final_endpoint="Mixed_3b",
        normaliser="dnr",
        frames_per_group=2,
    ),
    trained={},
)
X3D_DNR = dataclasses.replace(
    X3D,
    recipe=dataclasses.replace(
        X3D.recipe, normaliser="dnr", frames_per_group=2
    ),
)
# Two groups of the picture's features, one of the sound's.
NEXTVLAD = Case(
    NeXtVLADRecipe(
        groups=2,
        clusters=4,
        expansion=1,
        hidden=8,
        reduction=2,
        dropout=0.0,
        batch_norm_momentum=0.5,
    ),
    sizes=((5,), (1,), (30,)),
    freeze_to="vlad",
    others={
        "model": "netvlad",
        "groups": 4,
        "clusters": 6,
        "expansion": 2,
        "hidden": 6,
        "reduction": 4,
        "batch_norm_epsilon": 1e-2,
    },
    stream="features",
    streams=("features",),
)
VLAD_MIXTURE = dataclasses.replace(
    NEXTVLAD,
    recipe=MixtureRecipe(
        groups=2,
        clusters=2,
        expansion=1,
        hidden=8,
        reduction=2,
        dropout=0.0,
        batch_norm_momentum=0.5,
    ),
    freeze_to="hidden",
    others={"clusters": 4, "count_padding": False},
)
# Chunks of 2, the last of them short.
HRNN = Case(
    HRNNRecipe(cells=4, chunk_frames=2),
    sizes=((5,), (1,), (30,)),
    freeze_to="chunks",
    others={"cells": 3, "chunk_frames": 5, "mixtures": 3},
    stream="features",
    streams=("features",),
)
CASES = {
    "d3d_tf.models.inception": INCEPTION,
    "d3d_tf.models.learned_flow": LEARNED_FLOW,
    "d3d_tf.models.x3d": X3D,
    "d3d_tf.models.resnet": RESNET,
    "d3d_tf.models.nextvlad": NEXTVLAD,
    "d3d_tf.models.vlad_mixture": VLAD_MIXTURE,
    "d3d_tf.models.hrnn": HRNN,
}
