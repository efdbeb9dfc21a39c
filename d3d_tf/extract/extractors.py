"""What makes features of pictures or clips: a run, or anybody's SavedModel."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from d3d_tf.atomic_files import to_path
from d3d_tf.config import DataRecipe, Recipe, TeacherModuleRecipe, digest
from d3d_tf.damaged import read_json
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.module_teacher import (
    Wanted,
    blaming,
    module_sha256,
    wanted_by,
)
from d3d_tf.hub_export.client.module_info import ModuleInfo, read_module_info
from d3d_tf.hub_export.cut_network import FEATURE_VECTOR, cut
from d3d_tf.models import make_network
from d3d_tf.pixels import Pixels
from d3d_tf.roles import BASELINE, INITIAL, STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.module_description import AGAIN, DESCRIPTION
from d3d_tf.runs.opening import open_run
from d3d_tf.tasks import DETECTION
from d3d_tf.training.checkpoints import is_finished, latest_sha256, restore


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A network of pictures or of clips.

    Attributes:
      name: as it was given.
      digest: of its values and of what it is.
      wanted: what it sees; of pictures clips of one frame.
      data: how videos are read for it: rate, size, shape of the pixels.
      pixels: how it wants RGB.
      forward: float `[batch, frames, size, size, 3]` to `[batch, width]`.
      module: what was said of a SavedModel of others.
    """

    name: str
    digest: str
    wanted: Wanted
    data: DataRecipe
    pixels: Pixels
    forward: Callable
    module: TeacherModuleRecipe = TeacherModuleRecipe()


def open_extractor(given: str, module: TeacherModuleRecipe) -> Extractor:
    """The network that was named.

    Args:
      given: a run folder, the name of published weights, or the folder of a
        SavedModel. Of a run it is the student, or else the RGB network, or the
        network without a head that was converted.
      module: what a SavedModel of others wants to see.

    Raises:
      UsageError: it is none of these, or looks at no RGB, or what it sees is
        not known.
      UserError: it cannot be read.
    """
    folder = to_path(given.removeprefix("file://"))
    if (folder / "saved_model.pb").exists() and not _is_ours(folder):
        return _of_module(given, folder, module)
    return _of_run(given, open_run(given))


def _is_ours(folder: Path) -> bool:
    """Whether its module.json tells the network, which is then made anew."""
    path = folder / DESCRIPTION
    return path.exists() and "network" in read_json(path, {}, AGAIN)


def _of_run(given: str, run: Run) -> Extractor:
    recipe = run.recipe()
    if recipe.task == DETECTION or recipe.of_features:
        raise UsageError(
            f"features.extractor={given} is a run with task={recipe.task}: "
            "name one that classifies videos."
        )
    roles = [
        role
        for role in (STUDENT, BASELINE, INITIAL)
        if is_finished(run.checkpoints(role))
    ]
    if roles == [INITIAL]:
        network = make_network(recipe.network, 1, "frames")
        trunk = tf.train.Checkpoint(trunk=network.trunk)
        restore(trunk, run.checkpoints(INITIAL))
    else:
        network = load_checkpoint(run.folder)
    part = cut(network, FEATURE_VECTOR, task=recipe.task)
    wanted, data = _seen_by(recipe)
    values = latest_sha256(run.checkpoints((roles or [STUDENT])[0]))
    return Extractor(
        given,
        digest(values, recipe.network, dataclasses.asdict(wanted)),
        wanted,
        data,
        part.pixels,
        _compiled(lambda clips: part.forward(clips, False)["features"]),
    )


def _seen_by(recipe: Recipe) -> tuple[Wanted, DataRecipe]:
    """What the network of a run sees, and how videos are read for it."""
    clip = recipe.evaluation.clip_of(recipe.clip)
    # TSN's is of pictures, whose answers it averages.
    pictures = clip.frames == 1 or recipe.network.model.startswith("tsn_")
    rate = recipe.data.frame_rate
    wanted = Wanted(
        1 if pictures else clip.frames,
        clip.size,
        rate / clip.stride,
        "segments" if pictures else clip.sampling,
        (),
    )
    return wanted, _read(
        1.0 if pictures else rate,
        recipe.shown_short_side or clip.size,
        recipe.data.square_pixels,
    )


def _read(rate: float, short_side: int, square: bool) -> DataRecipe:
    return DataRecipe(
        frame_rate=rate, short_side=short_side, square_pixels=square
    )


def _of_module(
    given: str, folder: Path, said: TeacherModuleRecipe
) -> Extractor:
    with blaming(folder, "cannot be loaded"):
        module = tf.saved_model.load(str(folder))
    function = module.signatures.get("serving_default")
    name, shape = _input(folder, function)
    info = ModuleInfo()
    if (folder / DESCRIPTION).exists():
        info = read_module_info(folder)
    pictures = shape.rank == 4
    if pictures:
        size = said.size or info.size or shape[1]
        if not size:
            raise UsageError(
                f"{folder} does not say how large its pictures are: set "
                "teacher_module.size."
            )
        wanted = Wanted(1, size, 1.0, "segments", ())
    else:
        wanted = wanted_by(folder, said)
    low, high = said.range
    scale = 1 / (high - low)

    def forward(clips):
        shown = clips[:, 0] if pictures else clips
        return _vector(folder, function(**{name: shown}), said.output)

    return Extractor(
        given,
        digest(
            module_sha256(folder),
            dataclasses.asdict(wanted),
            [said.range, said.output],
        ),
        wanted,
        _read(
            1.0 if pictures else wanted.frame_rate,
            max(info.short_side, wanted.size),
            info.square_pixels,
        ),
        Pixels((-low * scale,) * 3, (scale,) * 3),
        _compiled(forward),
        said,
    )


def _compiled(forward: Callable) -> Callable:
    return tf.function(forward, reduce_retracing=True, autograph=False)


def _input(folder: Path, function) -> tuple[str, tf.TensorShape]:
    """The signature's input and its shape.

    Raises:
      UserError: it takes something else than pictures or clips of RGB.
    """
    inputs = function.structured_input_signature[1] if function else {}
    if len(inputs) == 1:
        ((name, spec),) = inputs.items()
        if (
            spec.dtype == tf.float32
            and spec.shape.rank in (4, 5)
            and spec.shape[-1] == 3
        ):
            return name, spec.shape
    found = ", ".join(
        f"{n} {s.dtype.name} {s.shape}" for n, s in inputs.items()
    )
    raise UserError(
        f"{folder} must have a signature serving_default with one input, "
        "float32 [batch, height, width, 3] or [batch, time, height, width, 3]; "
        f"it has {found or 'none'}."
    )


def _vector(folder: Path, answer: dict, name: str):
    """`features`, or the output of that name, or the only one.

    Raises:
      UserError: there is no such vector.
    """
    names = [key for key in ("features", name) if key in answer] or [*answer]
    if (
        len(answer) > 1
        and names == [*answer]
        or answer[names[0]].shape.rank != 2
    ):
        found = ", ".join(f"{n} {v.shape}" for n, v in answer.items())
        raise UserError(
            f"{folder} must answer `features` of [batch, width]; it answers "
            f"{found}. Set teacher_module.output."
        )
    return answer[names[0]]
