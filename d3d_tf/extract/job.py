"""From videos to features of each of their seconds.

First the videos become records of RGB, as for any training, which lists them,
leaves out what is broken, and goes on where it was killed. Then a network looks
at every second of these records; its answers lie beside them, a file for each
shard, `frame_features/DIGEST`. Last, in a folder of its own, they become bytes.
"""

import collections
import dataclasses
import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.atomic_files import to_path, write_atomically
from d3d_tf.config import (
    ClipRecipe,
    DataRecipe,
    FlowRecipe,
    Recipe,
    data_as_saved,
    digest,
)
from d3d_tf.config.features import FeaturesRecipe
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.feature_sets import describe_files
from d3d_tf.data.summary import describe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.module_teacher import clip_for, resized
from d3d_tf.extract.extractors import Extractor, open_extractor
from d3d_tf.extract.pca import fit_pca
from d3d_tf.extract.seconds import clips_of_shard
from d3d_tf.extract.write import read_answers, write_answers
from d3d_tf.screen import say
from d3d_tf.sealed import sealed
from d3d_tf.tasks import SEVERAL
from d3d_tf.tfrecords.ensure import ensure_records, records_there

# At a time.
FRAMES = 64


def prepare_features(
    recipe: Recipe,
    data: str | None,
    records_dir: str,
    annotations: str | None = None,
    beam_args: list[str] | None = None,
) -> None:
    """Makes the features and says what is in them.

    Args:
      recipe: its sections `features` and `data` are used.
      data: a folder of videos, or of records of RGB; None: the toy's.
      records_dir: where record folders live.
      annotations, beam_args: as `ensure_records`.

    Raises:
      UsageError: something in the recipe cannot be.
      UserError: nothing usable is there, or a file is damaged.
    """
    extractor = open_extractor(recipe.features.extractor, recipe.teacher_module)
    videos = dataclasses.replace(
        recipe,
        records="videos",
        features=FeaturesRecipe(),
        data=_data(recipe, extractor),
        flow=FlowRecipe(algorithm="none"),
    )
    dataset = data and records_there(data, records_dir, videos)
    if not dataset:
        _, dataset = ensure_records(
            videos,
            data,
            records_dir,
            annotations=annotations,
            beam_args=beam_args,
            trains=False,
        )
    say(describe(dataset))
    made = extract(extractor, dataset, recipe.features, to_path(records_dir))
    say(describe(made))


def _data(recipe: Recipe, extractor: Extractor) -> DataRecipe:
    """How videos are read: the extractor says rate and size.

    Raises:
      UsageError: the recipe says it, too.
    """
    if recipe.toy:
        return recipe.data
    sizes = recipe.data.short_side in (0, DataRecipe.short_side)
    for key, left_alone in (
        ("frame_rate", recipe.data.frame_rate == DataRecipe.frame_rate),
        ("short_side", sizes),
        ("max_seconds", recipe.data.max_seconds == DataRecipe.max_seconds),
    ):
        if not left_alone:
            raise UsageError(
                f"data.{key} must be left alone with records=features: rate "
                "and size are those of the extractor, and features.seconds "
                "says how much of a video is read."
            )
    return dataclasses.replace(
        recipe.data,
        frame_rate=extractor.data.frame_rate,
        short_side=max(16, extractor.data.short_side),
        square_pixels=extractor.data.square_pixels,
        max_seconds=float(recipe.features.seconds),
    )


