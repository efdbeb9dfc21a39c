"""Which folders are classes: those with a video that can be read.

A folder of annotations beside the videos would otherwise be a class that is
never seen, with a logit of its own.
"""

import dataclasses

from d3d_tf.config import DataRecipe
from d3d_tf.tfrecords import decode_sandbox
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.tree import is_called_video
from d3d_tf.video.opening import UnreadableVideo


def keep_readable_classes(listing: Listing, data: DataRecipe) -> Listing:
    """The listing without classes of which no file can be read as a video.

    Their files are rejected with the reason. A data set's own list keeps its
    classes, and so does a folder where nothing can be read.
    """
    if listing.listed:
        return listing
    # The size does not matter here; 0 would be that of the smallest video.
    data = dataclasses.replace(data, short_side=data.short_side or 16)
    members: dict[str, list[Source]] = {}
    for source in listing.sources:
        members.setdefault(source.class_name, []).append(source)
    rejected: list[tuple[Source, str]] = []
    kept = []
    for name, sources in members.items():
        reasons = _reasons(sources, data)
        if len(reasons) < len(sources):
            kept.append(name)
            continue
        rejected += [
            (dataclasses.replace(source, label=-1), why)
            for source, why in zip(sources, reasons, strict=True)
        ]
    if not kept or not rejected:
        return listing
    classes = tuple(name for name in listing.classes if name in kept)
    gone = ", ".join(name for name in listing.classes if name not in kept)
    labels = {name: label for label, name in enumerate(classes)}
    return dataclasses.replace(
        listing,
        classes=classes,
        sources=tuple(
            _relabelled(source, labels)
            for source in listing.sources
            if source.class_name in labels
        ),
        notes=(
            *listing.notes,
            f"no class, since none of its files is a video: {gone}",
        ),
        rejected=tuple(rejected),
    )


def _relabelled(source: Source, labels: dict[str, int]) -> Source:
    """The source with the classes that are left."""
    others = tuple(
        (labels[name], name) for _, name in source.others if name in labels
    )
    label = labels[source.class_name]
    return dataclasses.replace(source, label=label, others=others)


def _reasons(sources: list[Source], data: DataRecipe) -> list[str]:
    """Why each of the first files cannot be read; ends at one that can."""
    reasons = []
    for source in sources:
        # Of files that are called videos the first frame is proof enough.
        named = is_called_video(source.path)
        try:
            (decode_sandbox.frame_size if named else decode_sandbox.read)(
                source, data
            )
        except UnreadableVideo as error:
            reasons.append(str(error))
        else:
            break
    return reasons
