"""Figures of kept results into docs/reproduction.md.

`python -m benchmarks.reproduction`, after a command that keeps other results.
On the page, `<!-- toy: NAME -->` stands before a figure and `<!-- / -->` behind
it.
"""

import json
import re
from pathlib import Path

from benchmarks.fill_docs import HERE, saved, with_interval
from d3d_tf.evaluation.metrics import percent

PAGE = HERE.parent / "docs" / "reproduction.md"
RESULTS = HERE / "results"
SPLIT = "shuffled_colours"
NOT_YET = "three seeds were not run yet"
FINETUNED = ("D3D, then fine-tuned", "RGB, then fine-tuned")
MARK = re.compile(r"(<!-- toy: ([^>]*?) -->).*?(<!-- / -->)")


def figures(results: Path = RESULTS) -> dict[str, str]:
    """Each name that may stand on the page, and its figure."""

    def read(name: str):
        return json.loads((results / f"{name}.json").read_text())

    found = dict.fromkeys(FINETUNED, NOT_YET)
    lines = read("toy_table")
    if (results / "finetune_table.json").exists():
        lines += read("finetune_table")
    found |= {line["name"]: percent(line["splits"][SPLIT]) for line in lines}
    scores = read("toy_scores")
    found["D3D + Flow"] = percent(scores["student_and_teacher"][SPLIT])
    found["classes"] = "; ".join(scores["classes"][SPLIT])
    found["Labels as teacher"] = percent(read("one_hot"))
    return found | _of_networks(results) | _of_probes(results)


def _of_networks(results: Path) -> dict[str, str]:
    """Of `ablations, toy, Learned flow`: top-1 with its interval."""
    return {
        f"{table}, {ground}, {name}": with_interval(row["top1"], ".1f", 100)
        for table in ("ablations", "backbones")
        for ground, column in saved(results / f"{table}.json").items()
        for name, row in column["rows"].items()
    }


def _of_probes(results: Path) -> dict[str, str]:
    """Of `probes, toy, RGB (baseline)`: the error at 3A with its interval."""
    grounds = saved(results / "probes.json").get("grounds", {})
    return {
        f"probes, {ground}, {row['title']}": with_interval(row["epe"], ".2f")
        for ground, found in grounds.items()
        for row in found["3a"]
    }


def fill_in(text: str, values: dict[str, str]) -> str:
    """The page with every figure as it is now.

    Raises:
      KeyError: a mark has a name that is none of them.
    """
    return MARK.sub(lambda mark: mark[1] + values[mark[2]] + mark[3], text)


def main() -> None:
    """Writes the page."""
    PAGE.write_text(fill_in(PAGE.read_text(), figures()))


if __name__ == "__main__":
    main()
