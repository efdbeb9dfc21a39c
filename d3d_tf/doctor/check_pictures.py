"""The pictures of a record, and whether its flow fits its frames."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from d3d_tf import schema
from d3d_tf.doctor.findings import Finding, grouped, judge, words_of
from d3d_tf.evaluation.photometric import PhotometricCheck, photometric_check

PAIRS = 8  # Of a video, spread over it, that the flow is tried on.
# Grey levels between frames below which nothing can be said: JPEG alone
# changes as much.
STILL = 1.0
# A wrong reading of the flow must be better than the right one by so much.
CLEARLY = 0.9


@dataclasses.dataclass(frozen=True)
class Pictures:
    """What decoding a record showed.

    Attributes:
      problems: in words.
      alignment: over some pairs of frames; None where it cannot be computed.
      by_neighbours: grey levels that are left of these pairs when they are
        warped by the flow stored for the pair before, and for that after.
    """

    problems: list[str]
    alignment: PhotometricCheck | None = None
    by_neighbours: tuple[float, float] = (math.nan, math.nan)

    def misaligned(self) -> str:
        """What is wrong with the flow; empty: nothing, or nothing moves."""
        check = self.alignment
        if check is None or not check.unwarped >= STILL:
            return ""
        limit = CLEARLY * min(check.warped, check.unwarped)
        if check.negated < limit:
            return "its flow is reversed"
        if check.swapped < limit:
            return "its flow has u and v swapped"
        before, after = self.by_neighbours
        if after < limit and not before < after:
            return "its flow comes one frame late"
        if before < limit:
            return "its flow comes one frame early"
        return "" if check.aligned else "its flow does not lead on"


def look_at_pictures(example: tf.train.SequenceExample) -> Pictures:
    """Decodes all pictures of a record that keeps to the schema."""
    try:
        decoded = decode_all(example)
    except (tf.errors.InvalidArgumentError, ValueError) as error:
        return Pictures([f"cannot be decoded: {words_of(error)}"])
    problems = []
    feature = example.context.feature
    for prefix, pixels in decoded.items():
        size = tuple(
            feature[prefix + key].int64_list.value[0]
            for key in (schema.IMAGE_HEIGHT, schema.IMAGE_WIDTH)
        )
        if pixels.shape[1:3] != size:
            problems.append(
                f"{prefix}image is {pixels.shape[1:3]} pixels, its record says "
                f"{size}"
            )
    frames, codes = decoded[""], decoded.get(schema.FLOW)
    if codes is None:
        return Pictures(problems)
    if frames.shape != codes.shape:
        return Pictures([*problems, "frames and flow are of different sizes"])
    if (codes[..., 2] != schema.ZERO_CODE).any() or not codes.all():
        problems.append("flow holds codes that are none")
    if len(codes) < 2:
        return Pictures(problems)
    if (codes[-1] != codes[-2]).any():
        problems.append("the last flow does not repeat its predecessor")
    saturation = feature[schema.FLOW_SATURATION].float_list.value[0]
    flow = schema.decode_flow(codes, saturation)
    return Pictures(
        problems,
        measure_alignment(frames, flow[:-1]),
        (
            measure_alignment(frames, flow[:-1], -1).warped,
            measure_alignment(frames, flow[:-1], 1).warped,
        ),
    )


def decode_all(example: tf.train.SequenceExample) -> dict[str, np.ndarray]:
    """uint8 `[time, height, width, 3]`: frames, and codes of the flow, if any.

    By the prefix of their keys: none, and `schema.FLOW`.

    Raises:
      InvalidArgumentError: a picture is damaged.
      ValueError: they are of several sizes.
    """
    lists = example.feature_lists.feature_list
    decoders = {"": tf.io.decode_jpeg, schema.FLOW: tf.io.decode_png}
    return {
        prefix: np.stack(
            [
                decode(feature.bytes_list.value[0], 3).numpy()
                for feature in lists[prefix + schema.IMAGE_ENCODED].feature
            ]
        )
        for prefix, decode in decoders.items()
        if not prefix or prefix + schema.IMAGE_ENCODED in lists
    }


def measure_alignment(
    frames: np.ndarray, flow: np.ndarray, shift: int = 0
) -> PhotometricCheck:
    """The photometric check over pairs spread over the video.

    Args:
      frames: uint8 `[time, height, width, 3]`.
      flow: float32 `[time - 1, height, width, 2]`, pixels per frame.
      shift: take the flow of so many pairs later.

    Returns:
      Means over the pairs; NaN where no pixel could be compared.
    """
    places = np.linspace(0, len(flow) - 1, min(PAIRS, len(flow)))
    checks = [
        photometric_check(frames[i : i + 2], flow[i + shift : i + shift + 1])
        for i in places.round().astype(int)
        if 0 <= i + shift < len(flow)
    ]
    if not checks:
        return _photometric([math.nan] * 4, 0.0)
    rows = np.array([dataclasses.astuple(c) for c in checks])
    shares = rows[:, -1]
    if not shares.any():
        return _photometric([math.nan] * 4, 0.0)
    seen = shares > 0
    means = np.average(rows[seen, :-1], axis=0, weights=shares[seen])
    return _photometric(means.tolist(), float(shares.mean()))


def _photometric(means: list[float], share: float) -> PhotometricCheck:
    unwarped, warped, negated, swapped = means
    return PhotometricCheck(unwarped, warped, negated, swapped, share)


def check_pictures(
    pictures: dict[str, Pictures], broken: list[tuple[str, str]], total: int
) -> list[Finding]:
    """Decodability and alignment.

    Args:
      pictures: of the sample, by id.
      broken: (words, id) of pictures that show their damage undecoded.
      total: records of the data set.
    """
    problems = broken + [
        (words, id_)
        for id_, found in pictures.items()
        for words in found.problems
    ]
    moving = {
        id_: found
        for id_, found in pictures.items()
        if found.alignment and found.alignment.unwarped >= STILL
    }
    wrong = [
        (found.misaligned(), id_)
        for id_, found in moving.items()
        if found.misaligned()
    ]
    # A video of flicker, or of cuts, need not be explained by any flow.
    certain = [pair for pair in wrong if "does not lead on" not in pair[0]]
    if 2 * len(wrong) > len(moving):
        certain = wrong
    ratios = [f.alignment.ratio for f in moving.values() if f.alignment]
    numbers = f"{len(moving)} moving videos"
    if ratios:
        numbers += (
            f"; of the difference to the next frame flow leaves "
            f"{100 * float(np.median(ratios)):.0f} % (median)"
        )
    return [
        judge(
            "pictures",
            f"all pictures of {len(pictures)} of {total} videos decoded, the "
            "files' beginnings and ends of all",
            errors=grouped(problems),
        ),
        judge(
            "alignment",
            numbers,
            errors=grouped(certain),
            warnings=grouped(p for p in wrong if p not in certain),
        ),
    ]
