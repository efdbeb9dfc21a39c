"""docs/quickstart.ipynb: what is committed was run, and it still runs."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "quickstart.ipynb"


def code_cells(notebook) -> list:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def kinds(cell) -> list[str]:
    """What a cell shows: `stdout`, `stderr`, `error`, `image/png`, ...

    Sorted: on a busy machine Jupyter passes text on before a picture.
    """
    return sorted(
        kind
        for output in cell["outputs"]
        for kind in output.get("data")
        or [output.get("name") or output["output_type"]]
    )


def test_what_is_committed_was_run_from_top_to_bottom():
    text = NOTEBOOK.read_text()
    cells = code_cells(json.loads(text))
    assert [c["execution_count"] for c in cells] == [*range(1, len(cells) + 1)]
    shown = [kind for cell in cells for kind in kinds(cell)]
    assert not {"error", "stderr"} & set(shown)
    assert shown.count("image/png") == 2
    assert len(text) < 500_000
    for place in ("/home/", "/root/", "/tmp/", str(Path.home())):
        assert place not in text


def test_it_runs_and_shows_the_same_kinds_of_things(tmp_path):
    """In the newest lane, which has a kernel for notebooks."""
    pytest.importorskip("nbclient")
    from benchmarks.quickstart import execute

    notebook = execute(NOTEBOOK, tmp_path)
    committed = json.loads(NOTEBOOK.read_text())
    assert [kinds(c) for c in code_cells(notebook)] == [
        kinds(c) for c in code_cells(committed)
    ]
    assert not list(tmp_path.iterdir())
