"""One tiny recipe for each family of `d3d_tf.models`."""

from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
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
CASES = {
    "d3d_tf.models.inception": INCEPTION,
    "d3d_tf.models.learned_flow": LEARNED_FLOW,
}
