"""Every way of a video to a network shows it the same frames and pixels.

A video of 8 x 8 px blocks, whose grey rises with time, survives JPEG and a
lossless file to the unit. A network answers through records, `--mode=predict`
and each signature of its module; what it must answer is computed here from the
grey levels, the indices of the frames and (value - mean) / std.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.commands.predict import class_probabilities
from d3d_tf.config import Recipe, override
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.experiment.export import export_run
from d3d_tf.hub_export.client.clip import encoded_clip
from d3d_tf.hub_export.client.module_info import read_module_info
from d3d_tf.models import make_network
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Origin, Run
from d3d_tf.runs.from_module import module_run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.training.checkpoints import save_finished
from d3d_tf.training.scoring import Shown, compile_forward, score_split
from tests.harness import (
    Video,
    grey_frames,
    place_codes,
    randomize,
    softmax,
    write_lossless,
    write_records,
)
from tests.toy_run import TINY

RATE, LENGTH = 10, 20
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's.
IMAGENET = [f"pixel_mean={[*MEAN]}", f"pixel_std={[*STD]}"]
LABELS = ["class0", "class1", "class2"]
# Of 20 frames: the middle 4, those of a span of 10 from (20 - 10) // 2, and
# the middles of 0 to 4, 5 to 9 and so on.
WAYS = {
    "dense": ([], [8, 9, 10, 11]),
    "stride": (["clip.stride=3"], [5, 8, 11, 14]),
    "segments": (["clip.sampling=segments"], [2, 7, 12, 17]),
}
# By way: `frame_rate`, `stride` and `sampling` of module.json.
TOLD = {
    "dense": (10, 1, "dense"),
    "stride": (10 / 3, 3, "dense"),
    "segments": (10, 1, "segments"),
}


def levels():
    """`[time, 3, 3]`: one grey per block, of no frame like another."""
    time, row, column = np.ogrid[:LENGTH, :3, :3]
    return 20 + 10 * time + 5 * row - 3 * column


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """A file, and records of it."""
    folder = tmp_path_factory.mktemp("video")
    frames = grey_frames(levels())
    write_lossless(folder / "ramp.mkv", frames, RATE)
    codes = place_codes(LENGTH, 24, 24)
    videos = [Video(f"v{k}", k, frames, codes, "test") for k in range(3)]
    records = write_records(folder / "records", videos)
    return folder / "ramp.mkv", open_dataset(records)


def start(folder, settings):
    """A run with a finished student that nobody trained."""
    recipe = override(
        Recipe(name="ways"),
        [
            "clip.frames=4",
            "clip.size=16",
            "clip.flip=false",
            "data.short_side=24",
            f"data.frame_rate={RATE}",
            *(f"network.{key}={value}" for key, value in TINY.items()),
            *settings,
        ],
    )
    run = Run(folder)
    run.start(recipe, LABELS, Origin(records=None, flow={}))
    network = make_network(recipe.network, 3, "frames")
    randomize(network, seed=1)
    save_finished(network, run.checkpoints(STUDENT), {})
    return run


def expected_clip(indices, mean, std):
    """`[1, 4, 16, 16, 3]`, from the levels alone."""
    frames = grey_frames(levels())[indices, 4:20, 4:20]
    return np.float32((frames / 255 - mean) / std)[None]


@pytest.fixture(scope="module", params=WAYS)
def case(request, tmp_path_factory):
    """Name, run, and logits `[1, 3]` of the truth."""
    settings, indices = WAYS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    run = start(folder / "run", [*IMAGENET, *settings])
    network = load_checkpoint(run.folder)

    def answer(shown, mean=MEAN, std=STD):
        return network(expected_clip(shown, mean, std)).numpy()

    logits = answer(indices)
    # Pixels in [-1, 1] or the frames before have another answer.
    for other in (
        answer(indices, 0.5, 0.5),
        answer([i - 1 for i in indices]),
        *(answer(shown) for _, shown in WAYS.values() if shown != indices),
    ):
        assert np.abs(other - logits).max() > 0.03
    return request.param, run, logits


@pytest.fixture(scope="module")
def module(case):
    """The exported run."""
    return export_run(case[1], load_checkpoint(case[1].folder))


# An export takes seconds.
exported = pytest.mark.parametrize(
    "case",
    [
        "stride",
        pytest.param("dense", marks=pytest.mark.large),
        pytest.param("segments", marks=pytest.mark.large),
    ],
    indirect=True,
)


def test_through_records(case, video):
    _, run, logits = case
    network = load_checkpoint(run.folder)
    data = make_dataset(
        video[1],
        "test",
        run.recipe().clip,
        batch_size=1,
        training=False,
        streams=("frames",),
        pixels=network.pixels,
    )
    inputs, _ = next(iter(data))
    np.testing.assert_allclose(network(inputs["frames"]), logits, atol=1e-5)


def test_through_scores(case, video):
    _, run, logits = case
    network = load_checkpoint(run.folder)
    shown = Shown(run.recipe().clip, "frames", 2, pixels=network.pixels)
    found = score_split(
        compile_forward(network.folded()),
        video[1],
        "test",
        shown,
        title="scoring",
    ).probabilities
    expected = np.repeat(softmax(logits), 3, axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_through_predict(case, video):
    _, run, logits = case
    found = class_probabilities(run, STUDENT, str(video[0]))
    np.testing.assert_allclose(found, softmax(logits)[0], atol=1e-5)


@exported
def test_through_the_module(case, module, video):
    """The client's frames, and floats and bytes of the same frames."""
    name, _, logits = case
    info = read_module_info(module)
    pictures = encoded_clip(
        video[0], info, frames=info.frames, frame_rate=info.frame_rate
    )
    shown = grey_frames(levels())[WAYS[name][1], 4:20, 4:20][None]
    signatures = tf.saved_model.load(str(module)).signatures
    for signature, frames in (
        ("serving_default", np.float32(shown / 255)),
        ("frames_uint8", shown),
        ("frames_encoded", [pictures]),
    ):
        answer = signatures[signature](frames=tf.constant(frames))
        np.testing.assert_allclose(answer["logits"], logits, atol=1e-5)


