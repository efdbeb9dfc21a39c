"""What an experiment is: frozen, typed, strict dataclasses.

A recipe is a plain tree of these. It is read from `recipes.py` or a YAML file,
changed only through `override`, checked as a whole by `validate`, hashed by
`digest`, and saved in every run folder. This module imports nothing heavy.
"""

import dataclasses
import hashlib
import json
import types
import typing
from pathlib import Path

import yaml

from d3d_tf.errors import UsageError
from d3d_tf.files import write_atomically


@dataclasses.dataclass(frozen=True)
class FlowRecipe:
    """How optical flow is computed and stored; any change is another flow.

    Defaults are those of OpenCV's DualTVL1 (Zach, Pock, Bischof 2007), the
    paper's flow (D3D, section 3.1), and +-20 px (the I3D authors' README).
    """

    algorithm: str = "tvl1"
    tau: float = 0.25
    lambda_: float = 0.15
    theta: float = 0.3
    scales: int = 5
    scale_step: float = 0.8
    warps: int = 5
    epsilon: float = 0.01
    inner_iterations: int = 30
    outer_iterations: int = 10
    median_filtering: int = 5
    saturation: float = 20.0


@dataclasses.dataclass(frozen=True)
class ToyRecipe:
    """The embedded videos; see `tfrecords/toy.py`."""

    size: int = 44
    num_frames: int = 10
    train_videos: int = 1024
    test_videos: int = 400
    cue: float = 0.9


@dataclasses.dataclass(frozen=True)
class DataRecipe:
    """From video files to records.

    Attributes:
      short_side: pixels of the stored frames' shorter side; 0: that of the
        smallest video, at most 256.
      frame_rate: frames per second of the stored frames (D3D, as I3D: 25).
      max_seconds: longer videos are stored up to here (Kinetics clips: 10).
      jpeg_quality: of the stored RGB frames.
      num_shards: files per split.
      test_share: share of each class's videos held out where the folder has
        no split of its own.
    """

    short_side: int = 256
    frame_rate: float = 25.0
    max_seconds: float = 10.0
    jpeg_quality: int = 95
    num_shards: int = 16
    test_share: float = 0.2


@dataclasses.dataclass(frozen=True)
class ClipRecipe:
    """What a network sees of a video.

    Attributes:
      frames: length in time; 0: of the shortest video, at most 64.
      size: height and width in pixels; 0: 7/8 of the stored short side (224
        of 256 in the paper), rounded down to a multiple of 16.
      flip: mirror half of the training clips; wrong where left and right are
        different classes.
    """

    frames: int = 64
    size: int = 224
    flip: bool = True


@dataclasses.dataclass(frozen=True)
class NetworkRecipe:
    """The network of both streams; names are those of `S3DG`'s arguments."""

    model: str = "s3dg"
    dropout: float = 0.2
    depth_multiplier: float = 1.0
    min_depth: int = 16
    first_temporal_kernel: int = 3
    weight_decay: float = 1e-7
    batch_norm_momentum: float = 0.999
    synchronized_batch_norm: bool = False
    fan_in_initializer: bool = False


@dataclasses.dataclass(frozen=True)
class TrainRecipe:
    """One training; all networks of a run get the same.

    Attributes:
      stream: what `--mode=train` trains: `flow` (the teacher) or `rgb`.
      batch_size: clips per step over all replicas.
      optimizer: `sgd` with momentum, as in the paper, or `adam`.
      learning_rate: at the first step; it falls as a half cosine to zero.
      checkpoint_every: steps between checkpoints.
      mixed_precision: a Keras policy: float32, mixed_float16, mixed_bfloat16.
    """

    stream: str = "flow"
    steps: int = 140_000
    batch_size: int = 336
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    checkpoint_every: int = 1000
    mixed_precision: str = "float32"


@dataclasses.dataclass(frozen=True)
class DistillRecipe:
    """Equation 1 of D3D: L = L_a + weight * L_d.

    Attributes:
      weight: lambda; 1 in the paper (section 4). L_d is the mean over clips
        and classes; multiply by the number of classes for the reading of
        equation 2 that sums over classes.
      teacher_stream: `flow`; `rgb` is the control of Table 6.
    """

    weight: float = 1.0
    teacher_stream: str = "flow"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A named experiment."""

    name: str
    seed: int = 0
    toy: ToyRecipe | None = None
    data: DataRecipe = DataRecipe()
    flow: FlowRecipe = FlowRecipe()
    clip: ClipRecipe = ClipRecipe()
    network: NetworkRecipe = NetworkRecipe()
    train: TrainRecipe = TrainRecipe()
    distill: DistillRecipe = DistillRecipe()


def to_dict(config) -> dict:
    """A nested plain dict, ready for YAML or JSON."""
    return dataclasses.asdict(config)


def digest(*configs) -> str:
    """16 hexadecimal digits of the configs' content."""
    content = [
        to_dict(c) if dataclasses.is_dataclass(c) else c for c in configs
    ]
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load(path: str | Path) -> Recipe:
    """Reads a recipe saved by `save`; unknown keys are errors.

    Raises:
      UsageError: the file is missing, is no YAML mapping, or holds an unknown
        key, a wrong type or an impossible combination.
    """
    try:
        content = yaml.safe_load(Path(path).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"Cannot read the recipe {path}: {error}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} is no recipe: a mapping was expected.")
    recipe = _from_dict(Recipe, content, str(path))
    validate(recipe)
    return recipe


