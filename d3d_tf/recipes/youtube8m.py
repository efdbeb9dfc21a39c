"""YouTube-8M's students that see fewer frames, and their miniature."""

from d3d_tf.config import (
    DistillRecipe,
    Recipe,
    TermRecipe,
    ToyRecipe,
    TrainRecipe,
)
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe

# In miniature; ours, settled on seed 0 (docs/youtube8m.md). NetVLAD, for it
# takes a sixth of the time of a NeXtVLAD: a network is trained in half a minute
# on one core.
TOY_FEATURES = Recipe(
    name="toy_features",
    task="youtube8m",
    toy=ToyRecipe(motions="topics", train_videos=1024, test_videos=512),
    network=NeXtVLADRecipe(
        model="netvlad",
        clusters=16,
        hidden=64,
        dropout=0.2,
        # Moving averages must settle within hundreds of steps.
        batch_norm_momentum=0.9,
    ),
    train=TrainRecipe(
        steps=500,
        batch_size=16,
        optimizer="adam",
        learning_rate=0.002,
        checkpoint_every=250,
    ),
    fewer_frames=FrameSamplingRecipe(way="uniform", k=15, rounding="up"),
    distill=DistillRecipe(
        terms=(TermRecipe("vlad"), TermRecipe("logits", "label_kl")),
    ),
)
YOUTUBE8M = (TOY_FEATURES,)
