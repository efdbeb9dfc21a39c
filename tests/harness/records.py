"""Known inputs: moving textures, record folders."""

import dataclasses
import json
from pathlib import Path

import av
import numpy as np
import tensorflow as tf


def moving_texture(
    num_frames: int,
    height: int,
    width: int,
    velocity: tuple[float, float],
    *,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """A texture that moves by exactly `velocity`, and its flow.

    The texture is a formula in (x, y), a sum of waves of 6 to 16 px, evaluated
    at (x - u t, y - v t): no interpolation, no border.

    Args:
      num_frames: length of the video.
      height, width: in pixels.
      velocity: (u, v) in pixels per frame.
      seed: of the waves.

    Returns:
      uint8 `[time, height, width, 3]` and float32 `[time, height, width, 2]`.
    """
    rng = np.random.default_rng(seed)
    u, v = velocity
    t, y, x = np.meshgrid(
        np.arange(num_frames),
        np.arange(height),
        np.arange(width),
        indexing="ij",
    )
    x, y = x - u * t, y - v * t
    frames = np.full([num_frames, height, width, 3], 127.5)
    for channel in range(3):
        for _ in range(6):
            angle, phase = rng.uniform(0, 2 * np.pi, 2)
            k = 2 * np.pi / rng.uniform(6, 16)
            frames[..., channel] += 20 * np.sin(
                k * (np.cos(angle) * x + np.sin(angle) * y) + phase
            )
    flow = np.broadcast_to(np.float32(velocity), [num_frames, height, width, 2])
    return np.uint8(np.rint(frames)), flow


def write_lossless(path: Path, frames: np.ndarray, frame_rate: int = 10):
    """A Matroska file of `[time, height, width, 3]` RGB, any size, exact."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=frame_rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "bgr0"
        for pixels in np.uint8(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


@dataclasses.dataclass(frozen=True)
class Video:
    """A video of a record folder.

    Attributes:
      id: unique.
      label: class index.
      frames: uint8 `[time, height, width, 3]`. JPEG keeps a grey that is
        constant over 8 x 8 pixels to the unit, everything else nearly.
      codes: uint8 `[time, height, width, 2]`, flow as it is stored; kept to
        the unit.
      split: the split it is in.
    """

    id: str
    label: int
    frames: np.ndarray
    codes: np.ndarray
    split: str = "train"


def flow_codes(flow: np.ndarray, saturation: float = 20.0) -> np.ndarray:
    """The contract's codec: `128 + round(127 flow / saturation)`, uint8."""
    return np.uint8(128 + np.rint(127 * np.clip(flow / saturation, -1, 1)))


def place_codes(num_frames: int, height: int, width: int) -> np.ndarray:
    """Codes that tell where a pixel was: u is 1 + x, v is 1 + y."""
    y, x = np.mgrid[:height, :width]
    return np.uint8(
        np.broadcast_to(
            np.stack([1 + x, 1 + y], -1), [num_frames, height, width, 2]
        )
    )


def grey_frames(values: np.ndarray) -> np.ndarray:
    """`[time, rows, columns]` levels to frames of 8 x 8 px blocks."""
    blocks = np.kron(values, np.ones([1, 8, 8]))
    return np.uint8(np.repeat(blocks[..., None], 3, axis=-1))


def made_up_flow(**changes) -> dict:
    """The identity of a flow that nothing computed."""
    return {
        "flow": {"algorithm": "tvl1", "saturation": 20.0},
        "short_side": 16,
        "frame_rate": 25.0,
        "codec": "png-uint8-zero128-range127",
        "library": "made up",
    } | changes


def write_records(
    folder: Path,
    videos: list[Video],
    *,
    num_shards: int = 1,
    saturation: float = 20.0,
) -> Path:
    """Writes a record folder after the contract's section 3; returns it.

    A second statement of the format: keys are spelled out here, and TensorFlow
    rather than OpenCV encodes the pictures. Videos go to their split's shards
    in turn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards, splits, rows = {}, {}, []
    for split in dict.fromkeys(video.split for video in videos):
        members = [video for video in videos if video.split == split]
        splits[split] = len(members)
        for i in range(num_shards):
            name = f"{split}-{i:05d}-of-{num_shards:05d}.tfrecord"
            part = members[i::num_shards]
            shards[name] = len(part)
            rows += [_row(video, name) for video in part]
            with tf.io.TFRecordWriter(str(folder / name)) as writer:
                for video in part:
                    writer.write(_record(video, saturation))
    labels = sorted({video.label for video in videos})
    lengths = [len(video.frames) for video in videos]
    info = {
        "name": folder.name,
        "digest": "0123456789abcdef",
        "num_videos": len(videos),
        "num_bytes": sum((folder / name).stat().st_size for name in shards),
        "num_skipped": 0,
        "num_trimmed": 0,
        "splits": splits,
        "shards": shards,
        "classes": [f"class{i}" for i in range(max(labels) + 1)],
        "empty_classes": [],
        "frames": {
            "min": min(lengths),
            "max": max(lengths),
            "sum": sum(lengths),
        },
        "clipped_flow": 0.0,
        "recipe": {
            "data": {
                "short_side": min(videos[0].frames.shape[1:3]),
                "frame_rate": 25.0,
            },
            "flow": {"saturation": saturation},
        },
        "flow": made_up_flow(flow={"saturation": saturation}),
        "flow_recipe": "fedcba9876543210",
    }
    (folder / "manifest.json").write_text(json.dumps(rows))
    (folder / "dataset.json").write_text(json.dumps(info))
    return folder


def _row(video: Video, shard: str) -> dict:
    return {
        "id": video.id,
        "path": f"{video.id}.mp4",
        "split": video.split,
        "label": video.label,
        "sha256": "",
        "frames": len(video.frames),
        "shard": shard,
    }


def _record(video: Video, saturation: float) -> bytes:
    def feature(values):
        if isinstance(values[0], float):
            return tf.train.Feature(float_list=tf.train.FloatList(value=values))
        if isinstance(values[0], int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    _, height, width, _ = video.frames.shape
    context = {
        "example/id": [video.id.encode()],
        "clip/label/index": [video.label],
        "image/height": [height],
        "image/width": [width],
        "FORWARD_FLOW/image/saturation": [float(saturation)],
    }
    third = np.full([*video.codes.shape[:-1], 1], 128, np.uint8)
    codes = np.concatenate([video.codes, third], axis=-1)
    lists = {
        "image/encoded": [
            tf.io.encode_jpeg(frame, quality=95).numpy()
            for frame in video.frames
        ],
        "FORWARD_FLOW/image/encoded": [
            tf.io.encode_png(code).numpy() for code in codes
        ],
    }
    return tf.train.SequenceExample(
        context=tf.train.Features(
            feature={key: feature(value) for key, value in context.items()}
        ),
        feature_lists=tf.train.FeatureLists(
            feature_list={
                key: tf.train.FeatureList(
                    feature=[feature([e]) for e in entries]
                )
                for key, entries in lists.items()
            }
        ),
    ).SerializeToString()


def foreign_record(frames: list[bytes], **context) -> bytes:
    """A record with no more than it is given.

    Args:
      frames: encoded, one feature each.
      context: int, float or str by key, with `__` for `/`.
    """
    example = tf.train.SequenceExample()
    for frame in frames:
        features = example.feature_lists.feature_list["image/encoded"]
        features.feature.add(bytes_list=tf.train.BytesList(value=[frame]))
    for key, value in context.items():
        feature = example.context.feature[key.replace("__", "/")]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode())
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        else:
            feature.float_list.value.append(value)
    return example.SerializeToString()


def write_shard(path: Path, records: list[bytes]) -> None:
    """A TFRecord file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def claim_length(path: Path, length: int, place: int = 0) -> None:
    """Makes a record of a TFRecord file claim a length, with its checksum.

    CRC-32C bit by bit, masked as TensorFlow's `crc32c::Mask`.

    Args:
      path: of the file.
      length: what the record is to claim.
      place: of the record, in bytes.
    """
    header = length.to_bytes(8, "little")
    crc = 0xFFFFFFFF
    for byte in header:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    content = bytearray(path.read_bytes())
    content[place : place + 12] = header + masked.to_bytes(4, "little")
    path.write_bytes(content)
