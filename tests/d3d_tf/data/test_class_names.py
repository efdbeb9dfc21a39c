"""Classes that no network can be trained on are refused in one line."""

import pytest

from d3d_tf import config
from d3d_tf.commands import distill
from d3d_tf.data.class_names import require_classes
from d3d_tf.errors import UserError
from d3d_tf.recipes import OWN_VIDEOS


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "x has no class: .* two or more"),
        (["jump"], r"x has one class \('jump'\)"),
        (["jump", ""], "Class 1 of x has no name"),
        ([" ", "jump"], "Class 0 of x has no name"),
        (["jump", "high\nrun"], "Class 1 of x has a line break"),
        (["run", "jump", "run"], "Classes 0 and 2 of x are both called 'run'"),
    ],
)
def test_refused(classes, message):
    with pytest.raises(UserError, match=message) as caught:
        require_classes(classes, "x")
    assert "\n" not in str(caught.value)


def test_accepted():
    require_classes(("jump", "run"), "x")


def test_one_class_is_refused_before_its_videos_are_read(tmp_path):
    """The file is no video; what is told is the number of classes."""
    (tmp_path / "videos" / "jump").mkdir(parents=True)
    (tmp_path / "videos" / "jump" / "1.mp4").write_text("never opened")
    with pytest.raises(UserError, match=r"videos has one class \('jump'\)"):
        distill.run(
            config.override(OWN_VIDEOS, ["data.short_side=32"]),
            data=str(tmp_path / "videos"),
            records_dir=str(tmp_path / "records"),
            run_dir=str(tmp_path / "run"),
        )
    assert not (tmp_path / "records").exists()
    assert not (tmp_path / "run").exists()
