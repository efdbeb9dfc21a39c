"""How long one video takes, with its optical flow where it is needed."""

import statistics
import time

from d3d_tf.config import FlowRecipe, Recipe
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.pixels import Pixels
from d3d_tf.tfrecords.flow import tvl1_flow

REPEATS = 9


def milliseconds_per_video(
    forward, dataset: Dataset, recipe: Recipe, stream: str, pixels: Pixels
) -> float:
    """Median over repeats of one clip, batch 1, decoded pixels to logits.

    For the flow stream the flow of the clip's own pixels is part of it, on one
    core: this is the cost that D3D removes. Flow that another tool made is
    counted as what TV-L1 would take here. Decoding is the same for all rows
    and not counted.
    """
    imported = recipe.flow.algorithm == "imported"
    flow = FlowRecipe() if imported else recipe.flow
    split = (dataset.test_splits or ["train"])[0]
    clips = make_dataset(
        dataset,
        split,
        recipe.clip,
        batch_size=1,
        training=False,
        streams=("frames", stream),
        pixels=pixels,
    )
    with naming_damage(dataset, split):
        inputs, _ = next(iter(clips))
    frames = pixels.to_bytes(inputs["frames"][0])
    forward(inputs[stream])  # Traces for this batch size.
    if stream == "flow":
        tvl1_flow(frames, flow)  # Compiles.
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        if stream == "flow":
            tvl1_flow(frames, flow)
        forward(inputs[stream]).numpy()
        times.append(time.perf_counter() - start)
        if sum(times) > 30:  # Large frames: a few repeats must do.
            break
    return 1000 * statistics.median(times)
