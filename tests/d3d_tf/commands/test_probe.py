"""What `--mode=probe` is given and where it goes."""

import contextlib
import io

import pytest

from d3d_tf import config
from d3d_tf.commands import probe
from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY


def test_a_dry_run_says_what_and_where(toy):
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        probe.run(TOY, checkpoint=str(toy.run.folder), dry_run=True)
    text = shown.getvalue()
    assert f"would probe {toy.run.folder} into {toy.run.folder}/probe" in text
    # Also what has its default, which recipe.yaml does not have.
    assert "steps: 900" in text


@pytest.mark.large
def test_into_a_folder_of_its_own(toy, tmp_path):
    settings = ["train.steps=1", "probe.networks=student", "probe.finetuned=[]"]
    recipe = config.override(TOY, [*settings, "probe.endpoints=2a,2b"])
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        probe.run(
            recipe,
            checkpoint=str(toy.run.folder),
            run_dir=str(tmp_path / "p"),
            records_dir=str(tmp_path),
        )
    assert f"page: {tmp_path}/p/probe.html" in shown.getvalue()
    page = (tmp_path / "p" / "probe.html").read_text()
    assert "MaxPool_2a_3x3" in page and "Conv2d_2b_1x1" in page
    assert "<svg" in page  # Figure 3: there are two endpoints.


def test_a_run_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="is no run"):
        probe.run(TOY, checkpoint=str(tmp_path))
