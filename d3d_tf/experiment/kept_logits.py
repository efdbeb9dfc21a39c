"""A teacher's logits of the clips that a training draws, computed once.

They are kept beside the records, in `teacher_logits/DIGEST`, of what they
depend on: the teacher, the records, and how clips are drawn. More views are
added to those that are there.
"""

import hashlib
import io
from pathlib import Path

import numpy as np
from tqdm import tqdm

from d3d_tf.atomic_files import is_remote, write_atomically
from d3d_tf.config import digest, to_dict
from d3d_tf.damaged import read_json
from d3d_tf.data.counted import Counted
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.teacher_batches import epoch_batches
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.disk import naming_refusal
from d3d_tf.errors import UserError
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.roles import STREAM
from d3d_tf.sealed import sealed
from d3d_tf.training.checkpoints import latest_sha256
from d3d_tf.training.scoring import compile_forward
from d3d_tf.training.workers import chief_first

_LIST = "views.json"
_IDS = "ids.npy"


@chief_first()
def kept_logits(experiment: Experiment) -> TeacherLogits:
    """Logits of `distill.cached_views` draws of every training video.

    The teacher is read, and run, only if views are missing; a view that was
    not computed to its end is computed again.

    Raises:
      UserError: what is kept is of other weights, records or draws, or damaged;
        it cannot be written.
    """
    count = experiment.recipe.distill.cached_views
    identity = _identity(experiment)
    key = digest(identity)
    folder = experiment.dataset.folder / "teacher_logits" / key
    hashes = _hashes(folder, key)
    if len(hashes) <= count:
        _compute(experiment, folder, identity, hashes)
    ids, *views = (
        _read(folder / name, sha256)
        for name, sha256 in list(hashes.items())[: count + 1]
    )
    return TeacherLogits(ids, tuple(views), drawn=True)


def _identity(experiment: Experiment) -> dict:
    """All that the logits depend on."""
    recipe, role = experiment.recipe, experiment.teacher_role
    home = experiment.home(role)
    theirs = recipe if home is experiment.run else home.recipe()
    return {
        "teacher": latest_sha256(home.checkpoints(role)),
        "network": to_dict(theirs.network_of(role)),
        "stream": STREAM[role],
        "dataset": experiment.dataset.info["digest"],
        "flow_recipe": experiment.dataset.info["flow_recipe"],
        "clip": to_dict(recipe.clip),
        "seed": recipe.seed,
    }


def _hashes(folder: Path, key: str) -> dict[str, str]:
    """SHA-256 by file, the ids first; empty if nothing is kept there."""
    if not (folder / _LIST).exists():
        return {}
    form = {"identity": dict, "files": {str: str}}
    told = read_json(folder / _LIST, form, f"remove {folder}")
    theirs = digest(told["identity"])
    if theirs != key:
        raise UserError(
            f"{folder} holds logits of another teacher, other records or other "
            f"draws: their digest is {theirs}, and {key} is wanted. Remove the "
            "folder."
        )
    return told["files"]


def _compute(
    experiment: Experiment,
    folder: Path,
    identity: dict,
    hashes: dict[str, str],
) -> None:
    """Adds the missing views to the folder and to `hashes`."""
    forward = compile_forward(experiment.network(experiment.teacher_role))
    folder.mkdir(parents=True, exist_ok=True)
    for epoch in range(
        max(len(hashes) - 1, 0), experiment.recipe.distill.cached_views
    ):
        ids, logits = _run(experiment, forward, epoch)
        files = {f"view-{epoch:05d}.npy": logits}
        if not hashes:
            files = {_IDS: ids} | files
        for name, array in files.items():
            content = io.BytesIO()
            np.save(content, array)
            with naming_refusal(folder / name, content.tell()):
                write_atomically(folder / name, content.getvalue())
            hashes[name] = hashlib.sha256(content.getvalue()).hexdigest()
        told = {"identity": identity, "files": hashes}
        write_atomically(folder / _LIST, sealed(told))


def _run(
    experiment: Experiment, forward, epoch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Ids and logits of an epoch's clips, in the order of the shards."""
    recipe, dataset = experiment.recipe, experiment.dataset
    stream = STREAM[experiment.teacher_role]
    data = epoch_batches(
        dataset,
        "train",
        recipe.clip,
        epoch=epoch,
        batch_size=recipe.train.batch_size,
        streams=(stream, "id"),
        pixels=recipe.network.pixels,
        seed=recipe.seed,
    )
    bar = tqdm(
        total=dataset.splits["train"],
        unit="clip",
        desc=f"the teacher's logits of view {epoch + 1} of "
        f"{recipe.distill.cached_views}",
        leave=False,
    )
    ids: list[str] = []
    logits = []
    with naming_damage(dataset, "train"), bar:
        for inputs, _ in data:
            logits.append(forward(inputs[stream]).numpy())
            ids += [text.decode() for text in inputs["id"].numpy()]
            bar.update(len(logits[-1]))
    Counted(dataset, "train").require_each_once(ids)
    return np.array(ids), np.concatenate(logits)


def _read(path: Path, sha256: str) -> np.ndarray:
    """An array, held to its hash; on a local disk it stays there."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    there = hashlib.sha256(content).hexdigest()
    if there != sha256:
        raise UserError(
            f"{path} is damaged: its SHA-256 is {there}, and {_LIST} says "
            f"{sha256}. Remove {path.parent}; the logits are computed again."
        )
    if is_remote(path):
        return np.load(io.BytesIO(content))
    return np.load(path, mmap_mode="r")
