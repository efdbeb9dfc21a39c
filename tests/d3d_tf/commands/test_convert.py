"""What the mode needs; the conversion is in tests/d3d_tf/runs."""

import pytest

from d3d_tf.commands import convert
from d3d_tf.errors import UsageError, UserError


@pytest.mark.parametrize(
    "given", [{}, {"checkpoint": "x.ckpt"}, {"run_dir": "run"}]
)
def test_both_are_needed(given):
    with pytest.raises(UsageError, match="needs --checkpoint=PREFIX .* --run_"):
        convert.run(**given)


def test_the_run_is_local():
    with pytest.raises(UserError, match="--run_dir"):
        convert.run(checkpoint="x.ckpt", run_dir="s3://bucket/run")


def test_there_is_no_checkpoint(tmp_path):
    with pytest.raises(UserError, match="nothing.ckpt"):
        convert.run(
            checkpoint=str(tmp_path / "nothing.ckpt"),
            run_dir=str(tmp_path / "run"),
        )
    assert not (tmp_path / "run").exists()
