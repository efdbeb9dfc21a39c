"""What an experiment is: frozen, typed dataclasses; imports nothing heavy."""

import dataclasses
import hashlib
import json


@dataclasses.dataclass(frozen=True)
class FlowRecipe:
    """How optical flow is computed and stored; any change is another flow.

    Defaults are those of OpenCV's DualTVL1 (Zach, Pock, Bischof 2007), the
    paper's flow (D3D, section 3.1), and +-20 px (the I3D authors' README).

    Attributes:
      algorithm: `tvl1`; for quick work `dis` or `farneback` (OpenCV's), which
        read none of TV-L1's parameters and are another flow.
      backend: what computes TV-L1: `cpu`, `opencv` or `tensorflow`.
      imported_codec: with the algorithm `imported`, the tool that wrote the
        flow; see `tfrecords/flow/codecs.py`.
      imported_bound: pixels per frame at which that tool clipped.
    """

    algorithm: str = "tvl1"
    backend: str = "cpu"
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
    imported_codec: str = ""
    imported_bound: float = 20.0


@dataclasses.dataclass(frozen=True)
class ToyRecipe:
    """The embedded videos; see `tfrecords/toy_videos.py`.

    Attributes:
      motions: what the classes are, `directions`, or `headings` to fine-tune
        on.
    """

    motions: str = "directions"
    size: int = 40
    num_frames: int = 12
    train_videos: int = 768
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
      layout: how the videos and their list are laid out; see docs/datasets.md.
      split: which of the official splits of UCF-101 and HMDB-51, 1 to 3.
      max_decode_seconds: a video whose decoding takes longer is left out.
      square_pixels: bring videos whose pixels are wider than high, or higher
        than wide, to the shape in which players show them; else the stored
        pixels are kept.
    """

    short_side: int = 256
    frame_rate: float = 25.0
    max_seconds: float = 10.0
    jpeg_quality: int = 95
    num_shards: int = 16
    test_share: float = 0.2
    layout: str = "folders"
    split: int = 1
    max_decode_seconds: float = 300.0
    square_pixels: bool = True


def data_as_saved(section: dict) -> dict:
    """A saved `data` section with what it meant before a field existed.

    A section that has all other fields but not `square_pixels` was saved when
    stored pixels were always kept. What a user writes by hand is partial, and
    gets the defaults of today.
    """
    others = {field.name for field in dataclasses.fields(DataRecipe)}
    others -= {"square_pixels"}
    return (
        {"square_pixels": False} | section
        if others == set(section)
        else section
    )


@dataclasses.dataclass(frozen=True)
class ClipRecipe:
    """What a network sees of a video.

    Attributes:
      frames: length in time; 0: of the shortest video, at most 64.
      size: height and width in pixels; 0: 7/8 of the stored short side (224
        of 256 in the paper), rounded down to a multiple of 16.
      flip: mirror half of the training clips; wrong where left and right are
        different classes.
      crop: of the training: `random`, anywhere, or `corners`, the multi-scale
        corner crops of TSN; see `data/geometry.py`.
      jitter_brightness, jitter_contrast, jitter_saturation, jitter_hue: most
        that the training clips' colours are changed; see `data/colour.py`.
    """

    frames: int = 64
    size: int = 224
    flip: bool = True
    crop: str = "random"
    jitter_brightness: float = 0.0
    jitter_contrast: float = 0.0
    jitter_saturation: float = 0.0
    jitter_hue: float = 0.0


@dataclasses.dataclass(frozen=True)
class EvaluationRecipe:
    """The views of a video that are scored; their soft-max scores are averaged.

    Default: one centre clip, one centre crop. S3D's full-length protocol is
    `clip_frames=250`: 10 s at 25 frames per second in one clip.

    Attributes:
      clips: spread evenly over the video, the first at its beginning and the
        last at its end; one: in the middle.
      crops: 1, in the middle, or 3 along the longer side.
      clip_frames: length of a clip; 0: that of the training clips.
    """

    clips: int = 1
    crops: int = 1
    clip_frames: int = 0


@dataclasses.dataclass(frozen=True)
class NetworkRecipe:
    """The network of both streams; names are those of its arguments.

    Attributes:
      model: `s3dg`, `s3d`, `i3d` or `s3dg_nonlocal`; see `networks.NETWORKS`.
      first_temporal_kernel: 1, 3, 5 or 7; None: the model's own (7 in I3D,
        else 3).
      temporal_conv_start_at: None: 3x3 convolutions see one frame everywhere.
      gating_start_at: None: no gates. S3D and I3D never have any.
      head_pooling: `overlapping` windows or one `global` mean.
      recompute: less memory in training for more time.
    """

    model: str = "s3dg"
    dropout: float = 0.2
    depth_multiplier: float = 1.0
    min_depth: int = 16
    first_temporal_kernel: int | None = None
    temporal_conv_start_at: str | None = "Conv2d_2c_3x3"
    gating_start_at: str | None = "Conv2d_2c_3x3"
    final_endpoint: str = "Mixed_5c"
    head_pooling: str = "overlapping"
    weight_decay: float = 1e-7
    batch_norm_momentum: float = 0.999
    synchronized_batch_norm: bool = False
    fan_in_initializer: bool = False
    recompute: bool = False


@dataclasses.dataclass(frozen=True)
class TrainRecipe:
    """One training; all networks of a run get the same.

    Attributes:
      stream: what `--mode=train` trains: `flow` (the teacher) or `rgb`.
      batch_size: clips per step over all replicas.
      optimizer: `sgd` with momentum, as in the paper, or `adam`.
      learning_rate: at the first step.
      schedule: how the rate falls; `cosine`, half of one to zero, or `steps`,
        to a tenth after 5/7 and to a hundredth after 6/7 of the steps.
      checkpoint_every: steps between checkpoints.
      mixed_precision: a Keras policy: float32, mixed_float16, mixed_bfloat16.
      deterministic: the same seed gives the same bits. Free on a CPU; on a GPU
        it picks slower kernels.
    """

    stream: str = "flow"
    steps: int = 140_000
    batch_size: int = 336
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    schedule: str = "cosine"
    momentum: float = 0.9
    checkpoint_every: int = 1000
    mixed_precision: str = "float32"
    deterministic: bool = True


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
class ExportRecipe:
    """What of a network a module holds.

    Attributes:
      kind: `classification`, `feature_vector` or `feature_map`.
      endpoint: where a `feature_map` ends, such as Mixed_4f.
    """

    kind: str = "classification"
    endpoint: str | None = None


@dataclasses.dataclass(frozen=True)
class FinetuneRecipe:
    """What `--mode=finetune` takes over and what of it stays as it is.

    Attributes:
      start: which network of the run it starts from: `student` (where there
        is none, its RGB network), or `baseline`.
      batch_norm: `train`: normalise with the batch's statistics, which the
        moving averages follow; `frozen`: with the averages of the start, which
        stay. Shifts are trained in both.
      freeze_to: endpoint up to which, itself included, nothing is trained,
        weights or statistics; None: everything is.
    """

    start: str = "student"
    batch_norm: str = "train"
    freeze_to: str | None = None


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A named experiment."""

    name: str
    seed: int = 0
    toy: ToyRecipe | None = None
    data: DataRecipe = DataRecipe()
    flow: FlowRecipe = FlowRecipe()
    clip: ClipRecipe = ClipRecipe()
    evaluation: EvaluationRecipe = EvaluationRecipe()
    network: NetworkRecipe = NetworkRecipe()
    train: TrainRecipe = TrainRecipe()
    distill: DistillRecipe = DistillRecipe()
    export: ExportRecipe = ExportRecipe()
    finetune: FinetuneRecipe = FinetuneRecipe()


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
