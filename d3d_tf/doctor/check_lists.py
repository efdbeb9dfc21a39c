"""AVA's lists beside the videos, before any picture is decoded."""

import statistics
from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.detection.lists import SPLITS, AvaLists
from d3d_tf.doctor.check_annotations import check_annotations
from d3d_tf.doctor.findings import Finding, grouped, judge
from d3d_tf.errors import UsageError, UserError
from d3d_tf.tfrecords import decode_sandbox
from d3d_tf.tfrecords.layouts import list_videos
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.video.opening import UnreadableVideo

LAYOUT = "ava"
# Headers round durations.
_SLACK = 1.0


def check_lists(
    videos: str, annotations: str, data: DataRecipe
) -> list[Finding]:
    """All checks of a data set that `--mode=prepare` would be given.

    Args:
      videos: the folder of the videos.
      annotations: that of AVA's lists.
      data: `layout` is `ava`; where the files begin, and at what rate pictures
        are.

    Raises:
      UsageError: of another layout.
    """
    if data.layout != LAYOUT:
        raise UsageError(
            "The doctor knows lists of --set layout=ava; those of other data "
            "sets are counted by --mode=prepare --dry_run."
        )
    findings = []
    lists = AvaLists(Path(annotations))
    for split in SPLITS:
        path = lists.true_boxes(split)
        if path is not None:
            findings += [
                Finding(f"{split}, {f.check}", f.level, f.text)
                for f in check_annotations(path)
            ]
    try:
        listing = list_videos(videos, annotations, data)
    except UserError as error:
        return [*findings, judge("lists", annotations, errors=[str(error)])]
    return [*findings, _lists(listing), *_videos(listing, data)]


def _lists(listing: Listing) -> Finding:
    """What `prepare` would say."""
    missing = len(listing.missing)
    count = len(listing.sources) + missing
    return judge(
        "keyframes",
        f"{count:,}, of which {missing:,} are of videos that are not there",
        warnings=listing.notes,
    )


def _videos(listing: Listing, data: DataRecipe) -> list[Finding]:
    """Rates and lengths by the files' headers."""
    last: dict[str, Source] = {}
    for source in listing.sources:
        kept = last.setdefault(source.path, source)
        if source.start > kept.start:
            last[source.path] = source
    unread, short, rates = [], [], []
    for path, source in last.items():
        try:
            rate, seconds = decode_sandbox.header(path, data)
        except UnreadableVideo as error:
            unread.append((str(error), path))
            continue
        rates.append(round(rate, 2))
        if seconds and seconds + _SLACK < source.start:
            short.append(
                (
                    f"ends at {data.first_second + seconds:.0f} s of its "
                    f"video, before its keyframe {source.id.split('/')[-1]}",
                    path,
                )
            )
    errors = grouped(short)
    if short and not data.first_second:
        errors.append(
            "if the files were cut out of the videos from 900 s on, as most "
            "instructions for AVA do, say --set data.first_second=900"
        )
    return [
        judge("files", f"{len(last):,} are opened", errors=grouped(unread)),
        judge("lengths", f"{len(rates):,} by their headers", errors=errors),
        _rates(rates, data),
    ]


def _rates(rates: list[float], data: DataRecipe) -> Finding:
    if not rates:
        return judge("frame rates", "none")
    usual = statistics.median(rates)
    low = sum(rate < 0.9 * data.frame_rate for rate in rates)
    warnings = []
    if low:
        warnings.append(
            f"{low:,} are below the {data.frame_rate:g} of the records "
            "(data.frame_rate), which show their frames more than once"
        )
    return judge(
        "frame rates",
        f"{min(rates):g} to {max(rates):g} per second, half below {usual:g}",
        warnings=warnings,
    )
