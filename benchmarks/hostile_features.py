"""Requests that no client of ours sends, drawn for a module of features."""

import numpy as np


class FeatureMutator:
    """Draws requests for a module of features, as `Mutator` for others.

    Args:
      given: `input` of its module.json.
      seed: of the draws.
    """

    def __init__(self, given: dict, seed: int):
        self._rng = np.random.default_rng(seed)
        self._longest = given["longest"]
        shape = [2, self._longest, given["features"]]
        stored = self._rng.integers(0, 256, shape, np.uint8)
        features = np.float32(stored * (4 / 255) + (4 / 512 - 2))
        count = np.array([self._longest, -(-self._longest // 2)], np.int32)
        self._inputs = {
            "serving_default": {"features": features, "num_frames": count},
            "without_padding": {"features": features},
            "features_uint8": {"features": stored, "num_frames": count},
            "rgb_audio_uint8": {
                "rgb": stored[..., : given["rgb"]],
                "audio": stored[..., given["rgb"] :],
                "num_frames": count,
            },
        }

    @property
    def honest(self) -> dict[str, dict]:
        """By signature, inputs that must be answered."""
        return self._inputs

    def draw(self) -> tuple[str, dict]:
        """A signature and its inputs, one or two of which are odd."""
        signature = self._pick([*self._inputs])
        inputs = dict(self._inputs[signature])
        for _ in range(self._rng.integers(1, 3)):
            name = self._pick([*inputs])
            if inputs[name].dtype == object:
                continue  # No number any more.
            change = self._pick(
                [self._shape, self._values, self._dtype, self._length]
                if name != "num_frames"
                else [self._counts, self._counts, self._dtype]
            )
            inputs[name] = change(inputs[name])
        if self._rng.integers(20) == 0:
            value = inputs.pop(self._pick([*inputs]))
            if self._rng.integers(2):
                inputs[self._pick(["frames", "num_frames", ""])] = value
        return signature, inputs

    def _pick(self, choices):
        return choices[self._rng.integers(len(choices))]

    def _length(self, value: np.ndarray) -> np.ndarray:
        """Zeros of other numbers of videos, of frames, or of features."""
        shape = list(value.shape) or [1]
        axis = int(self._rng.integers(len(shape)))
        sizes = [0, 1, 2, 3, 128, 299, 301, 1024, 1151, 1153, 10_000]
        shape[axis] = int(self._pick(sizes))
        return np.zeros(_no_larger(shape), value.dtype)

    def _shape(self, value: np.ndarray) -> np.ndarray:
        """Of another rank."""
        shape = list(value.shape)
        for _ in range(self._rng.integers(1, 4)):
            axis = int(self._rng.integers(len(shape) + 1))
            if self._rng.integers(2) and shape:
                del shape[min(axis, len(shape) - 1)]
            elif len(shape) < 8:
                shape.insert(axis, int(self._rng.integers(0, 4)))
        return self._rng.integers(0, 2, _no_larger(shape)).astype(value.dtype)

    def _values(self, value: np.ndarray) -> np.ndarray:
        """Numbers that are none, or far from the others."""
        value = value.copy()
        places = self._rng.random(value.shape) < self._pick([1e-5, 0.1, 1])
        odd = [0, 1, 255]
        if value.dtype == np.float32:
            odd = [np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-40, -2.2, 2.2, 255]
        value[places] = self._pick(odd)
        return value

    def _dtype(self, value: np.ndarray) -> np.ndarray:
        if self._rng.integers(4) == 0:
            return np.full(value.shape[:2], b"seven", object)
        kinds = [np.float32, np.float64, np.int32, np.int64, np.uint8]
        return np.ones(value.shape, self._pick(kinds))

    def _counts(self, value: np.ndarray) -> np.ndarray:
        """Numbers of frames: none, negative, too many; of other videos."""
        most = 2**31 - 1
        odd = [-1, 0, 1, 2, 7, self._longest + 1, 10_000, most, -most - 1]
        shape = self._pick([[2], [2], [2], [2], [], [0], [1], [3], [2, 1]])
        return self._rng.choice(odd, shape).astype(np.int32)


def _no_larger(shape: list[int]) -> list[int]:
    while np.prod(shape, dtype=float) > 2e7:
        shape[int(np.argmax(shape))] //= 2
    return shape
