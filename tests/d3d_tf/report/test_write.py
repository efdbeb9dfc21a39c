"""The report page of the toy run."""

import re

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.report import write
from d3d_tf.report.write import write_report


@pytest.fixture(scope="module")
def page(toy):
    return toy.run.report_path.read_text()


def test_it_says_what_results_json_says(toy, page):
    metrics = toy.run.read_results()["metrics"]
    for role, name in (
        ("teacher", "Flow (teacher)"),
        ("baseline", "RGB (baseline)"),
        ("two_stream", "Two-stream"),
        ("student", "D3D (student)"),
        ("ensemble", "D3D + RGB"),
    ):
        assert name in page
        for split in ("same_colours", "shuffled_colours"):
            value = metrics[f"{role}/top1/{split}"]["value"]
            assert f"{100 * value:.1f}" in page
    # 3 steps teach nobody; the page says so.
    assert page.count("did not converge") >= 3


def test_it_needs_nothing_beside_it(page):
    """Pictures and curves are inside; nothing is fetched."""
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert sources and all(s.startswith(("data:", "#")) for s in sources)
    assert "<svg" in page and "<script src" not in page


def test_clips_of_every_class(toy, page):
    """A moving picture per class of the hardest split, with its label."""
    pictures = page.count("data:image/webp;base64,")
    assert 8 <= pictures <= 16
    for name in toy.dataset().classes:
        assert name in page
    assert "student says" in page


def test_the_recipe_is_on_it(toy, page):
    assert "learning_rate: 0.002" in page


def test_flow_is_compared_with_the_reference(page):
    """Three pairs of a clip of four frames, each with four pictures more."""
    section = page.split("<h2>Optical flow</h2>")[1].split("<h2>")[0]
    assert "One clip of <i>shuffled_colours</i>" in section
    assert section.count("data:image/png;base64,") == 2 + 3 * 5
    for number in (1, 2, 3):
        assert f"frame {number} of 4" in section


@pytest.fixture(scope="module")
def captured(toy):
    """What the page is made of, by name."""
    given = {}

    def render(**content):
        given.update(content)
        return "page"

    def curves(histories, key, label):
        given.setdefault("histories", histories)
        return key, label

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "render", render)
        patch.setattr(write, "curves", curves)
        patch.setattr(write, "write_atomically", lambda path, content: None)
        patch.setattr(write, "clip_picture", lambda *clip: clip)
        patch.setattr(write, "flow_section", lambda *clip: clip)
        assert write_report(toy.run, toy.dataset()) == toy.run.report_path
    return given


def test_curves_are_of_loss_and_accuracy(toy, captured):
    """Every network trained here, from its history.csv."""
    assert captured["curves"] == [
        ("loss", "loss"),
        ("top1", "training top-1"),
    ]
    histories = captured["histories"]
    assert list(histories) == [
        "Flow (teacher)",
        "RGB (baseline)",
        "D3D (student)",
    ]
    lines = (
        (toy.run.checkpoints("teacher") / "history.csv")
        .read_text()
        .splitlines()
    )
    columns = lines[0].split(",")
    for key in ("loss", "top1"):
        assert histories["Flow (teacher)"][key] == [
            float(line.split(",")[columns.index(key)]) for line in lines[1:]
        ]


def test_curves_end_at_the_last_step(captured):
    """3 steps, a row every 2: rows are of steps 2 and 3."""
    for history in captured["histories"].values():
        assert history["step"] == [2, 3]


def test_clips_are_right_or_wrong_as_scored(toy, captured):
    """Captions and sorting follow the student's saved scores."""
    with np.load(toy.run.scores("student", "shuffled_colours")) as scores:
        best = scores["probabilities"].argmax(1)
        wrong = int((best != scores["labels"]).sum())
        highest = scores["probabilities"].max(1)
    assert len(captured["mistakes"]) == wrong
    assert len(captured["clips"]) == 8 - wrong
    percents = sorted(
        int(re.search(r"\((\d+) %\)", clip["caption"])[1])
        for clip in captured["clips"] + captured["mistakes"]
    )
    assert percents == sorted(int(f"{100 * p:.0f}") for p in highest)
    for clip in captured["clips"]:
        truth, said = re.match(
            r"(\w+): student says (\w+)", clip["caption"]
        ).groups()
        assert truth == said


def test_clips_are_pixels_and_flow(captured):
    frames, flow = captured["mistakes"][0]["picture"]
    assert frames.dtype == np.uint8 and frames.shape == (4, 16, 16, 3)
    assert frames.max() > 60
    assert flow.shape == (4, 16, 16, 2)


def test_flow_is_that_of_the_first_clip(toy, captured):
    """In pixels and not in 20 px, and by the recipe."""
    frames, stored, recipe = captured["flow"]
    assert recipe == toy.recipe.flow
    clips = captured["clips"] + captured["mistakes"]
    same = [
        flow
        for clip_frames, flow in (clip["picture"] for clip in clips)
        if np.array_equal(clip_frames, frames)
    ]
    np.testing.assert_array_equal(stored, 20 * same[0])


def test_only_successive_frames_are_shown(toy):
    """Clips of 7 of videos of 5 begin again after 5."""
    recipe = config.override(toy.recipe, ["toy.num_frames=7", "clip.frames=7"])
    frames, _ = write._first_clip(toy.dataset(), recipe, "same_colours")
    assert len(frames) == 5


def test_flow_is_shown_of_every_stored_frame(toy):
    """It leads to the next of them, whatever the network leaves out."""
    plain = write._first_clip(toy.dataset(), toy.recipe, "same_colours")
    changes = ["toy.num_frames=7", "clip.stride=2"]
    recipe = config.override(toy.recipe, changes)
    shown = write._first_clip(toy.dataset(), recipe, "same_colours")
    for one, other in zip(shown, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rows_of_results(toy, captured):
    metrics = toy.run.read_results()["metrics"]
    (row,) = (row for row in captured["rows"] if row["role"] == "student")
    assert row["cells"] == [
        metrics["student/top1/same_colours"],
        metrics["student/top1/shuffled_colours"],
    ]
    assert row["failed"] is True
    assert row["parameters"] == 343 * 3 * 4 + 64
    assert captured["splits"] == ["same_colours", "shuffled_colours"]
    assert captured["skipped"] == []
