"""A SavedModel of any program as teacher: its logits become a file.

It is asked once about the middle clip of every training video; the file lies
beside the records and is read as any other, see `read_logits`.
"""

import contextlib
import dataclasses
import hashlib
import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import ClipRecipe, TeacherModuleRecipe, digest
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import evaluation_batches
from d3d_tf.errors import UsageError, UserError
from d3d_tf.hub_export.client.module_info import (
    ModuleInfo,
    read_labels,
    read_module_info,
)
from d3d_tf.pixels import Pixels
from d3d_tf.streams import CHANNELS, PICTURES
from d3d_tf.training.workers import chief_first

BATCH = 8
RATES_DIFFER = 0.05  # At most, as a share.


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a module wants to see; see `ModuleInfo`."""

    frames: int
    size: int
    frame_rate: float
    sampling: str
    labels: tuple[str, ...]


@chief_first()
def logits_of_module(
    folder: Path, given: TeacherModuleRecipe, dataset: Dataset
) -> Path:
    """The file of a module's logits of the training videos; made if missing.

    Args:
      folder: of the SavedModel. Its signature `serving_default` has one float
        input `[batch, time, height, width, channels]`, RGB or flow.
      given: what its module.json does not say.
      dataset: the records.

    Raises:
      UsageError: what it takes is not known, or the records cannot show it.
      UserError: it cannot be loaded, has no such signature or output, or does
        not take the clips.
    """
    wanted = wanted_by(folder, given)
    key = digest(
        dataclasses.asdict(wanted),
        [given.range, given.output],
        module_sha256(folder),
        dataset.info["digest"],
    )
    path = dataset.folder / "teacher_logits" / f"module-{key}.npz"
    if not path.exists():
        ids, logits = _ask(folder, wanted, given, dataset)
        names = {"classes": np.array(wanted.labels)} if wanted.labels else {}
        content = io.BytesIO()
        np.savez(content, ids=ids, logits=logits, **names)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content.getvalue())
    return path


def wanted_by(folder: Path, given: TeacherModuleRecipe) -> Wanted:
    """What is known of the module: by its module.json, and by the recipe."""
    info = ModuleInfo()
    if (folder / "module.json").exists():
        info = read_module_info(folder)
    known = {
        key: getattr(given, key) or getattr(info, key)
        for key in ("frames", "size", "frame_rate")
    }
    if lacking := [f"teacher_module.{k}" for k, v in known.items() if not v]:
        raise UsageError(
            f"{folder} has no module.json that says what it takes: set "
            f"{', '.join(lacking)}."
        )
    labels = read_labels(given.labels) if given.labels else info.labels
    return Wanted(**known, sampling=info.sampling, labels=labels)


def module_sha256(folder: Path) -> str:
    """By which a module is known."""
    found = hashlib.sha256()
    for name in ("saved_model.pb", "variables/variables.index"):
        if (folder / name).exists():
            found.update((folder / name).read_bytes())
    return found.hexdigest()


def _ask(
    folder: Path,
    wanted: Wanted,
    given: TeacherModuleRecipe,
    dataset: Dataset,
) -> tuple[np.ndarray, np.ndarray]:
    """Ids, and logits in their order."""
    with blaming(folder, "cannot be loaded"):
        module = tf.saved_model.load(str(folder))
    function = module.signatures.get("serving_default")
    name, shape, stream = _input(folder, function)
    clip = clip_for(wanted, dataset)
    low, high = given.range
    scale = 1 / (high - low)
    ids: list[str] = []
    logits = []
    data = evaluation_batches(
        dataset,
        "train",
        clip,
        batch_size=BATCH,
        streams=(stream, "id"),
        pixels=Pixels((-low * scale,) * 3, (scale,) * 3),
    )
    bar = tqdm(
        total=dataset.splits["train"],
        unit="clip",
        desc=f"asking {folder.name}",
        leave=False,
    )
    with naming_damage(dataset, "train"), bar:
        for inputs, _ in data:
            shown = resized(inputs[stream], wanted.size)
            if not shape.is_compatible_with(shown.shape):
                raise UserError(
                    f"{folder} takes clips of {shape}, and not of "
                    f"{shown.shape}: set teacher_module.frames and size."
                )
            with blaming(folder, f"cannot answer clips of {shown.shape}"):
                answer = function(**{name: shown})
            logits.append(_output(folder, answer, given.output))
            ids += [text.decode() for text in inputs["id"].numpy()]
            bar.update(len(shown))
    return np.array(ids), np.concatenate(logits)


def _input(folder: Path, function) -> tuple[str, tf.TensorShape, str]:
    """The signature's input, its shape, and the stream that it takes."""
    inputs = function.structured_input_signature[1] if function else {}
    floats = {
        name: spec.shape
        for name, spec in inputs.items()
        if spec.dtype == tf.float32 and spec.shape.rank == 5
    }
    streams = {CHANNELS[stream]: stream for stream in PICTURES}
    if len(inputs) == len(floats) == 1:
        ((name, shape),) = floats.items()
        if shape[-1] in streams:
            return name, shape, streams[shape[-1]]
    found = ", ".join(
        f"{n} {s.dtype.name} {s.shape}" for n, s in inputs.items()
    )
    raise UserError(
        f"{folder} must have a signature serving_default with one input, "
        "float32 [batch, time, height, width, 3 (RGB) or 2 (flow)]; it has "
        f"{found or 'none'}."
    )


def clip_for(wanted: Wanted, dataset: Dataset) -> ClipRecipe:
    """What it is shown; where records are smaller, frames are enlarged."""
    stored = dataset.info["recipe"]["data"]
    ours, theirs = stored["frame_rate"], wanted.frame_rate
    size = min(wanted.size, stored["short_side"])
    if wanted.sampling == "segments":
        return ClipRecipe(frames=wanted.frames, size=size, sampling="segments")
    stride = max(1, round(ours / theirs))
    if abs(ours / stride / theirs - 1) > RATES_DIFFER:
        raise UsageError(
            f"The module wants {theirs:g} frames per second and the records "
            f"have {ours:g}, of which it would see every {stride}.: prepare "
            "records whose rate is a multiple of it, or set "
            "teacher_module.frame_rate."
        )
    return ClipRecipe(frames=wanted.frames, size=size, stride=stride)


def resized(clips, size: int):
    """Clips `[batch, time, size, size, channels]`; flow stays in its units."""
    if clips.shape[2] == size:
        return clips
    shape = clips.shape
    flat = tf.reshape(clips, [-1, *shape[2:]])
    flat = tf.image.resize(flat, [size, size])
    if shape[-1] == CHANNELS["flow"]:
        flat *= size / shape[2]
    return tf.reshape(flat, [*shape[:2], size, size, shape[-1]])


def _output(folder: Path, answer: dict, name: str) -> np.ndarray:
    if name not in answer or answer[name].shape.rank != 2:
        found = ", ".join(f"{n} {v.shape}" for n, v in answer.items())
        raise UserError(
            f"{folder} must answer `{name}` of [batch, classes]; it answers "
            f"{found}. Set teacher_module.output."
        )
    return answer[name].numpy()


@contextlib.contextmanager
def blaming(folder: Path, what: str):
    """Whatever TensorFlow raises is the module's fault."""
    try:
        yield
    except Exception as error:  # Of many kinds.
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(f"{folder} {what}: {words[0][:200]}") from error
