"""What Kinetics costs, by hand from round numbers."""

import json

import pytest

from benchmarks import scale
from benchmarks.scale import Machines, main, markdown, need

PREPARATION = {
    "prepare_fps_per_core": 10.0,
    "bytes_per_frame": {"rgb": 20_000.0, "flow": 10_000.0, "all": 31_000.0},
}
RESULTS = {"preparation": PREPARATION, "load_before": 0.2}


def test_need():
    """14,400 videos are 3.6 million frames: 100 core hours at 10 per second.

    On 2 machines of 5 cores 10 hours; at $0.07 7 dollars; 3.6e6 * 20 kB =
    0.072 TB, 3.6e6 * 31 kB = 0.1116 TB.
    """
    found = need(14_400, PREPARATION, Machines(2, 5, 0.07))
    assert found == pytest.approx(
        {
            "hours": 10,
            "core_hours": 100,
            "dollars": 7,
            "rgb_tb": 0.072,
            "all_tb": 0.1116,
        }
    )


def test_kinetics():
    """Kay et al. 2017: 306,245 clips, of them 50 and 100 of each of 400 classes
    for validation and testing. Carreira et al. 2018: 495,547 clips, of them
    72,924 for testing.
    """
    assert scale.VIDEOS == {
        "Kinetics-400": 306_245 - 400 * 100,
        "Kinetics-600": 495_547 - 72_924,
    }


def test_the_table_has_every_set_on_every_machine():
    """266,245 videos at 10 frames/s: 1849 core hours, 116 h on 16 cores."""
    text = markdown(
        RESULTS,
        [Machines(1, 16, 0.1), Machines(8, 16, 0.1)],
    )
    rows = [row for row in text.splitlines() if row.startswith("| Kinetics")]
    assert len(rows) == 4
    assert rows[0] == (
        "| Kinetics-400, 266,245 videos | 1 x 16 cores | 116 | 1,849 | $185 | "
        "2.1 TB | 1.3 TB |"
    )
    assert "8 x 16 cores | 14 | 1,849 |" in rows[1]


def test_figures_of_a_busy_machine_are_marked():
    machines = [Machines(1, 16, 0.1)]
    assert "PRELIMINARY" not in markdown(RESULTS, machines)
    assert "(load 3.5)" in markdown(RESULTS | {"load_before": 3.5}, machines)


def test_the_page_is_filled_from_the_measured_results(
    tmp_path, monkeypatch, capsys
):
    results, page = tmp_path / "data.json", tmp_path / "scale.md"
    results.write_text(json.dumps(RESULTS))
    page.write_text("a\n<!-- scale -->\nold\n<!-- /scale -->\nb\n")
    monkeypatch.setattr(scale, "RESULTS", results)
    monkeypatch.setattr(scale, "PAGE", page)
    main(["--cores", "8", "--workers", "3", "--price", "1"])
    text = page.read_text()
    assert "| 3 x 8 cores |" in text and "old" not in text
    assert "At $1 per core hour" in capsys.readouterr().out


def test_the_page_shows_the_results_that_are_kept():
    results = json.loads(scale.RESULTS.read_text())
    machines = [Machines(count, 16, 0.05) for count in (1, 16)]
    assert markdown(results, machines) in scale.PAGE.read_text()
