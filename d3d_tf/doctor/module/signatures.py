"""Every way into a module, on the bundled clips."""

import cv2
import numpy as np
import tensorflow as tf

from d3d_tf.doctor.findings import Finding, judge, words_of
from d3d_tf.doctor.module import video
from d3d_tf.doctor.module.distance import distances
from d3d_tf.doctor.module.mistakes import NAMES, Mistake, Oracle
from d3d_tf.doctor.module.served import Module
from d3d_tf.hub_export.rounding import difference, told

SIGNATURES = ("serving_default", "frames_uint8", "frames_encoded")
# Every clip is rounded otherwise; export held another one to its bound.
_MARGIN = 10
# Answers to the bundled clips that are nearer to each other are the same.
_ALIKE = 0.01


def check_signatures(oracle: Oracle) -> Finding:
    """All are there and say what the callable says.

    Floats, the bytes that they were made of, and PNGs of the whole pictures
    that these were cut from are the same clip.
    """
    module = oracle.module
    there = module.loaded.signatures
    promised = module.told.get("signatures")
    limit = _MARGIN * told(module.told)
    errors: list[str] = []
    warnings: list[str] = []
    agreed = []
    outputs = [
        module.output(video.seen(clip, module, video.Steps()))
        for clip in oracle.clips
    ]
    for name in SIGNATURES:
        if name not in there:
            problem = f"{name} is missing"
            if promised is None:
                problem += ", as in modules of older d3d_tf"
            (warnings if promised is None else errors).append(problem)
            continue
        try:
            differences = [
                _difference(module, name, clip, output)
                for clip, output in zip(oracle.clips, outputs, strict=True)
            ]
        except (tf.errors.OpError, ValueError, TypeError, KeyError) as error:
            errors.append(f"{name} fails on a bundled clip: {words_of(error)}")
            continue
        worst = float(np.max(differences))
        agreed.append(f"{name} {worst:.1e}")
        # NaN is no more than anything.
        if not worst <= limit:
            errors.append(
                f"{name} differs from the callable by {worst:.2g}, more than "
                f"{limit:.2g}"
            )
    return judge(
        "signatures",
        "largest difference from the callable on the bundled clips, in units "
        f"of the largest output: {', '.join(agreed) or 'none could be asked'}",
        errors=errors,
        warnings=warnings,
    )


def _difference(module: Module, name: str, clip, expected) -> float:
    answer = module.loaded.signatures[name](frames=_given(module, name, clip))
    key = "logits" if module.classifies else "features"
    return difference(expected, np.ravel(answer[key].numpy()))


def _given(module: Module, name: str, clip):
    if name == "frames_encoded":
        steps = video.Steps(cut=_whole, scale=video.levels)
        pictures = video.seen(clip, module, steps).astype(np.uint8)
        return tf.constant([[_png(picture) for picture in pictures]])
    if name == "frames_uint8":
        steps = video.Steps(scale=video.levels)
        pixels = video.seen(clip, module, steps).astype(np.uint8)
        return tf.constant(pixels[None])
    return tf.constant(video.seen(clip, module, video.Steps())[None])


def _whole(pixels: np.ndarray, module: Module, resize) -> np.ndarray:
    return video.shortened(pixels, module.info.short_side, resize)


def _png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture[..., ::-1])[1].tobytes()


def check_answers(oracle: Oracle) -> Finding:
    """They are finite, and the clips have other ones."""
    found = oracle.answers()
    errors = []
    if not np.isfinite(found).all():
        errors.append("they are not finite")
    gaps = [
        distances(found, np.roll(found, k, axis=0), classifies=_of(oracle))
        for k in range(1, len(found))
    ]
    spread = float(np.mean(gaps))
    warnings = []
    if spread < _ALIKE:
        warnings.append(
            "the module hardly depends on what it is shown, or takes all "
            "bundled clips for the same: callers cannot be checked by them"
        )
    return judge(
        "answers",
        f"to {len(found)} bundled clips, on average {spread:.3f} apart (0 "
        "equal, 1 nothing in common)",
        errors=errors,
        warnings=[] if errors else warnings,
    )


def _of(oracle: Oracle) -> bool:
    return oracle.module.classifies


def check_mistake(oracle: Oracle, mistake: Mistake, alike: float) -> Finding:
    """What happens to a caller that makes it.

    Args:
      oracle: of the module.
      mistake: one that is possible.
      alike: the distance that nobody sees in answers.
    """
    right, wrong = oracle.answers(), oracle.answers([mistake])
    moved = distances(right, wrong, classifies=_of(oracle)).mean()
    if not np.isfinite(moved):
        text = "answers are no numbers"
    elif moved < alike:
        text = f"hardly changes answers ({moved:.4f}), so it cannot be found"
    else:
        text = f"changes answers by {moved:.3f}"
        if oracle.module.classifies:
            tops = (right.argmax(1) != wrong.argmax(1)).sum()
            text += f", the first class of {tops} of {len(right)} clips"
    if mistake.step == NAMES:
        return judge(f"if {mistake.words}", f"{text}; nobody refuses it")
    refused = _refused(oracle, mistake)
    return judge(
        f"if {mistake.words}",
        "refused by serving_default; as a callable it " + text
        if refused
        else f"{text}; no signature refuses it",
    )


def _refused(oracle: Oracle, mistake: Mistake) -> bool:
    serve = oracle.module.loaded.signatures.get("serving_default")
    if serve is None:
        return False
    steps = video.Steps(**{mistake.step: mistake.way})
    try:
        for clip in oracle.clips:
            serve(
                frames=tf.constant(video.seen(clip, oracle.module, steps)[None])
            )
    except tf.errors.InvalidArgumentError:
        return True
    return False
