"""results.json of the toy run, recomputed from the saved scores."""

import math

import numpy as np
import pytest
import yaml

import d3d_tf
from d3d_tf import config, processor
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.experiment.results_json import Table, describe_views
from d3d_tf.experiment.rows import Row

ROLES = ("teacher", "baseline", "two_stream", "student", "ensemble")
SPLITS = ("same_colours", "shuffled_colours")


@pytest.fixture(scope="module")
def results(toy):
    return toy.run.read_results()


def load(toy, role, split):
    with np.load(toy.run.scores(role, split)) as content:
        return dict(content)


def test_head(toy, results):
    """Who made it, of what: the contract, section 2."""
    assert {
        "recipe",
        "recipe_hash",
        "code_version",
        "seed",
        "dataset",
        "protocol",
        "metrics",
        "per_class",
        "wall_seconds",
    } <= results.keys()
    saved = yaml.safe_load((toy.run.folder / "recipe.yaml").read_text())
    assert results["recipe"] == saved
    assert results["code_version"] == d3d_tf.__version__
    assert results["seed"] == 0
    info = toy.dataset().info
    assert results["dataset"] == {
        "name": "toy",
        "digest": info["digest"],
        "num_videos": 32,
    }
    assert results["flow"] == info["flow"]
    assert results["flow_recipe"] == config.digest(info["flow"])
    assert results["flow_mismatch"] is None
    assert len(results["recipe_hash"]) == 16
    assert 0 < results["wall_seconds"] < 600


@pytest.mark.parametrize(
    "settings, text, shorter",
    [
        # Videos have 5 frames.
        ([], "4 frames at", 0),
        (["stride=2", "frames=3"], "3 frames (2 apart) at", 0),
        (["evaluation.clip_frames=6"], "6 frames at", 8),
        (
            ["sampling=segments"],
            "4 frames (one of each of as many parts) at",
            0,
        ),
        (
            ["sampling=segments", "evaluation.clip_frames=6"],
            "6 frames (one of each of as many parts) at",
            8,
        ),
    ],
)
def test_views_in_words(toy, settings, text, shorter):
    recipe = config.override(toy.recipe, settings)
    words = describe_views(recipe, toy.dataset(), ["shuffled_colours"])
    assert words.startswith(f"1 clip x 1 centre crop x {text} 25 fps")
    segments = "sampling=segments" in settings
    end = "show frames more than once" if segments else "at their end"
    assert words.endswith(end) == bool(shorter)
    assert (f"; {shorter} of 8 videos" in words) == bool(shorter)


@pytest.mark.parametrize(
    "settings, text",
    [
        ([], "2 clips (from the beginning to the end) x 3 crops x"),
        (
            ["spacing=equal_parts"],
            "2 clips (at the beginning of equal parts) x 3 crops x",
        ),
        (
            ["spacing=middles", "even_margins=true"],
            "2 clips (in the middle of equal parts) x 3 crops (as MMAction2's "
            "ThreeCrop) x",
        ),
        (["sampling=segments"], "2 clips x 3 crops x"),
    ],
)
def test_where_clips_are_in_words(toy, settings, text):
    more = ["evaluation.clips=2", "evaluation.crops=3", *settings]
    recipe = config.override(toy.recipe, more)
    assert describe_views(recipe, toy.dataset(), []).startswith(text)


def test_a_short_video_that_repeats_its_end_in_words(toy):
    more = ["clip_frames=6", "evaluation.past_the_end=repeat"]
    recipe = config.override(toy.recipe, more)
    words = describe_views(recipe, toy.dataset(), ["shuffled_colours"])
    assert words.endswith(
        "8 of 8 videos of shuffled_colours are shorter and repeat their end"
    )


def test_scaled_views_in_words(toy):
    recipe = config.override(
        toy.recipe,
        ["scaled_short_side=20", "clips=2", "evaluation.pooling=max"],
    )
    words = describe_views(recipe, toy.dataset(), [])
    size = toy.recipe.clip.size
    assert words.endswith(
        f"at 25 fps, {size} pixels of a short side of 20, max of the "
        "soft-max scores"
    )


