"""Requests that no client of ours sends, to a module in the C++ run time.

`python -m benchmarks.hostile` (`make hostile`) sends 2,000 of them, a function
of the seed, to all signatures of a small S3D-G and of a small X3D, or of
`--module`, and writes what came back into docs/modules.md. Every fourth is an
honest request, whose answer is known: a request that damages the process shows
there.
"""

import argparse
import collections
import json
import struct
import tempfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.cpp_runtime import Answer, CppRuntime
from benchmarks.fill_docs import HERE, fill, save
from d3d_tf import processor

RESULTS = HERE / "results" / "hostile.json"
PAGE = HERE.parent / "docs" / "modules.md"
CODES = {0: "OK", 3: "INVALID_ARGUMENT", 9: "FAILED_PRECONDITION"}
HONEST = 4  # Every so many requests one is honest.
# Settings of the small networks, by model.
SMALL = {
    "s3dg": {"depth_multiplier": 1 / 16, "min_depth": 4},
    "x3d_s": {"width_factor": 0.5, "depth_factor": 0.6, "head_channels": 64},
}


class Mutator:
    """Draws requests for a module.

    Args:
      clip: `input` of its module.json.
      seed: of the draws.
    """

    def __init__(self, clip: dict, seed: int):
        self._rng = np.random.default_rng(seed)
        self._clip = clip
        size, side = clip["size"], clip["short_side"]
        frames = self._rng.integers(
            0, 256, [clip["frames"], side, side, 3], np.uint8
        )
        low = (side - size) // 2
        crops = frames[None, :, low : low + size, low : low + size]
        self.honest = {
            "serving_default": np.float32(crops / 255),
            "frames_uint8": crops,
            "frames_encoded": _strings([[_encode(f, ".png") for f in frames]]),
        }

    def draw(self) -> tuple[str, dict]:
        """A signature and its inputs."""
        signature = self._pick([*self.honest])
        if signature == "frames_encoded":
            ways = [self._pictures] * 4 + [self._string_shape, self._dtype]
        else:
            ways = [self._shape, self._shape, self._dtype, self._values]
        name = self._pick(["frames"] * 30 + ["frame", ""])
        return signature, {name: self._pick(ways)(signature)}

    def _pick(self, choices):
        return choices[self._rng.integers(len(choices))]

    def _shape(self, signature: str) -> np.ndarray:
        shape = list(self.honest[signature].shape)
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
        dtype = self.honest[signature].dtype
        return self._rng.integers(0, 2, shape).astype(dtype)

    def _dtype(self, signature: str) -> np.ndarray:
        shape = self.honest[signature].shape
        kind = self._pick(
            [np.float32, np.float64, np.int32, np.int64, np.uint8]
        )
        if self._rng.integers(4) == 0:
            return _strings([[b"\x00" * 7] * shape[1]] * shape[0])
        return self._rng.integers(0, 2, shape).astype(kind)

    def _values(self, signature: str) -> np.ndarray:
        frames = self.honest[signature].copy()
        places = self._rng.random(frames.shape) < self._pick([1e-4, 0.1, 1])
        odd = [0, 1, 255]
        if signature == "serving_default":
            odd = [np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-40, -1, 2, 255]
        frames[places] = self._pick(odd)
        return frames

    def _string_shape(self, signature: str) -> np.ndarray:
        picture = self.honest[signature][0, 0]
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
        pictures = np.repeat(self.honest[signature], batch, axis=0)
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


