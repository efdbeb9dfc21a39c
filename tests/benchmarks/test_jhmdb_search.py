"""What is held out of JHMDB, and the table of what was tried."""

import csv

from benchmarks.jhmdb_search import RECIPE, SETTINGS, hold_out, markdown
from d3d_tf.config import override
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import titles


def test_no_film_is_on_both_sides_and_none_is_of_the_test_list(jhmdb, tmp_path):
    """Split 1 has 660 training videos."""
    counts = hold_out(jhmdb, tmp_path / "x" / "splits")
    assert sum(counts.values()) == 660
    with (jhmdb / "clips.csv").open() as file:
        clips = {row["path"]: row for row in csv.DictReader(file)}
    films = {"1": set(), "2": set()}
    listed = 0
    for path in (tmp_path / "x" / "splits").iterdir():
        label = path.name.removesuffix("_test_split1.txt")
        for line in path.read_text().splitlines():
            name, part = line.split()
            clip = clips[f"{label}/{name.removesuffix('.avi')}.mp4"]
            assert clip["split1"] == "train"
            films[part].add(clip["source"])
            listed += 1
    assert listed == 660
    assert len(films["2"]) == round((len(films["1"]) + len(films["2"])) / 4)
    assert not films["1"] & films["2"]


def test_settings_are_those_of_a_recipe_and_parents_come_first():
    names = list(SETTINGS)
    for name, setting in SETTINGS.items():
        parent = setting.parent
        assert parent is None or names.index(parent) < names.index(name)
    # The recipe is the best of what was tried.
    recipe = RECIPES[RECIPE]
    best = SETTINGS["augmented student"]
    for name, setting in SETTINGS.items():
        changed = override(recipe, list(setting.changes))
        assert (changed == recipe) == (setting is best), name


def test_the_page_has_every_number():
    top1 = dict.fromkeys(titles().values(), 0.125)
    text = markdown(
        {
            "videos": {"train": 3, "held out": 1},
            "processor": "a processor",
            "rows": [
                {
                    "name": "a",
                    "starts": ["from the toy's networks"],
                    "settings": ["steps=2"],
                    "top1": top1,
                }
            ],
        }
    )
    header, line, row, _, note = text.splitlines()
    assert header.count("|") == line.count("|") == row.count("|") == 8
    assert (
        row == "| a |" + 5 * " 12.5 |" + " from the toy's networks, `steps=2` |"
    )
    assert "1 held-out videos, after training on 3" in note