@exported
def test_what_the_run_and_the_module_say(case, module):
    name, run, _ = case
    said = json.loads((module / "module.json").read_text())
    assert said["pixels"] == {"mean": [*MEAN], "std": [*STD]}
    keys = ("frame_rate", "stride", "sampling")
    assert tuple(said[key] for key in keys) == TOLD[name]
    assert said["video_frame_rate"] == RATE
    again = override(Recipe(name="ways"), IMAGENET).network.pixels
    assert run.recipe().network.pixels == again
    words = "one of each of so many" if name == "segments" else "per second"
    assert words in (module / "README.md").read_text()


@exported
def test_through_a_run_of_the_module(
    case, module, video, tmp_path, monkeypatch
):
    """Its recipe has pixels, stride and sampling, and the records' rate."""
    _, run, logits = case
    monkeypatch.setenv("D3D_TF_CACHE", str(tmp_path))
    made = module_run(module)
    ours, theirs = run.recipe(), made.recipe()
    assert theirs.network == ours.network
    assert theirs.clip.span == ours.clip.span
    assert theirs.clip.sampling == ours.clip.sampling
    assert theirs.data.frame_rate == RATE
    found = class_probabilities(made, STUDENT, str(video[0]))
    np.testing.assert_allclose(found, softmax(logits)[0], atol=1e-5)


@pytest.mark.large
@pytest.mark.parametrize("case", ["stride"], indirect=True)
def test_through_another_process(case, video):
    """The command, which has nothing but the run folder."""
    _, run, logits = case
    words = ["--mode=predict", f"--data={video[0]}"]
    done = subprocess.run(
        [sys.executable, "-m", "d3d_tf.main", *words]
        + [f"--checkpoint={run.folder}"],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = dict(
        line.split(" %  ")[::-1] for line in done.stdout.splitlines()[-3:]
    )
    for label, probability in zip(LABELS, softmax(logits)[0], strict=True):
        assert float(shown[label]) == pytest.approx(100 * probability, abs=0.06)