def extract(
    extractor: Extractor,
    dataset: Dataset,
    recipe: FeaturesRecipe,
    records_dir: Path,
) -> Dataset:
    """The features of a data set; made if they are missing.

    Args:
      extractor: the network.
      dataset: records of RGB.
      recipe: what is kept of its answers.
      records_dir: gets the folder `NAME-features-DIGEST8`.

    Raises:
      UsageError: the records have another rate than the extractor needs.
      UserError: too few frames for the PCA, or a damaged file.
    """
    clip = clip_for(extractor.wanted, dataset)
    told = _told(extractor, dataset, clip, recipe)
    key = digest({k: v for k, v in told.items() if k != "extractor"})
    name = f"{dataset.info['name']}-features"
    folder = records_dir / f"{name}-{digest(key, recipe.pca)[:8]}"
    if (folder / "dataset.json").exists():
        return open_dataset(folder)
    answers = _answers(extractor, dataset, clip, recipe.seconds, key)
    pca = None
    if recipe.pca:
        parts = (
            read_answers(path)["features"] for path in answers.get("train", [])
        )
        pca = fit_pca(parts, recipe.pca)
    folder.mkdir(parents=True, exist_ok=True)
    if pca:
        pca.save(folder)
    found, cut = write_answers(folder, dataset, answers, pca)
    write_atomically(
        folder / "label_map.txt", "".join(f"{n}\n" for n in dataset.classes)
    )
    info = describe_files(folder, dataset.classes, found)
    info |= {
        "name": name,
        "digest": digest(info["digest"], key, recipe.pca),
        "extraction": told | {"pca": recipe.pca, "cut_off": cut},
        "num_skipped": dataset.info["num_skipped"],
        "notes": [
            f"{100 * cut:.2g} % of the numbers were cut off at -2 or 2",
            f"made of {dataset.folder}, by {extractor.name}",
        ],
    }
    write_atomically(folder / "dataset.json", sealed(info))
    return open_dataset(folder)


def _told(
    extractor: Extractor,
    dataset: Dataset,
    clip: ClipRecipe,
    recipe: FeaturesRecipe,
) -> dict:
    """What made the features, as dataset.json has it."""
    return {
        "extractor": extractor.name,
        "extractor_digest": extractor.digest,
        "records": dataset.info["digest"],
        "clip": {
            key: getattr(clip, key)
            for key in ("frames", "stride", "size", "sampling")
        },
        "seconds": recipe.seconds,
        "teacher_module": dataclasses.asdict(extractor.module),
        "video": _video(dataset, recipe.seconds),
    }


def _video(dataset: Dataset, seconds: int) -> dict:
    """How `read_video` reads a file as the records have it."""
    stored = DataRecipe(**data_as_saved(dataset.info["recipe"]["data"]))
    return {
        "frame_rate": stored.frame_rate,
        "short_side": stored.short_side,
        "square_pixels": stored.square_pixels,
        "max_seconds": float(seconds),
    }


def _answers(
    extractor: Extractor,
    dataset: Dataset,
    clip: ClipRecipe,
    seconds: int,
    key: str,
) -> dict[str, list[Path]]:
    """By split, a file for each shard: `ids`, `counts` and `features`."""
    if dataset.has_several_labels:
        dataset = dataset.for_task(SEVERAL)
    folder = dataset.folder / "frame_features" / key
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Path]] = {}
    bar = tqdm(
        total=dataset.info["num_videos"],
        unit="video",
        desc="looking at every second",
        leave=False,
    )
    with bar:
        for split in dataset.splits:
            for shard, count in dataset.shards(split).items():
                if not count:
                    continue
                path = folder / f"{Path(shard).name}.npz"
                if not path.exists():
                    clips = clips_of_shard(
                        dataset,
                        split,
                        shard,
                        clip,
                        batch_size=max(1, FRAMES // clip.frames),
                        seconds=seconds,
                    )
                    with naming_damage(dataset, split):
                        content = _ask(extractor, clips)
                    write_atomically(path, content)
                found.setdefault(split, []).append(path)
                bar.update(count)
    return found


def _ask(extractor: Extractor, clips: tf.data.Dataset) -> bytes:
    """The features of a shard, as a file of NumPy's."""
    counts: collections.Counter[bytes] = collections.Counter()
    features = []
    for ids, pixels in clips:
        shown = extractor.pixels.from_bytes(pixels)
        shown = resized(shown, extractor.wanted.size)
        answer = extractor.forward(shown).numpy()
        if not np.isfinite(answer).all():
            raise UserError(
                f"{extractor.name} answers infinite numbers or none of "
                f"{ids.numpy()[0].decode()}: name another extractor."
            )
        features.append(answer)
        counts.update(ids.numpy().tolist())
    content = io.BytesIO()
    np.savez(
        content,
        ids=np.array([id_.decode() for id_ in counts]),
        counts=np.array([*counts.values()], np.int64),
        features=np.concatenate(features),
    )
    return content.getvalue()
