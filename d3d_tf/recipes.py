"""Named experiments. Each number says where it is from."""

from d3d_tf.config import (
    ClipRecipe,
    DataRecipe,
    DistillRecipe,
    NetworkRecipe,
    Recipe,
    ToyRecipe,
    TrainRecipe,
)

# Sizes and steps of `toy` are ours: the smallest at which every network learns
# its training clips and the paper's order of the rows shows on two CPU cores.
TOY = Recipe(
    name="toy",
    toy=ToyRecipe(),
    data=DataRecipe(short_side=40, num_shards=16),
    clip=ClipRecipe(frames=12, size=40, flip=False),
    network=NetworkRecipe(
        depth_multiplier=0.25,
        min_depth=8,
        # I3D's: with it the RGB networks see motion in half the steps.
        first_temporal_kernel=7,
        weight_decay=1e-4,
        # Moving averages must settle within hundreds of steps, not 140,000.
        batch_norm_momentum=0.9,
        fan_in_initializer=True,
    ),
    train=TrainRecipe(
        steps=900,
        batch_size=16,
        optimizer="adam",
        learning_rate=0.002,
        checkpoint_every=50,
    ),
    # The summing reading of equation 2: lambda = 1 times eight classes.
    distill=DistillRecipe(weight=8.0),
)

# A folder of one's own: sizes come from the data, the network is the paper's.
OWN_VIDEOS = Recipe(
    name="own_videos",
    data=DataRecipe(short_side=0),
    clip=ClipRecipe(frames=0, size=0),
    # From scratch and with hundreds of videos rather than 247,000 (ours).
    network=NetworkRecipe(batch_norm_momentum=0.99, fan_in_initializer=True),
    train=TrainRecipe(
        steps=5000,
        batch_size=8,
        optimizer="adam",
        learning_rate=0.001,
        checkpoint_every=100,
    ),
)

RECIPES = {recipe.name: recipe for recipe in (TOY, OWN_VIDEOS)}