def test_protocol_is_spelled_out(results):
    text = results["protocol"]
    for part in (
        "1 clip x 1 centre crop x 4 frames at 25 fps",
        "split shuffled_colours",
        "one clip of 4 frames, batch 1",
        f", {processor.description()}, 2 CPU replica",
    ):
        assert part in text
    assert "  " not in text  # Where the platform has no name of it.


def test_metric_names(results):
    names = {f"{role}/train_top1" for role in ROLES}
    names |= {
        f"{role}/{cost}"
        for role in ROLES
        for cost in ("parameters", "ms_per_video")
    }
    for top in ("top1", "top5"):
        names |= {f"{role}/{top}" for role in ROLES}
        names |= {f"{role}/{top}/{s}" for role in ROLES for s in SPLITS}
    assert results["metrics"].keys() == names


def wilson(right, n):
    """Both solutions p of (p - right/n)^2 = z^2 p (1 - p) / n."""
    z = 1.959964
    share = right / n
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share**2
    root = math.sqrt(b * b - 4 * a * c)
    return [(-b - root) / (2 * a), (-b + root) / (2 * a)]


@pytest.mark.parametrize("role", ["teacher", "baseline", "student"])
def test_accuracies(toy, results, role):
    """Right among 8 from the scores; the bare name is the hardest split."""
    for split in SPLITS:
        scores = load(toy, role, split)
        order = np.argsort(-scores["probabilities"], axis=1)
        for name, best in (("top1", 1), ("top5", 5)):
            right = sum(
                label in ranked[:best]
                for label, ranked in zip(scores["labels"], order, strict=True)
            )
            entry = results["metrics"][f"{role}/{name}/{split}"]
            assert entry["value"] == right / 8 and entry["n"] == 8
            assert entry["ci95"] == pytest.approx(wilson(right, 8), abs=1e-5)
    for name in ("top1", "top5"):
        assert (
            results["metrics"][f"{role}/{name}"]
            == results["metrics"][f"{role}/{name}/shuffled_colours"]
        )
    train = load(toy, role, "train")
    right = (train["probabilities"].argmax(1) == train["labels"]).mean()
    assert results["metrics"][f"{role}/train_top1"] == {"value": right, "n": 16}


def test_accuracy_of_a_pair(toy, results):
    """Mean soft-max score of teacher and baseline."""
    for pair, parts in (
        ("two_stream", ("teacher", "baseline")),
        ("ensemble", ("student", "baseline")),
    ):
        one, other = (load(toy, part, "same_colours") for part in parts)
        best = (one["probabilities"] + other["probabilities"]).argmax(1)
        value = (best == one["labels"]).mean()
        entry = results["metrics"][f"{pair}/top1/same_colours"]
        assert entry["value"] == value


def test_per_class_is_the_students(toy, results):
    """One video of each class in the hardest split."""
    scores = load(toy, "student", "shuffled_colours")
    best = scores["probabilities"].argmax(1)
    classes = toy.dataset().classes
    assert results["per_class"] == {
        classes[label]: {"value": float(best[i] == label), "n": 1}
        for i, label in enumerate(scores["labels"])
    }
    assert len(results["per_class"]) == 8


def test_each_row_is_saved_as_soon_as_it_exists(toy, copied_run, capsys):
    """After every row the file on disk holds it, and the screen shows it."""
    copied_run.results_path.unlink()
    table = Table(Experiment(toy.recipe, toy.dataset(), copied_run))
    views, digest = toy.recipe.evaluation, toy.dataset().info["digest"]
    there = set()
    for role, title in (("teacher", "Flow (teacher)"), ("student", "D3D (stu")):
        table.add(Row.load(role, toy.run, digest, views))
        there.add(role)
        metrics = copied_run.read_results()["metrics"]
        assert {name.split("/")[0] for name in metrics} == there
        assert capsys.readouterr().out.splitlines()[-1].startswith(title)
