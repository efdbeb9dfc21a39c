"""Modes that know no networks of features, and those that do."""

import pytest
from absl.testing import flagsaver

from d3d_tf.main import main, parse


@pytest.fixture
def cli(capsys):
    """The exit code and the lines of a call of the command line."""

    def run(*given):
        with flagsaver.flagsaver():
            code = main(parse(["d3d_tf", *given]))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, (out + err).splitlines()

    return run


REFUSED = {
    "--mode=explain --checkpoint=RUN --data=FILE": "explain looks at pictures",
    "--mode=explain --checkpoint=MODULE --data=FILE": "look at features",
    "--mode=probe --checkpoint=RUN": "probe looks at pictures",
    "--mode=expand --recipe=own_videos --set=task=youtube8m "
    "--set=model=nextvlad --data=DATA": "expand knows no task=youtube8m",
    "--mode=finetune --recipe=toy --checkpoint=RUN": "have task=youtube8m, and "
    "the recipe 'toy' has task=classification",
    "--mode=export --checkpoint=RUN --set=export.kind=feature_vector": "whose "
    "module has no export.kind feature_vector",
    "--mode=predict --checkpoint=RUN --data=DATA": "not a file of YouTube-8M",
    "--mode=predict --checkpoint=MODULE --data=gone": "there is no such file",
    "--mode=visualize --checkpoint=RUN": "has no results yet",
    "--mode=compare --plot=a.svg --checkpoint=RUN": "There are no results",
}


@pytest.mark.parametrize("flags, words", REFUSED.items())
def test_refused_in_one_line(
    cli, feature_run, feature_module, tmp_path, monkeypatch, flags, words
):
    monkeypatch.chdir(tmp_path)
    names = {
        "RUN": feature_run.run.folder,
        "MODULE": feature_module,
        "FILE": feature_run.file,
        "DATA": feature_run.file.parent,
    }
    for name, path in names.items():
        flags = flags.replace(f"={name}", f"={path}")
    code, lines = cli(*flags.split())
    assert code in (1, 2)
    # A module may become a run first, and that is said.
    said = [line for line in lines if not line.startswith(str(feature_module))]
    assert len(said) == 1 and said[0].startswith("error: ")
    assert words in said[0]


@pytest.fixture(scope="module")
def scored(feature_run):
    """The run, after an evaluation: `--mode=evaluate`."""
    with flagsaver.flagsaver():
        given = f"--checkpoint={feature_run.run.folder}"
        assert main(parse(["d3d_tf", "--mode=evaluate", given])) == 0
    return feature_run.run.folder


def test_evaluated_drawn_and_compared(cli, scored):
    code, lines = cli("--mode=visualize", f"--checkpoint={scored}")
    assert code == 0 and lines == [f"report: {scored / 'report.html'}"]
    both = [f"--checkpoint={scored}"] * 2
    code, lines = cli("--mode=compare", *both)
    assert code == 0 and lines[0] == "student-validation:"
    assert "of 6 common ones" in lines[1]
    code, lines = cli("--mode=compare", "--plot=a.svg", both[0])
    assert code == 1 and "is of networks of features" in lines[0]


def test_the_doctor_looks_at_the_run(cli, feature_run):
    given = f"--checkpoint={feature_run.run.folder}"
    code, lines = cli("--mode=doctor", given)
    assert code == 0
    assert "student loaded, 3 classes" in lines[0]
