"""Files with one fault each, and AVA's own form."""

import pytest

from d3d_tf.commands import doctor
from d3d_tf.doctor.check_annotations import check_annotations
from d3d_tf.errors import UserError
from d3d_tf.recipes import RECIPES

GOOD = [
    "-a,0902,0.1,0.2,0.3,0.4,80,7",
    "-a,0902,0.1,0.2,0.3,0.4,12,7",
    "-a,0903,0.1,0.2,0.3,0.4,12,7",
    "-a,0905,0.1,0.2,0.3,0.4,12,7",
    "b_,1798,0.5,0.2,0.9,0.8,2,0",
    "b_,1797",
]


@pytest.fixture
def findings(tmp_path):
    """`{check: (level, text)}` of a file with these rows."""

    def find(*rows):
        path = tmp_path / "rows.csv"
        path.write_text("".join(f"{row}\n" for row in rows))
        found = check_annotations(path)
        return {f.check: (f.level, f.text) for f in found}

    return find


def test_ava_s_own_form(findings):
    found = findings(*GOOD)
    assert {level for level, _ in found.values()} == {"OK"}
    texts = {check: text for check, (_, text) in found.items()}
    assert texts["rows"] == (
        "5 boxes with an action, on 4 keyframes of 2 videos; 1 keyframes are "
        "named as having none"
    )
    # 902, 903, 905 of one video: steps of 1 and 2 s, 1.5 in the middle.
    assert texts["timestamps"].startswith("902 to 1798 s, every 1.5 s, 1 gap")
    assert texts["repeats"] == "4 boxes, 1.2 actions each"
    assert texts["actions"].startswith("3 of 80; 1 rows are of those")
    assert texts["last column"] == "numbers of persons, 0 to 7"


@pytest.mark.parametrize(
    "row, check, level, words",
    [
        ("a,902.5,0,0,1,1,1,0", "timestamps", "WARNING", "1 keyframes are not"),
        (
            "a,2,0,0,1,1,1,0",
            "timestamps",
            "WARNING",
            "not in AVA's 902 to 1798",
        ),
        ("a,902,.3,0,.2,1,1,0", "boxes", "ERROR", "1 have their corners"),
        ("a,902,.3,0,.3,1,1,0", "boxes", "WARNING", "1 have no area"),
        ("a,902,-.3,0,.3,1,1,0", "boxes", "WARNING", "1 reach out of the"),
        (GOOD[0], "repeats", "WARNING", "1 rows are there more than once"),
        ("a,902,0,0,1,1,81,0", "actions", "ERROR", "has not, such as 81: they"),
        ("a,902,0,0,1,1,0,0", "actions", "ERROR", "they are 1 to 80"),
        ("a,902,0,0,1,1,1,0.5", "last column", "WARNING", "between 0 and 1"),
        ("a,902,0,0,1,1,1", "last column", "WARNING", "1 rows have none"),
        ("a,902,0,0,1", "rows", "ERROR", "line 7: 5 columns"),
    ],
)
def test_one_fault(findings, row, check, level, words):
    found = findings(*GOOD, row)
    assert found[check][0] == level and words in found[check][1]
    others = {one for c, (one, _) in found.items() if c != check}
    assert others <= {"OK"}


def test_pixels(findings):
    level, text = findings("a,902,10,20,30,40,1,0")["boxes"]
    assert level == "ERROR" and "most are pixels" in text


def test_nothing(findings):
    found = findings("a,902")
    assert found["rows"][0] == "ERROR" and "no box" in found["rows"][1]


def test_on_the_command_line(goldens, capsys, tmp_path):
    """The truth of case a is in order; its detections have scores."""
    folder = goldens / "ava" / "case_a"
    doctor.run(RECIPES["toy"], data=str(folder / "gt.csv"))
    shown = capsys.readouterr().out
    assert "numbers of persons" in shown and "ERROR" not in shown
    bad = tmp_path / "bad.csv"
    bad.write_text("a,902,.3,0,.2,1,1,0\n")
    with pytest.raises(UserError, match="1 of 6 checks found errors: boxes"):
        doctor.run(RECIPES["toy"], data=str(bad))
