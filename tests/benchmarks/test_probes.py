"""Table 1 and figure 3, of made-up errors."""

from benchmarks.probes import PAGE, PAPER, markdown


def rows(*endpoints):
    """The five rows of each endpoint; the n-th is n + 1 pixels off."""
    titles = ("All zeros", "RGB", "D3D", "RGB, fine-tuned", "Flow")
    return [
        {
            "title": title,
            "endpoint": endpoint,
            "epe": {"value": n + 1.0, "ci95": [n + 0.5, n + 1.5]},
        }
        | (
            {}
            if title == "RGB"
            else {"minus_baseline": {"value": -0.5, "ci95": [-1.0, 0.25]}}
        )
        for endpoint in endpoints
        for n, title in enumerate(titles)
    ]


def test_the_page_has_every_number():
    found = {"3a": rows("MaxPool_3a_3x3"), "layers": rows("2c", "4c")}
    text = markdown(
        {
            "processor": "a machine",
            "runs": ["seed6", "split1"],
            "grounds": {"toy": found, "JHMDB": found},
        }
    )
    assert (
        "| RGB | 2.08 | 2.00 [1.50, 2.50] |  | 2.00 [1.50, 2.50] |  |" in text
    )
    change = "-0.50 [-1.00, +0.25]"
    assert f"| Flow | 0.63 | 5.00 [4.50, 5.50] | {change} |" in text
    assert "Other layers, JHMDB:\n\n| | 2c | 4c |" in text
    assert text.count("| D3D | 3.00 | 3.00 |") == 2
    assert "Runs: seed6, split1;" in text
    # A ground whose other layers are not measured yet.
    early = {"3a": found["3a"]}
    text = markdown(
        {"processor": "", "runs": [], "grounds": {"toy": found, "JHMDB": early}}
    )
    assert "Other layers, toy:" in text
    assert "Other layers, JHMDB:" not in text
    assert list(PAPER) == sorted(PAPER, reverse=True)  # Table 1's order.


def test_the_page_has_the_place_for_the_results():
    text = PAGE.read_text()
    assert text.count("<!-- probes -->\n") == 1
    assert text.count("<!-- /probes -->") == 1
