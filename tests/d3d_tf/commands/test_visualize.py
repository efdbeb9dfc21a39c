"""The report page of a finished run, written anew."""

import pytest

from d3d_tf.commands import visualize
from d3d_tf.errors import UserError
from d3d_tf.roles import BASELINE, TEACHER


def test_visualize(toy, capsys):
    stamp = toy.run.report_path.stat().st_mtime_ns
    visualize.run(checkpoint=str(toy.run.folder))
    assert capsys.readouterr().out == f"report: {toy.run.report_path}\n"
    assert toy.run.report_path.stat().st_mtime_ns > stamp


def test_a_run_that_goes_on(copied_run, capsys):
    """Its first network is trained, and the last line is half written."""
    run = copied_run
    run.results_path.unlink()
    (run.checkpoints(BASELINE) / "history.csv").unlink()
    history = run.checkpoints(TEACHER) / "history.csv"
    with open(history, "a") as file:
        file.write("2,0.")
    visualize.run(checkpoint=str(run.folder))
    page = run.report_path.read_text()
    assert "nothing is scored yet" in page and "<svg" in page
    history.unlink()
    (run.checkpoints("student") / "history.csv").unlink()
    with pytest.raises(UserError, match="has no results yet"):
        visualize.run(checkpoint=str(run.folder))
