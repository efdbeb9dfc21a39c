"""Runs a probe over a split."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.data.counted import Counted
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import FLOW_SCALE
from d3d_tf.data.pipeline import evaluation_batches
from d3d_tf.heads.flow_polar import (
    endpoint_error,
    on_grid,
    resized,
    to_vectors,
)
from d3d_tf.probe.errors import Errors
from d3d_tf.training.scoring import Shown

# Pixels per vector that is compared, whatever the endpoint's size is: that of
# MaxPool_3a_3x3, 28 x 28 of 224. (The papers do not say how figure 3 compares
# endpoints of several sizes.)
GRID = 8
SHOWN = 4  # Videos whose decoded flow is kept.


def score_probe(
    probe,
    dataset: Dataset,
    split: str,
    shown: Shown,
    *,
    normalize_angle: bool = False,
    exact: Callable[[str], np.ndarray] | None = None,
    title: str,
) -> Errors:
    """Errors of the middle clip of every video.

    Args:
      probe: a `FlowProbe`.
      dataset: the records.
      split: one of its splits.
      shown: the clip, what the probe takes, the batch.
      normalize_angle: see `to_vectors`.
      exact: the true flow of a video's clip by its id, in pixels, `[time,
        height, width, 2]`; None: it is not known.
      title: of the progress bar.

    Raises:
      UserError: the records are not those of the manifest, or damaged.
    """
    grid = (shown.clip.size // GRID,) * 2
    reference = functools.partial(
        resized, time_stride=probe.time_stride, size=grid
    )
    decode = _decoder(probe, grid, normalize_angle)
    ids: list[str] = []
    found: list[np.ndarray] = []
    pictures: list[np.ndarray] = []
    bar = tqdm(total=dataset.splits[split], unit="video", desc=title)
    with naming_damage(dataset, split), bar:
        for inputs, _ in _clips(dataset, split, shown):
            new = [text.decode() for text in inputs["id"].numpy()]
            vectors = decode(inputs[shown.stream])
            flows = [FLOW_SCALE * inputs["flow"]]
            if exact:
                flows.append(np.stack([exact(id_) for id_ in new]))
            found.append(_compared(vectors, [*map(reference, flows)]))
            middle = vectors.shape[1] // 2
            pictures += [*vectors[: SHOWN - len(pictures), middle].numpy()]
            ids += new
            bar.update(len(new))
    Counted(dataset, split).require_each_once(ids)
    epe, zeros, known = np.concatenate(found, axis=1)
    frame = np.array(middle * probe.time_stride)
    return Errors(np.array(ids), epe, zeros, known, np.stack(pictures), frame)


def _clips(dataset: Dataset, split: str, shown: Shown):
    """What the probe takes, flow and ids of every video, in batches."""
    return evaluation_batches(
        dataset,
        split,
        shown.clip,
        batch_size=shown.batch_size,
        streams=tuple({shown.stream, "flow", "id"}),
        pixels=shown.pixels,
    )


def _decoder(probe, grid: tuple[int, int], normalize_angle: bool):
    """From a clip to vectors `[batch, time', *grid, 2]`."""

    @tf.function(reduce_retracing=True)
    def decode(clip):
        polar = probe(clip, training=False)
        vectors = to_vectors(polar, normalize_angle=normalize_angle)
        return on_grid(vectors, grid)

    return decode


def _compared(vectors, references: list) -> np.ndarray:
    """`[3, batch]`: errors, those of zeros, and those from the exact flow.

    Args:
      vectors: what is decoded.
      references: the stored flow and, where it is known, the exact one.
    """
    stored = references[0]
    errors = [endpoint_error(vectors, flow).numpy() for flow in references]
    errors.insert(1, endpoint_error(tf.zeros_like(stored), stored).numpy())
    if len(errors) < 3:
        errors.append(np.full_like(errors[0], np.nan))
    return np.stack(errors)