def attack(module: Path, *, requests: int, seed: int) -> dict:
    """Sends requests; what came back.

    Args:
      module: a version folder.
      requests: how many.
      seed: of their content.

    Returns:
      `answers` by code, `crashes` (which request, how it ended), `not_finite`
      and `wrong` answers, and memory in MiB after each tenth of the requests.
    """
    clip = json.loads((module / "module.json").read_text())["input"]
    mutator = Mutator(clip, seed)
    answers: collections.Counter = collections.Counter()
    crashes, resident = [], []
    not_finite = wrong = 0
    with CppRuntime(module) as runtime:
        known = {
            signature: runtime.ask(signature, frames=frames).outputs
            for signature, frames in mutator.honest.items()
        }
        for i in range(requests):
            honest = i % HONEST == 0
            if honest:
                signature = [*known][i // HONEST % len(known)]
                inputs = {"frames": mutator.honest[signature]}
            else:
                signature, inputs = mutator.draw()
            answer = runtime.ask(signature, **inputs)
            answers[CODES.get(answer.code, f"code {answer.code}")] += 1
            if answer.code is None:
                shapes = {k: v.shape for k, v in inputs.items()}
                crashes.append(f"{i}: {signature} {shapes}: {answer.message}")
            not_finite += not _finite(answer)
            wrong += honest and not _equal(answer.outputs, known[signature])
            if (i + 1) % max(1, requests // 10) == 0:
                resident.append(round(answer.resident_mib))
    return {
        "requests": requests,
        "seed": seed,
        "answers": dict(answers.most_common()),
        "crashes": crashes,
        "not_finite": not_finite,
        "wrong": wrong,
        "resident_mib": resident,
    }


def _finite(answer: Answer) -> bool:
    return all(np.isfinite(v).all() for v in answer.outputs.values())


def _equal(found: dict, known: dict) -> bool:
    return found.keys() == known.keys() and all(
        np.allclose(found[name], known[name], atol=1e-5) for name in known
    )


def _encode(frame: np.ndarray, suffix: str) -> bytes:
    if suffix != ".png" and frame.shape[-1] == 4:
        frame = frame[..., :3]
    return cv2.imencode(suffix, frame)[1].tobytes()


def _strings(values: list) -> np.ndarray:
    return np.array(values, object)


def small_module(name: str, folder: Path) -> Path:
    """A network of all layers, few channels, small clips.

    Args:
      name: of a model of the package.
      folder: where the module is written.
    """
    from d3d_tf.hub_export.export import export_module
    from d3d_tf.models import make_network, recipe_class

    recipe = recipe_class(name)(model=name, **SMALL[name])
    network = make_network(recipe, 8, "frames")
    labels = [str(i) for i in range(8)]
    return export_module(
        network, folder, labels=labels, frames=8, size=32, short_side=40
    )


def markdown(reports: dict[str, dict]) -> str:
    """The results as docs/modules.md shows them.

    Args:
      reports: by the name of the module.
    """
    return "\n\n".join(
        f"**{name}**: {in_words(report)}" for name, report in reports.items()
    )


def in_words(report: dict) -> str:
    """What one module answered."""
    codes = ", ".join(f"{n:,} {code}" for code, n in report["answers"].items())
    memory = ", ".join(map(str, report["resident_mib"]))
    return (
        f"{report['requests']:,} requests (seed {report['seed']}): "
        f"{len(report['crashes'])} crashes, {report['not_finite']} answers "
        f"that are not finite, {report['wrong']} wrong answers to honest "
        f"requests. Answers: {codes}. Memory after each tenth, MiB: {memory}. "
        f"{report['processor']}."
    )


def main(arguments: list[str] | None = None) -> None:
    """Attacks, prints, and writes the results where the docs show them.

    Raises:
      SystemExit: a request crashed the run time or was answered wrongly.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", type=Path, help="a version folder")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    reports = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in [str(given.module)] if given.module else SMALL:
            module = given.module or small_module(name, Path(folder) / name)
            report = attack(module, requests=given.requests, seed=given.seed)
            reports[name] = report | {"processor": processor.name()}
    print(markdown(reports))
    damaged = False
    for report in reports.values():
        print(*report["crashes"], sep="\n", end="")
        for kind in ("crashes", "not_finite", "wrong"):
            damaged |= bool(report[kind])
    if damaged:
        raise SystemExit(1)
    if not given.module:
        save(RESULTS, reports)
        fill(PAGE, "hostile", markdown(reports))


if __name__ == "__main__":
    main()
