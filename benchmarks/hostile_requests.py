"""Requests that no client of ours sends, drawn for a module."""

import struct

import cv2
import numpy as np


class Mutator:
    """Draws requests for a module.

    Args:
      clip: `input` of its module.json.
      seed: of the draws.
    """

    def __init__(self, clip: dict, seed: int):
        self._rng = np.random.default_rng(seed)
        self._clip = clip
        side = clip["short_side"]
        size = clip["size"] or side  # A detector sees whole frames.
        frames = self._rng.integers(
            0, 256, [clip["frames"], side, side, 3], np.uint8
        )
        low = (side - size) // 2
        crops = frames[None, :, low : low + size, low : low + size]
        self._frames = {
            "serving_default": np.float32(crops / 255),
            "frames_uint8": crops,
            "frames_encoded": _strings([[_encode(f, ".png") for f in frames]]),
        }
        self._boxes = {}
        if clip.get("most_boxes"):  # A detector without an RPN.
            self._boxes = {"boxes": np.float32([[[0.1, 0.2, 0.7, 0.6]] * 3])}

    @property
    def honest(self) -> dict[str, dict]:
        """By signature, inputs that must be answered."""
        return {
            signature: {"frames": frames} | self._boxes
            for signature, frames in self._frames.items()
        }

    def draw(self) -> tuple[str, dict]:
        """A signature and its inputs."""
        signature = self._pick([*self._frames])
        if self._boxes and self._rng.integers(2):
            frames = {"frames": self._frames[signature]}
            return signature, frames | self._odd_boxes()
        if signature == "frames_encoded":
            ways = [self._pictures] * 4 + [self._string_shape, self._dtype]
        else:
            ways = [self._shape, self._shape, self._dtype, self._values]
        name = self._pick(["frames"] * 30 + ["frame", ""])
        return signature, {name: self._pick(ways)(signature)} | self._boxes

    def _odd_boxes(self) -> dict:
        """Of other shapes, numbers and types, too many, none, or left out."""
        boxes = self._boxes["boxes"]
        count = self._pick([0, 1, 2, 1000, 1001, 50_000])
        places = self._rng.random(boxes.shape) < self._pick([0.1, 1])
        odd = self._pick([np.nan, np.inf, -np.inf, -1e38, -0.01, 1.01, 2, 400])
        shape = self._pick(
            [[], [4], [3, 4], [2, 3, 4], [1, 3, 5], [1, 3, 4, 1]]
        )
        drawn = [
            np.where(places, np.float32(odd), boxes),
            np.float32(self._rng.uniform(-0.1, 1.1, [1, 3, 4])),
            boxes[..., [2, 3, 0, 1]],
            np.zeros([1, count, 4], np.float32),
            np.float32(np.sort(self._rng.random([1, count, 2, 2]), 2)).reshape(
                1, count, 4
            ),
            self._rng.random(shape).astype(np.float32),
            boxes.astype(self._pick([np.float64, np.int32, np.uint8])),
        ]
        if self._rng.integers(16) == 0:
            return {}
        return {"boxes": drawn[self._rng.integers(len(drawn))]}

    def _pick(self, choices):
        return choices[self._rng.integers(len(choices))]

    def _shape(self, signature: str) -> np.ndarray:
        shape = list(self._frames[signature].shape)
        for _ in range(self._rng.integers(1, 4)):
            axis = int(self._rng.integers(len(shape) + 1))
            change = self._rng.integers(3)
            if change == 0 and len(shape) < 8:
                shape.insert(axis, int(self._rng.integers(0, 4)))
            elif change == 1 and shape:
                del shape[min(axis, len(shape) - 1)]
            elif shape:
                shape[min(axis, len(shape) - 1)] = int(
                    self._pick([0, 1, 2, 3, 4, 7, 16, 31, 129])
                )
        while np.prod(shape, dtype=float) > 2e7:
            shape[int(np.argmax(shape))] //= 2
        dtype = self._frames[signature].dtype
        return self._rng.integers(0, 2, shape).astype(dtype)

    def _dtype(self, signature: str) -> np.ndarray:
        shape = self._frames[signature].shape
        kind = self._pick(
            [np.float32, np.float64, np.int32, np.int64, np.uint8]
        )
        if self._rng.integers(4) == 0:
            return _strings([[b"\x00" * 7] * shape[1]] * shape[0])
        return self._rng.integers(0, 2, shape).astype(kind)

    def _values(self, signature: str) -> np.ndarray:
        frames = self._frames[signature].copy()
        places = self._rng.random(frames.shape) < self._pick([1e-4, 0.1, 1])
        odd = [0, 1, 255]
        if signature == "serving_default":
            odd = [np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-40, -1, 2, 255]
        frames[places] = self._pick(odd)
        return frames

    def _string_shape(self, signature: str) -> np.ndarray:
        picture = self._frames[signature][0, 0]
        frames = self._clip["frames"]
        shape = self._pick(
            [[], [frames], [1, frames, 1], [0, frames], [1, 0], [2, 1], [3, 9]]
        )
        array = np.empty(shape, object)
        array[...] = picture
        return array

    def _pictures(self, signature: str) -> np.ndarray:
        """Honest and damaged pictures in one batch."""
        batch = int(self._rng.integers(1, 4))
        pictures = np.repeat(self._frames[signature], batch, axis=0)
        for _ in range(self._rng.integers(1, 4)):
            row = self._rng.integers(batch)
            column = self._rng.integers(pictures.shape[1])
            pictures[row, column] = self._picture()
        return pictures

    def _picture(self) -> bytes:
        kinds = (
            self._cut,
            self._flipped,
            self._flipped,
            self._claimed_size,
            self._noise,
            self._other_format,
            self._odd_size,
            self._odd_size,
        )
        return self._pick(kinds)()

    def _good(self) -> bytes:
        sides = self._rng.integers(8, 120, 2)
        frame = self._rng.integers(0, 256, [*sides, 3], np.uint8)
        return _encode(frame, self._pick([".png", ".jpg"]))

    def _cut(self) -> bytes:
        good = self._good()
        return good[: self._rng.integers(len(good))]

    def _flipped(self) -> bytes:
        content = bytearray(self._good())
        for _ in range(self._rng.integers(1, 20)):
            # Headers are where the harm is.
            end = self._pick([min(64, len(content)), len(content)])
            content[self._rng.integers(end)] = self._rng.integers(256)
        return bytes(content)

    def _claimed_size(self) -> bytes:
        sizes = [0, 1, 17, 2**13, 2**16, 2**31, 2**32 - 1]
        png = _encode(np.zeros([9, 9, 3], np.uint8), ".png")
        claim = struct.pack(">II", self._pick(sizes), self._pick(sizes))
        return png[:16] + claim + png[24:]

    def _noise(self) -> bytes:
        start = self._pick([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
        return start + self._rng.bytes(int(self._rng.integers(0, 300)))

    def _other_format(self) -> bytes:
        frame = np.zeros([9, 9, 3], np.uint8)
        suffix = self._pick([".bmp", ".webp", ".tiff", ".ppm"])
        return self._pick([_encode(frame, suffix), b"GIF89a" + bytes(40)])

    def _odd_size(self) -> bytes:
        height, width = self._pick(
            [(1, 1), (1, 16), (1, 17), (2000, 2500), (6000, 7000), (9, 4000)]
        )
        channels = self._pick([1, 3, 4])
        frame = np.zeros([height, width, channels], np.uint8)
        return _encode(frame, self._pick([".png", ".jpg"]))


def _encode(frame: np.ndarray, suffix: str) -> bytes:
    if suffix != ".png" and frame.shape[-1] == 4:
        frame = frame[..., :3]
    return cv2.imencode(suffix, frame)[1].tobytes()


def _strings(values: list) -> np.ndarray:
    return np.array(values, object)
