"""The ladder in words and as a figure."""

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.expand.candidates import Candidate
from d3d_tf.expand.page import write_page
from d3d_tf.models.x3d.expansion import Size

FIRST = Size(1, 48, 112, 2.0, 1.0, 1.0)


def one(step, axis, size, millions, value):
    return Candidate(
        step=step,
        axis=axis,
        size=size,
        multiply_adds=millions * 10**6,
        entry={"value": value, "n": 100, "ci95": [value - 0.1, value + 0.1]},
        measure="top1",
        metric=Metric("top-1"),
        run=f"step{step}-{axis}",
    )


def test_what_was_kept_is_bold(tmp_path):
    ladder = [
        one(0, "", FIRST, 21, 0.4),
        one(1, "fast", FIRST._replace(frames=2, stride=24.0), 41, 0.6),
    ]
    tried = [*ladder, one(1, "width", FIRST._replace(width=2.9), 40, 0.5)]
    results = {
        "recipe": {"name": "a < b", "expand": {"budget": 2.0}},
        "recipe_hash": "feed",
        "dataset": "beef",
    }
    text = write_page(
        tmp_path / "expand.html", results, ladder, tried
    ).read_text()
    assert text.count('<tr class="kept">') == 2
    assert text.count("<tr>") == 2  # The head, and what was not kept.
    assert "2 x 24" in text and "60.0 [50.0, 70.0]" in text
    assert "width, step 1" in text and "<svg" in text
    assert "a &lt; b" in text
