"""The data benchmark's own arithmetic; its numbers are not tested."""

import json

from benchmarks.data import PAGE, RESULTS, markdown

ROWS = [
    ("centre crop", "d3d_tf", 30.0, 40.0),
    ("centre crop", "Model Garden", 20.0, 60.0),
    ("training", "d3d_tf", 18.0, 50.0),
    ("training", "Model Garden", 10.0, 80.0),
]
RESULT = {
    "processor": "P",
    "cores": 2,
    "load_before": 0.1,
    "preparation": {
        "videos": 8,
        "frames": 800,
        "decode_fps_per_core": 200.4,
        "prepare_fps_per_core": 8.25,
        "bytes_per_frame": {"rgb": 25_100.0, "flow": 14_900.0, "all": 40_500.0},
    },
    "reading": [
        {
            "task": task,
            "name": name,
            "clips_per_second": rate,
            "cpu_ms_per_clip": spent,
        }
        for task, name, rate, spent in ROWS
    ],
    "checking": {"opening_us": 12.0, "reading_us": 28.0},
    "waiting": [{"name": "teacher", "ms_per_step": 250.4, "waiting": 0.00123}],
}


def test_tables_by_hand():
    """30 / 20 and 60 / 40 are 1.5; 18 / 10 is 1.8, 80 / 50 is 1.6."""
    text = markdown(RESULT)
    assert "| centre crop | Model Garden | 20.0 | 60 |" in text
    assert (
        "Centre crop: 1.50 times the clips per second of the Model Garden's "
        "parser, 1.50 times by processor time."
    ) in text
    assert "Training: 1.80 times" in text and ", 1.60 times by" in text
    # 12 + 28 us are 0.04 ms, a thousandth of 40 ms.
    assert "takes 0.040 ms, 0.10 % of reading a clip." in text
    assert "| teacher | 250 | 0.12 % |" in text
    assert "both streams encoded | 8.2 |" in text
    assert "25.1 kB of RGB and 14.9 kB of flow" in text


def test_the_page_shows_the_results_that_are_kept():
    assert markdown(json.loads(RESULTS.read_text())) in PAGE.read_text()
