"""One probe of a network: trained if it is missing, scored if it was not."""

import dataclasses
import hashlib
from pathlib import Path

import tensorflow as tf

import d3d_tf
from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import Recipe, digest, to_dict, to_yaml
from d3d_tf.damaged import read_json
from d3d_tf.data.dataset import Dataset
from d3d_tf.keras_api import keras
from d3d_tf.probe import errors, toy_flow
from d3d_tf.probe.network import FlowProbe
from d3d_tf.probe.scoring import score_probe
from d3d_tf.probe.trainer import ProbeTrainer
from d3d_tf.roles import STREAM
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.sealed import sealed
from d3d_tf.streams import CHANNELS
from d3d_tf.training.checkpoints import is_finished, restore
from d3d_tf.training.scoring import Shown
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.trainer import Training, train

_AGAIN = "remove its folder, and start --mode=probe again"


@dataclasses.dataclass(frozen=True)
class Probed:
    """What is looked into, and on what.

    Attributes:
      run: that holds the network.
      role: of the network.
      endpoint: its whole name.
      finetuned: whether the network is trained, too.
      recipe: the run's, with `train` and `probe` of the decoder, its `seed`,
        and the network as `network`.
      dataset: the records.
      toy_seed: of the toy's videos; None: the records are of others.
      folder: where probes of the run are kept.
    """

    run: Run
    role: str
    endpoint: str
    finetuned: bool
    recipe: Recipe
    dataset: Dataset
    toy_seed: int | None
    folder: Path

    @property
    def stream(self) -> str:
        """What the network is shown."""
        return STREAM[self.role]

    @property
    def title(self) -> str:
        """For people."""
        how = ", fine-tuned" if self.finetuned else ""
        return f"{self.role}{how} at {self.endpoint}"


def errors_of(probed: Probed) -> dict[str, errors.Errors]:
    """The errors of a probe on every test split.

    What the folder has is taken from there: a finished probe of the same
    network, records and recipe is neither trained nor scored again, and one
    that was interrupted goes on.

    Raises:
      UserError: the network or a file of the probe cannot be read; or see
        `train`.
    """
    train = probed.recipe.train
    strategy = make_strategy(train.batch_size, passes=train.accumulate)
    with strategy.scope():
        probe = _make(probed)
    probe_recipe = probed.recipe.probe
    weights = [v.numpy().tobytes() for v in probe.variables]
    identity = digest(
        to_dict(probed.recipe.train),
        to_dict(probed.recipe.clip),
        [probe_recipe.context, probe_recipe.normalize_angle],
        probed.recipe.seed,
        probed.dataset.info["digest"],
        hashlib.sha256(b"".join(weights)).hexdigest(),
    )
    how = "-finetuned" if probed.finetuned else ""
    name = f"{probed.role}{how}-{probed.endpoint}"
    folder = probed.folder / f"{name}-{identity[:8]}"
    if not (folder / "probe.json").exists():
        _fill(probed, probe, strategy, folder)
    told = read_json(folder / "probe.json", {"sha256": {str: str}}, _AGAIN)
    return {
        split: errors.load(folder / f"{split}.npz", sha256)
        for split, sha256 in told["sha256"].items()
    }


def _make(probed: Probed) -> FlowProbe:
    network = load_checkpoint(probed.run.folder, probed.role)
    # Of the decoder's own seed: whatever was drawn before.
    keras.utils.set_random_seed(probed.recipe.seed)
    probe = FlowProbe(
        network,
        probed.endpoint,
        finetuned=probed.finetuned,
        context=probed.recipe.probe.context,
    )
    probe(tf.zeros([1, 2, 32, 32, CHANNELS[probed.stream]]))
    return probe


def _fill(probed: Probed, probe: FlowProbe, strategy, folder: Path) -> None:
    """Trains and scores a probe; writes what it finds."""
    recipe, dataset = probed.recipe, probed.dataset
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "recipe.yaml", to_yaml(recipe))
    checkpoints = folder / "checkpoints" / "probe"
    if is_finished(checkpoints):
        restore(probe, checkpoints)
    else:
        normalize = recipe.probe.normalize_angle
        train(
            lambda: ProbeTrainer(
                probe,
                input_key=probed.stream,
                normalize_angle=normalize,
            ),
            strategy,
            Training(
                recipe,
                dataset,
                streams=tuple({probed.stream, "flow"}),
                checkpoints=checkpoints,
                tensorboard=folder / "tensorboard",
                title=f"probing the {probed.title}",
            ),
        )
    sha256 = {}
    for split in dataset.test_splits or ["train"]:
        found = score_probe(
            probe,
            dataset,
            split,
            Shown(
                recipe.clip,
                probed.stream,
                recipe.train.batch_size,
                pixels=recipe.network.pixels,
            ),
            normalize_angle=recipe.probe.normalize_angle,
            exact=toy_flow.reader(recipe, probed.toy_seed),
            title=f"decoding {split} from the {probed.title}",
        )
        sha256[split] = found.save(folder / f"{split}.npz")
    told = {
        "code_version": d3d_tf.__version__,
        "run": str(probed.run.folder),
        "network": probed.role,
        "finetuned": probed.finetuned,
        "endpoint": probed.endpoint,
        "recipe_hash": digest(recipe),
        "dataset": dataset.info["digest"],
        "flow_recipe": dataset.info["flow_recipe"],
        "decoder_parameters": probe.decoder.count_params(),
        "sha256": sha256,
    }
    write_atomically(folder / "probe.json", sealed(told))
