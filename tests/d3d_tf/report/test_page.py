"""The page shows its numbers, escapes text and needs no other file."""

import html.parser
import re

import jinja2
import pytest

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.report.page import render

CELL = {"value": 0.9, "n": 400, "ci95": [0.8668, 0.9257]}


FLOW = {
    "algorithm": "tvl1",
    "full": 2.6,
    "difference_full": 0.5,
    "wheel": "data:image/png;base64,AA",
    "scale": "data:image/png;base64,AB",
    "steps": [
        [
            {
                "title": "stored flow",
                "picture": "data:image/png;base64,AC",
                "caption": "leaves 1.5",
            }
        ]
    ],
    "difference": "mean 0.012 px",
    "missing": None,
}


def make_content(**changes):
    return {
        "title": "mine",
        "results": {
            "dataset": {"name": "ds", "digest": "d1", "num_videos": 7},
            "seed": 3,
            "wall_seconds": 12.4,
            "protocol": "1 clip",
            "per_class": {"jump": {"value": 0.25, "n": 4}},
            "recipe_hash": "h1",
            "flow_recipe": "f1",
            "code_version": "0.1.0",
        },
        "splits": ["test"],
        "metric": Metric("top-1"),
        "rows": [
            {
                "role": "student",
                "name": "D3D (student)",
                "cells": [CELL],
                "train": 0.985,
                "failed": False,
                "parameters": 1_234_567,
                "ms": 12.34,
            }
        ],
        "toy": None,
        "curves": ["<svg><path/></svg>"],
        "boxes": None,
        "features": None,
        "clips": [{"picture": "data:image/webp;base64,AA", "caption": "c1"}],
        "flow": FLOW,
        "mistakes": [],
        "classes": {
            "accuracy": "<svg><path/></svg>",
            "difference": "<svg><path/></svg>",
            "summary": "3 of 5 better",
        },
        "skipped": [],
        "recipe": "name: mine\n",
    } | changes


class Reader(html.parser.HTMLParser):
    """Text, tags and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self.links = "", [], []
        self.feed(page)

    def handle_data(self, data):
        self.text += data

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in ("src", "href")]


def words(page):
    return re.sub(r"\s+", " ", Reader(page).text)


def test_the_numbers_are_there():
    text = words(render(**make_content()))
    for part in (
        "7 videos of ds, seed 3, 12 s.",
        "90.0 % [86.7, 92.6]n = 400",
        "98.5 %",
        "1,234,567",
        "12.3",
        "jump25.0 %4",
        "None on test.",
        "Data left out Nothing.",
        "name: mine",
        "h1",
        "f1",
        "d1",
    ):
        assert part in text


def test_the_page_needs_no_other_file():
    page = Reader(render(**make_content()))
    assert page.links
    assert all(link.startswith("data:") for link in page.links)
    assert not {"script", "link", "iframe"} & set(page.tags)


def test_curves_are_drawn_and_not_shown_as_text():
    page = render(**make_content())
    assert Reader(page).tags.count("svg") == 3
    assert "3 of 5 better." in page


def test_of_features_there_are_no_clips():
    """But a table of rare and frequent classes, if there are scores."""
    group = {"name": "rarest 9", "videos": "1 to 3", "values": [12.34, 5.0]}
    features = {"names": ["All", "Some"], "groups": [group]}
    changes = {"features": features, "clips": [], "flow": None}
    changes |= {"mistakes": None, "toy": {"cue": 0.9}}
    text = words(render(**make_content(**changes)))
    assert "Rare and frequent classes" in text
    assert "AllSome rarest 91 to 312.35.0 " in text
    for title in "Clips beside", "Optical flow", "Keyframes", "spurious cue":
        assert title not in text
    none = {"names": [], "groups": []}
    text = words(render(**make_content(**changes | {"features": none})))
    assert "Rare and frequent" not in text and "Clips beside" not in text


def test_without_a_baseline_nothing_is_compared():
    classes = {
        "accuracy": "<svg><path/></svg>",
        "difference": "",
        "summary": "",
    }
    page = Reader(render(**make_content(classes=classes)))
    assert page.tags.count("svg") == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "<script>x</script>"},
        {"splits": ["<script>x</script>"]},
        {"skipped": [{"path": "<script>x</script>", "skipped": "why"}]},
        {"clips": [{"picture": "data:,", "caption": "<script>x</script>"}]},
        {"mistakes": [{"picture": "data:,", "caption": "<script>x</script>"}]},
        {"recipe": "name: <script>x</script>"},
        {"flow": FLOW | {"difference": None, "missing": "<script>x</script>"}},
    ],
)
def test_text_of_the_user_is_escaped(changes):
    page = Reader(render(**make_content(**changes)))
    assert "script" not in page.tags
    assert "<script>x</script>" in page.text


def test_only_a_failed_row_is_marked():
    content = make_content()
    assert "did not converge" not in words(render(**content))
    content["rows"][0]["failed"] = True
    assert words(render(**content)).count("did not converge") == 1


def test_what_was_left_out_is_listed():
    skipped = [{"path": "a/b.mp4", "skipped": "empty file"}]
    text = words(render(**make_content(skipped=skipped)))
    assert "a/b.mp4: empty file" in text


def test_the_toy_is_explained_only_where_it_is_the_data():
    assert "Kinetics was not run" not in words(render(**make_content()))
    text = words(render(**make_content(toy={"cue": 0.9})))
    assert "90 % of the clips" in text


def test_flow_is_shown_with_its_scales():
    page = render(**make_content())
    for part in (
        "fullest at 2.6 px per frame",
        "to 0.5 px or more",
        "difference of these two: mean 0.012 px.",
        "stored flowleaves 1.5",
    ):
        assert part in words(page)
    assert "another algorithm" not in words(page)
    (figure,) = FLOW["steps"][0]
    shown = {FLOW["wheel"], FLOW["scale"], figure["picture"]}
    assert shown <= set(Reader(page).links)


def test_another_algorithm_is_named():
    flow = FLOW | {"algorithm": "farneback"}
    text = words(render(**make_content(flow=flow)))
    assert "this data set's flow is another algorithm, farneback" in text


def test_imported_flow_is_not_said_to_be_computed_again():
    flow = FLOW | {"algorithm": "imported"}
    text = words(render(**make_content(flow=flow)))
    assert "was imported and cannot be computed again. Endpoint" in text
    assert "it is computed again" not in text


def test_without_a_reference_the_page_says_why():
    flow = FLOW | {"difference": None, "missing": "no optflow."}
    page = render(**make_content(flow=flow))
    assert "No comparison with OpenCV's TV-L1: no optflow." in words(page)
    assert FLOW["scale"] not in page
    assert "stored flowleaves 1.5" in words(page)


def test_single_frames_have_no_flow():
    text = words(render(**make_content(flow=None)))
    assert "Optical flow A clip is a single frame" in text


@pytest.mark.parametrize("name", make_content())
def test_missing_content_is_an_error(name):
    content = make_content()
    del content[name]
    with pytest.raises(jinja2.UndefinedError, match=name):
        render(**content)


def test_keyframes_have_their_legend():
    colours = {"right": "#0a0", "wrong": "#a00", "missed": "#aa0"}
    page = render(**make_content(boxes=colours))
    assert "Keyframes" in words(page) and "beside their flow" not in page
    for colour in colours.values():
        assert f"background: {colour}" in page
    assert "Keyframes" not in words(render(**make_content()))
