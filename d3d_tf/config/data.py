"""The sections of a recipe that say how records are made.

`FlowRecipe` and `DataRecipe` are hashed into the names of record folders: a new
field that is neither `Later` nor `Elsewhere` would prepare everybody's videos
again.
"""

import dataclasses
import re
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, model_validator

from d3d_tf.sections import (
    Elsewhere,
    Expected,
    Flag,
    Later,
    NotNegative,
    Number,
    OneOf,
    Positive,
    PositiveWhole,
    Share,
    Text,
    Whole,
    require,
    section,
)
from d3d_tf.tfrecords.layouts import LAYOUTS


@section
class FlowRecipe:
    """How optical flow is computed and stored; any change is another flow.

    Defaults are those of OpenCV's DualTVL1 (Zach, Pock, Bischof 2007), the
    paper's flow (D3D, section 3.1), and +-20 px (the I3D authors' README).
    """

    algorithm: Annotated[
        str, OneOf("tvl1", "dis", "farneback", "imported", "none")
    ] = "tvl1"
    """`tvl1`; for quick work `dis` or `farneback` (OpenCV's), which read none
    of TV-L1's parameters and are another flow; `none`: records of RGB alone."""
    backend: Annotated[str, OneOf("cpu", "opencv", "tensorflow")] = "cpu"
    """The implementation that computes TV-L1."""
    tau: Positive = 0.25
    lambda_: Positive = 0.15
    theta: Positive = 0.3
    scales: PositiveWhole = 5
    scale_step: Annotated[Number, Gt(0), Lt(1)] = 0.8
    warps: PositiveWhole = 5
    epsilon: Positive = 0.01
    inner_iterations: PositiveWhole = 30
    outer_iterations: PositiveWhole = 10
    median_filtering: Annotated[int, OneOf(0, 1, 3, 5)] = 5
    """Pixels; 0 and 1: none. OpenCV's median filter of float pictures has no
    other sizes."""
    saturation: Positive = 20.0
    """Pixels per frame at which stored flow is clipped."""
    imported_codec: Text = ""
    """With the algorithm `imported`, the tool that wrote the flow; see
    `tfrecords/flow/codecs.py`."""
    imported_bound: Positive = 20.0
    """Pixels per frame at which that tool clipped."""

    @model_validator(mode="after")
    def _check(self):
        require(
            self.backend == "cpu" or self.algorithm == "tvl1",
            self,
            "backend",
            f"left alone with ~algorithm={self.algorithm}",
        )
        require(
            bool(self.imported_codec) == (self.algorithm == "imported"),
            self,
            "imported_codec",
            "given with ~algorithm=imported and only then",
        )
        return self


@section
class ToyRecipe:
    """The embedded videos; see `tfrecords/toy_videos.py`."""

    motions: Annotated[
        str, OneOf("directions", "headings", "persons", "topics")
    ] = "directions"
    """The classes: `directions`, or `headings` to fine-tune on; `persons`:
    several that move at once, with boxes, see `tfrecords/toy_persons.py`;
    `topics`: features instead of videos, see `tfrecords/toy_features.py`, of
    which the numbers of videos alone can be chosen."""
    size: PositiveWhole = 40
    """Height and width in pixels."""
    num_frames: PositiveWhole = 12
    train_videos: PositiveWhole = 768
    test_videos: PositiveWhole = 400
    cue: Annotated[Number, Ge(0), Le(1), Expected("in [0, 1]")] = 0.9
    """Share of the training videos whose hue gives the class away."""


def _short_side(value: int) -> int:
    if value and value < 16:
        raise ValueError
    return value


def _address(value: str) -> str:
    if value and not re.fullmatch(r"grpc://[^/\s]+:\d{1,5}", value):
        raise ValueError
    return value


@section
class DataRecipe:
    """From video files to records."""

    short_side: Annotated[
        Whole,
        AfterValidator(_short_side),
        Ge(0),
        Expected("0 (automatic) or at least 16"),
    ] = 256
    """Pixels of the stored frames' shorter side; 0: that of the smallest
    video, at most 256."""
    frame_rate: Positive = 25.0
    """Frames per second of the stored frames (D3D, as I3D: 25)."""
    max_seconds: Positive = 10.0
    """Longer videos are stored up to here (Kinetics clips: 10)."""
    jpeg_quality: Annotated[Whole, Ge(1), Le(100)] = 95
    """Of the stored RGB frames."""
    num_shards: PositiveWhole = 16
    """Files per split."""
    test_share: Share = 0.2
    """Share of each class's videos held out where the folder has no split of
    its own."""
    layout: Annotated[str, OneOf(*LAYOUTS)] = "folders"
    """How the videos and their list are laid out; see docs/datasets.md."""
    split: Annotated[int, OneOf(1, 2, 3)] = 1
    """Which of the official splits of UCF-101 and HMDB-51."""
    max_decode_seconds: Positive = 300.0
    """A video whose decoding takes longer is left out."""
    square_pixels: Flag = True
    """Bring videos whose pixels are wider than high, or higher than wide, to
    the shape in which players show them; else the stored pixels are kept."""
    first_second: Annotated[NotNegative, Later()] = 0.0
    """With `layout=ava`, the second of the original videos at which the files
    begin: 900 where only the annotated quarter of an hour was cut out."""
    picture_rate: Annotated[Positive, Later()] = 30.0
    """Frames per second in folders of pictures (AVA, Something-Something)."""
    service: Annotated[
        Text,
        AfterValidator(_address),
        Expected("empty or grpc://HOST:PORT"),
        Elsewhere(),
    ] = ""
    """A dispatcher of tf.data service, whose input workers decode the clips of
    a training; see docs/clusters.md."""


def data_as_saved(content: dict) -> dict:
    """A saved `data` section with what it meant before a field existed.

    A section that has all fields of version 0.1.0 but not `square_pixels` was
    saved when stored pixels were always kept. What a user writes by hand is
    partial, and gets the defaults of today.
    """
    fields = dataclasses.fields(DataRecipe)
    others = {field.name for field in fields}
    others -= {"square_pixels", "first_second", "picture_rate", "service"}
    if others == set(content):
        return {"square_pixels": False} | content
    return content
