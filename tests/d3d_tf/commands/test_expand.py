"""The command; what it does is in tests/d3d_tf/expand."""

import pytest

from d3d_tf.commands import expand
from d3d_tf.config import override
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES


def test_a_dry_run(toy, tmp_path, capsys):
    recipe = override(toy.recipe, ["model=x3d_s"])
    expand.run(recipe, run_dir=str(tmp_path / "run"), dry_run=True)
    assert "would expand the toy videos" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_videos_are_needed():
    with pytest.raises(UsageError, match="needs --data=FOLDER"):
        expand.run(RECIPES["x3d_expansion_kinetics400"])
