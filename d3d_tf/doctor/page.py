"""The page to look at: what was found, and what the data look like."""

import functools
from pathlib import Path

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import FLOW_SCALE, parse
from d3d_tf.data.one_clip import scale, training_clip
from d3d_tf.doctor.check_pictures import STILL, Pictures, decode_all
from d3d_tf.doctor.check_shards import Contents
from d3d_tf.doctor.findings import Finding
from d3d_tf.pixels import SYMMETRIC
from d3d_tf.report.page import render
from d3d_tf.report.pictures import (
    clip_picture,
    flow_wheel,
    still_picture,
)
from d3d_tf.tasks import task_of

EPOCHS = 3  # Whose augmentation is shown.


def write_page(
    path: Path,
    dataset: Dataset,
    findings: list[Finding],
    contents: Contents,
    clip: ClipRecipe,
    seed: int,
) -> None:
    """Writes `doctor.html`.

    Args:
      path: of the page.
      dataset: the records.
      findings: what was found.
      contents: of the shards; some of the sample is shown.
      clip: what the training would take of a video.
      seed: of its augmentation.
    """
    videos = [
        _video(data, contents.pictures[id_], dataset, clip, seed)
        for id_, data in contents.shown.items()
        if not contents.pictures[id_].problems
    ]
    page = render(
        "doctor.html",
        title=str(dataset.folder),
        info=dataset.info,
        findings=findings,
        videos=videos,
        clip=clip,
        epochs=EPOCHS,
        seed=seed,
        wheel=still_picture(flow_wheel()),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, page)


def _video(
    data: bytes,
    pictures: Pictures,
    dataset: Dataset,
    clip: ClipRecipe,
    seed: int,
) -> dict:
    example = tf.train.SequenceExample.FromString(data)
    frames, codes = decode_all(example).values()
    context = example.context.feature
    saturation = context[schema.FLOW_SATURATION].float_list.value[0]
    task = task_of(dataset.task)
    read = functools.partial(
        parse, target=task.target, num_classes=len(dataset.classes)
    )
    target = read(data, ("frames",))["label"].numpy()
    draws = []
    for epoch in range(EPOCHS):
        drawn, _ = training_clip(
            tf.constant(data), tf.constant(epoch), clip, seed=seed, read=read
        )
        inputs = scale(drawn)
        draws.append(
            clip_picture(
                SYMMETRIC.to_bytes(inputs["frames"]),
                FLOW_SCALE * inputs["flow"].numpy(),
            )
        )
    return {
        "id": context[schema.EXAMPLE_ID].bytes_list.value[0].decode(),
        "label": task.caption(target, None, dataset.classes),
        "frames": len(frames),
        "height": frames.shape[1],
        "width": frames.shape[2],
        "words": _words(pictures),
        "wrong": pictures.misaligned(),
        "stored": clip_picture(frames, schema.decode_flow(codes, saturation)),
        "draws": draws,
    }


def _words(pictures: Pictures) -> str:
    check = pictures.alignment
    if check is None or not check.unwarped >= STILL:
        return "nothing moves"
    return (
        f"flow leaves {check.warped:.1f} of {check.unwarped:.1f} grey levels; "
        f"reversed {check.negated:.1f}"
    )
