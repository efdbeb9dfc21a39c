"""Files of a few keyframes, and the line of the page."""

import pytest

from benchmarks.detections import PAGE, markdown, measure, write_files
from d3d_tf.detection.rows import read_rows


def test_rows_come_from_the_best_down(tmp_path):
    """Three persons in two keyframes: 2 actions are true, 58 are scored."""
    write_files(tmp_path, 2)
    truth = read_rows(tmp_path / "truth.csv")
    found = read_rows(tmp_path / "found.csv")
    assert (len(truth), len(found)) == (2 * 3 * 2, 2 * 3 * 58)
    scores = found.last.reshape(2, -1)
    assert (scores[:, 1:] <= scores[:, :-1]).all()


@pytest.mark.large
def test_both_in_processes_of_their_own():
    results = measure(20, 10)
    assert (results["keyframes"], results["rows"]) == (20, 20 * 3 * 58)
    compared = results.get("compared")
    assert compared is None or compared["gap"] < 1e-10


def test_the_page():
    spent = {"seconds": 20.4, "gigabytes": 3.21}
    results = {
        "keyframes": 57371,
        "rows": 9982554,
        "ours": spent,
        "cores": 2,
        "processor": "A machine",
    }
    assert markdown(results) == (
        "9,982,554 rows on 57,371 keyframes: 20 s and 3.2 GB. A machine, 2 "
        "cores."
    )
    compared = {
        "keyframes": 5000,
        "ours": spent,
        "official": spent | {"seconds": 61},
        "gap": 0.0,
    }
    text = markdown(results | {"compared": compared})
    assert (
        "On 5,000 of them: 20 s and 3.2 GB; the official Python code, in "
        "SlowFast's copy, 61 s and 3.2 GB, and frame-mAP differs by 0e+00."
    ) in text
    assert PAGE.read_text().count("<!-- detections -->\n") == 1
