"""Files of a few keyframes, and the line of the page."""

import pytest

from benchmarks.detections import PAGE, markdown, measure, write_files
from d3d_tf.detection.rows import read_rows


def test_rows_come_from_the_best_down(tmp_path):
    """Three persons in two keyframes: 2 actions are true, 58 are scored."""
    truth, found = map(read_rows, write_files(tmp_path, 2))
    assert (len(truth), len(found)) == (2 * 3 * 2, 2 * 3 * 58)
    scores = found.last.reshape(2, -1)
    assert (scores[:, 1:] <= scores[:, :-1]).all()


@pytest.mark.large
def test_both_in_processes_of_their_own():
    results = measure(20)
    assert (results["keyframes"], results["rows"]) == (20, 20 * 3 * 58)
    theirs = results["official"]
    assert theirs is None or theirs["gap"] < 1e-10


def test_the_page():
    spent = {"seconds": 20.4, "gigabytes": 3.21}
    results = {
        "keyframes": 57371,
        "rows": 9982554,
        "ours": spent,
        "official": spent | {"gap": 0.0},
        "cores": 2,
        "processor": "a machine",
    }
    assert markdown(results) == (
        "9,982,554 rows on 57,371 keyframes: 20 s and 3.2 GB, the official "
        "Python code (as SlowFast has it) 20 s and 3.2 GB, frame-mAP differs "
        "by 0e+00. On a machine, 2 cores."
    )
    text = markdown(results | {"official": None})
    assert text.endswith("3.2 GB. On a machine, 2 cores.")
    assert PAGE.read_text().count("<!-- detections -->\n") == 1
