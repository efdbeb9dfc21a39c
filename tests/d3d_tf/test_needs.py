"""What is missing is said before the work."""

import subprocess
import sys

import pytest

from d3d_tf.errors import UserError
from d3d_tf.needs import (
    require_dask,
    require_means,
    require_model_garden,
    require_preparation,
)


def test_everything_is_here():
    for mode in ("prepare", "train", "distill", "finetune"):
        require_means(mode)
    require_preparation()


@pytest.mark.parametrize(
    "lacking, extras",
    [(["jinja2"], "report"), (["av", "jinja2"], "data,report")],
)
def test_packages_that_are_not_installed(monkeypatch, lacking, extras):
    for name in lacking:
        monkeypatch.setitem(sys.modules, name, None)  # As if it was not there.
    with pytest.raises(UserError) as caught:
        require_means("distill")
    assert str(caught.value) == (
        f"--mode=distill needs {', '.join(lacking)}: run `pip install "
        f"'d3d_tf[{extras}]'`."
    )
    if lacking == ["jinja2"]:
        require_means("prepare")  # Which writes no report.


def test_the_extra_of_dask(monkeypatch):
    for name in ("dask", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError) as caught:
        require_dask()
    assert str(caught.value) == (
        "--runner=dask needs dask, distributed: run `pip install "
        "'d3d_tf[dask]'`."
    )


def test_no_model_garden(monkeypatch):
    monkeypatch.setitem(sys.modules, "official", None)
    with pytest.raises(UserError) as caught:
        require_model_garden()
    for words in (
        "detector.boxes=rpn",
        "tf-models-official 2.15",
        "pip install 'd3d_tf[card]'",
        "--set detector.boxes=both --set detector.scored=proposals",
    ):
        assert words in str(caught.value)


@pytest.mark.card
def test_model_garden_is_here():
    require_model_garden()


def test_no_folder_for_temporary_files():
    """Where nothing can be written, Python finds none.

    The limit is set when Python runs: before, it does not ignore the signal.
    """
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "from d3d_tf.needs import require_means\n"
        "try: require_means('prepare')\n"
        "except Exception as e: print(type(e).__name__, e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.startswith("UserError There is no folder for temporary")
    assert "set TMPDIR" in done.stdout
