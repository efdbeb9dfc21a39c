"""Flow of a whole video file, in bounded memory."""

import dataclasses
import json
import math
import os
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from d3d_tf import schema
from d3d_tf.atomic_files import appearing, write_atomically
from d3d_tf.config import DataRecipe, FlowRecipe, digest, flow_identity
from d3d_tf.disk import naming_refusal
from d3d_tf.tfrecords.flow import flow_library, tvl1_flow
from d3d_tf.video.reading import frame_times, frames_of

# Pairs that are decoded and solved together; the result does not depend on it.
PAIRS_AT_ONCE = 16


@dataclasses.dataclass(frozen=True)
class VideoFlow:
    """The result of `flow_of_video`.

    Attributes:
      pairs, height, width: of the written array.
      seconds: time for computing flow, without decoding.
      clipped: share of vectors beyond the recipe's saturation, 0..1.
    """

    pairs: int
    height: int
    width: int
    seconds: float
    clipped: float


def flow_of_video(
    video: str | Path,
    out: str | Path,
    recipe: FlowRecipe = FlowRecipe(),
    *,
    short_side: int = 256,
    threads: int = 1,
    show: bool = True,
) -> VideoFlow:
    """Writes the flow between all neighbouring frames of a file.

    Args:
      video: any file that FFmpeg decodes; its own frame rate is kept.
      out: float32 `.npy`, `[frames - 1, height, width, 2]` in pixels per frame
        of the resized video; appears complete or not at all. The file
        `out` + `.json` records how it was made.
      recipe: see `tvl1_flow`.
      short_side: of the frames, in pixels, before flow is computed.
      threads: see `tvl1_flow`.
      show: draw a progress bar.

    Raises:
      UnreadableVideo: the file cannot be decoded to its end.
    """
    out = Path(out)
    times = frame_times(video)
    span = times[-1] - times[0]
    rate = round((len(times) - 1) / span, 3) if span > 0 else 0.0
    with (
        appearing(out) as temporary,
        tqdm(
            total=len(times) - 1, unit="pair", desc="flow", disable=not show
        ) as bar,
    ):
        array = None
        done, seconds, clipped = 0, 0.0, 0.0
        for frames in _overlapping_chunks(
            frames_of(video, short_side), PAIRS_AT_ONCE
        ):
            if array is None:
                shape = (len(times) - 1, *frames.shape[1:3], 2)
                array = _new_array(temporary, out, shape)
            start = time.perf_counter()
            flow = tvl1_flow(frames, recipe, threads=threads)
            seconds += time.perf_counter() - start
            array[done : done + len(flow)] = flow
            clipped += len(flow) * schema.clipped_share(flow, recipe.saturation)
            done += len(flow)
            bar.update(len(flow))
        assert array is not None  # A video without frames has no times.
        array.flush()
    data = DataRecipe(short_side=short_side, frame_rate=rate)
    _write_origin(out, video, recipe, data)
    height, width = array.shape[1:3]
    return VideoFlow(done, height, width, seconds, clipped / max(done, 1))


def _write_origin(
    out: Path, video: str | Path, recipe: FlowRecipe, data: DataRecipe
) -> None:
    """Writes how the flow was made to `out` + `.json`."""
    identity = flow_identity(recipe, data, flow_library(recipe))
    origin = {
        "video": str(video),
        "flow": identity,
        "flow_recipe": digest(identity),
    }
    write_atomically(
        out.with_name(out.name + ".json"), json.dumps(origin, indent=1)
    )


def _new_array(path: str, out: Path, shape: tuple[int, ...]) -> np.memmap:
    """A float32 `.npy` whose space on the disk is already reserved.

    If there is no room for a mapped file, a signal ends the process.
    """
    needed = 4 * math.prod(shape)
    with naming_refusal(out, needed):
        array = np.lib.format.open_memmap(
            path, mode="w+", dtype=np.float32, shape=shape
        )
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, array.offset + needed)
    return array


def _overlapping_chunks(frames, pairs: int):
    """Stacks of at most `pairs + 1` frames; each begins with the last frame
    of the one before.
    """
    chunk: list[np.ndarray] = []
    for frame in frames:
        chunk.append(frame)
        if len(chunk) > pairs:
            yield np.stack(chunk)
            chunk = chunk[-1:]
    if chunk:
        yield np.stack(chunk)
