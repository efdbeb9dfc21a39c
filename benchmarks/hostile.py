"""Requests that no client of ours sends, to a module in the C++ run time.

`python -m benchmarks.hostile` (`make hostile`) sends 2,000 of them, a function
of the seed, to all signatures of a small S3D-G, of a small X3D, of a small
detector and of a small network of features, or of `--module`, and writes what
came back into docs/modules.md. Every fourth is an honest request, whose answer
is known: a request that damages the process shows there.
"""

import argparse
import collections
import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.cpp_runtime import Answer, CppRuntime
from benchmarks.fill_docs import HERE, fill, save
from benchmarks.hostile_features import FeatureMutator
from benchmarks.hostile_requests import Mutator
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
DETECTOR, OF_FEATURES = "detector", "nextvlad"


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
    mutator = (FeatureMutator if "features" in clip else Mutator)(clip, seed)
    answers: collections.Counter = collections.Counter()
    crashes, resident = [], []
    not_finite = wrong = 0
    with CppRuntime(module) as runtime:
        known = {
            signature: runtime.ask(signature, **inputs).outputs
            for signature, inputs in mutator.honest.items()
        }
        for i in range(requests):
            honest = i % HONEST == 0
            if honest:
                signature = [*known][i // HONEST % len(known)]
                inputs = mutator.honest[signature]
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


def _made(name: str, folder: Path) -> Path:
    if name == DETECTOR:
        return small_detector(folder)
    if name == OF_FEATURES:
        return small_of_features(folder)
    return small_module(name, folder)


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


def small_detector(folder: Path) -> Path:
    """A detector on the small S3D-G, whose tail sees each time.

    Args:
      folder: where the module is written.
    """
    from d3d_tf.config.detector import DetectorRecipe
    from d3d_tf.detector.network import make_detector
    from d3d_tf.hub_export.detection.export import export_detector
    from d3d_tf.models import make_network, recipe_class

    recipe = recipe_class("s3dg")(model="s3dg", **SMALL["s3dg"])
    backbone = make_network(recipe, 8, "frames")
    return export_detector(
        make_detector(backbone, DetectorRecipe(), 8),
        folder,
        labels=[str(i) for i in range(8)],
        frames=8,
        short_side=40,
    )


def small_of_features(folder: Path) -> Path:
    """A NeXtVLAD that sees every tenth frame.

    Args:
      folder: where the module is written.
    """
    from d3d_tf.config.frame_sampling import FrameSamplingRecipe
    from d3d_tf.hub_export.features.export import export_features
    from d3d_tf.models import make_network
    from d3d_tf.models.nextvlad.config import NeXtVLADRecipe

    recipe = NeXtVLADRecipe(clusters=8, hidden=64)
    return export_features(
        make_network(recipe, 8, "features"),
        folder,
        labels=[str(i) for i in range(8)],
        sampling=FrameSamplingRecipe(way="uniform"),
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
        all_ = [*SMALL, DETECTOR, OF_FEATURES]
        for name in [str(given.module)] if given.module else all_:
            module = given.module or _made(name, Path(folder) / name)
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
