"""How long a preparation will take and how large it will be, from a sample."""

import dataclasses
import hashlib
import time

import numpy as np

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords import decode_sandbox
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import Video

SAMPLE_VIDEOS = 8
# Of each, so many frames are encoded and get flow; the rest is by proportion.
SAMPLE_FRAMES = 8


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What `prepare` would do.

    Attributes:
      videos: that would be tried.
      sampled: that were tried now.
      unusable: of the sampled ones, with the reason.
      frames: in all records.
      bytes: of all records.
      core_seconds: of work, on this machine.
    """

    videos: int
    sampled: int
    unusable: dict[str, str]
    frames: float
    bytes: float
    core_seconds: float


def choose_sample(
    sources: tuple[Source, ...], count: int = SAMPLE_VIDEOS
) -> list[Source]:
    """So many sources, by a digest of their names: every class has a chance."""

    def by_digest(source: Source) -> str:
        return hashlib.sha256(source.id.encode()).hexdigest()

    return sorted(sources, key=by_digest)[:count]


def estimate(
    listing: Listing, *, data: DataRecipe, flow: FlowRecipe
) -> Estimate:
    """Decodes a sample, encodes a piece of each, and takes the mean.

    Writes nothing. Imported flow counts as OpenCV's DIS, which is about
    as quick as reading it.
    """
    # Compiling is paid once and not per video.
    _encode(_noise(), listing.sources[0], listing, data, flow)
    sample = choose_sample(listing.sources)
    unusable = {}
    frames = size = seconds = 0.0
    for source in sample:
        begin = time.monotonic()
        try:
            video, _ = decode_sandbox.read(source, data)
            decoded = time.monotonic()
            piece = _middle(video)
            encoded = _encode(piece, source, listing, data, flow)
        except UnreadableVideo as error:
            unusable[source.path] = str(error)
            continue
        times = len(video.frames) / len(piece.frames)
        frames += len(video.frames)
        size += encoded * times
        seconds += decoded - begin + (time.monotonic() - decoded) * times
    share = len(listing.sources) / len(sample)
    return Estimate(
        videos=len(listing.sources),
        sampled=len(sample),
        unusable=unusable,
        frames=frames * share,
        bytes=size * share,
        core_seconds=seconds * share,
    )


def _encode(
    video: Video,
    source: Source,
    listing: Listing,
    data: DataRecipe,
    flow: FlowRecipe,
) -> int:
    """Bytes of the record."""
    # It brings TensorFlow.
    from d3d_tf.tfrecords.example import encode_example

    if flow.algorithm == "imported":
        flow = FlowRecipe(algorithm="dis")
    record, _ = encode_example(
        video,
        dataclasses.replace(source, flow_path=""),
        dataset_name=listing.name,
        data=data,
        flow=flow,
        flow_digest="",
    )
    return len(record)


def _middle(video: Video) -> Video:
    first = max(0, (len(video.frames) - SAMPLE_FRAMES) // 2)
    piece = slice(first, first + SAMPLE_FRAMES)
    return Video(video.frames[piece], video.timestamps[piece], False)


def _noise() -> Video:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3))
    return Video(pixels.astype(np.uint8), np.array([0, 40_000]), False)