def save(recipe: Recipe, path: str | Path) -> None:
    """Writes the full recipe as YAML."""
    write_atomically(path, yaml.safe_dump(to_dict(recipe), sort_keys=False))


def override(recipe: Recipe, settings: list[str]) -> Recipe:
    """The recipe with `key=value` settings applied, then validated.

    A key is a path such as `train.steps`, or its last part where only one
    section has it (`steps`). A value is YAML and must have the field's type.

    Raises:
      UsageError: unknown key, wrong type, impossible combination.
    """
    content = to_dict(recipe)
    paths = _paths(recipe)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes key=value; got {setting!r}.")
        matches = [p for p in paths if p == key or p.split(".")[-1] == key]
        if key in paths:
            matches = [key]
        if len(matches) != 1:
            problem = "is ambiguous" if matches else "is unknown"
            raise UsageError(
                f"The recipe key {key!r} {problem}; valid: "
                f"{', '.join(matches or paths)}."
            )
        *section, leaf = matches[0].split(".")
        target = content
        for part in section:
            target = target[part]
        try:
            target[leaf] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UsageError(f"--set {setting}: {error}") from error
    recipe = _from_dict(Recipe, content, "--set")
    validate(recipe)
    return recipe


def validate(recipe: Recipe) -> None:
    """Checks what types cannot.

    Raises:
      UsageError: with the field, its value and what would be right.
    """

    def require(good: bool, key: str, expected: str):
        if not good:
            value: typing.Any = recipe
            for part in key.split("."):
                value = getattr(value, part)
            raise UsageError(f"{key} must be {expected}; got {value!r}.")

    def one_of(key: str, *choices: str):
        value: typing.Any = recipe
        for part in key.split("."):
            value = getattr(value, part)
        require(value in choices, key, f"one of {', '.join(choices)}")

    for key in (
        "data.frame_rate",
        "data.max_seconds",
        "data.num_shards",
        "flow.scales",
        "flow.warps",
        "flow.saturation",
        "network.depth_multiplier",
        "network.min_depth",
        "train.steps",
        "train.batch_size",
        "train.learning_rate",
        "train.checkpoint_every",
    ):
        section, leaf = key.split(".")
        require(getattr(getattr(recipe, section), leaf) > 0, key, "above 0")
    require(recipe.seed >= 0, "seed", "0 or more")
    require(recipe.clip.frames >= 0, "clip.frames", "0 (automatic) or more")
    require(recipe.clip.size >= 0, "clip.size", "0 (automatic) or more")
    require(
        recipe.data.short_side == 0 or recipe.data.short_side >= 16,
        "data.short_side",
        "0 (automatic) or at least 16",
    )
    require(
        1 <= recipe.data.jpeg_quality <= 100, "data.jpeg_quality", "1 to 100"
    )
    require(0 <= recipe.data.test_share < 1, "data.test_share", "in [0, 1)")
    require(0 <= recipe.network.dropout < 1, "network.dropout", "in [0, 1)")
    require(recipe.distill.weight >= 0, "distill.weight", "0 or more")
    one_of("network.model", "s3dg")
    one_of("flow.algorithm", "tvl1")
    one_of("train.optimizer", "sgd", "adam")
    one_of("train.stream", "flow", "rgb")
    one_of("distill.teacher_stream", "flow", "rgb")
    one_of(
        "train.mixed_precision", "float32", "mixed_float16", "mixed_bfloat16"
    )
    if recipe.data.short_side and recipe.clip.size:
        require(
            recipe.clip.size <= recipe.data.short_side,
            "clip.size",
            f"at most data.short_side ({recipe.data.short_side})",
        )
    if recipe.toy:
        require(
            recipe.clip.frames <= recipe.toy.num_frames,
            "clip.frames",
            f"at most toy.num_frames ({recipe.toy.num_frames})",
        )
        require(
            recipe.data.short_side == recipe.toy.size,
            "data.short_side",
            f"toy.size ({recipe.toy.size})",
        )
        require(
            not recipe.clip.flip,
            "clip.flip",
            "false with toy data, where left and right are classes",
        )


def _paths(config, prefix: str = "") -> list[str]:
    paths = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            paths += _paths(value, f"{prefix}{field.name}.")
        else:
            paths.append(prefix + field.name)
    return paths


def _from_dict(cls, content: dict, source: str, prefix: str = ""):
    hints = typing.get_type_hints(cls)
    unknown = sorted(set(content) - set(hints))
    if unknown:
        raise UsageError(
            f"{source}: unknown key {prefix}{unknown[0]}; valid: "
            f"{', '.join(prefix + name for name in hints)}."
        )
    values = {
        key: _typed(hints[key], value, source, prefix + key)
        for key, value in content.items()
    }
    try:
        return cls(**values)
    except TypeError as error:
        raise UsageError(f"{source}: {prefix or 'recipe'}: {error}") from error


def _typed(hint, value, source: str, key: str):
    choices = (
        typing.get_args(hint)
        if isinstance(hint, types.UnionType)
        else (hint,)
    )
    if value is None and type(None) in choices:
        return None
    (kind,) = (c for c in choices if c is not type(None))
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        return _from_dict(kind, value, source, key + ".")
    if kind is float and type(value) is int:
        return float(value)
    # YAML reads 1e-4 (no dot) as a string; it is meant as a number.
    if kind is float and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    if type(value) is not kind:
        raise UsageError(
            f"{source}: {key} must be of type {kind.__name__}; got {value!r}."
        )
    return value
