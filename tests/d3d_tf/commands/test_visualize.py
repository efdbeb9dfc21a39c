"""The report page of a finished run, written anew."""

from d3d_tf.commands import visualize


def test_visualize(toy, capsys):
    stamp = toy.run.report_path.stat().st_mtime_ns
    visualize.run(checkpoint=str(toy.run.folder))
    assert capsys.readouterr().out == f"report: {toy.run.report_path}\n"
    assert toy.run.report_path.stat().st_mtime_ns > stamp
