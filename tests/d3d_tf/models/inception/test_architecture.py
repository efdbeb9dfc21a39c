"""Which recipes have networks that can swap weights."""

from d3d_tf.models.inception.architecture import architecture
from d3d_tf.models.inception.config import InceptionRecipe


def test_what_swaps_weights():
    """The model's own first kernel may be named; gates count where they are."""
    same = architecture(InceptionRecipe(model="i3d"))
    assert same == architecture(
        InceptionRecipe(
            model="i3d",
            first_temporal_kernel=7,
            gating_start_at=None,
            dropout=0.5,
            weight_decay=0.0,
        )
    )
    for change in (
        {"model": "s3d"},
        {"depth_multiplier": 0.5},
        {"temporal_conv_start_at": None},
    ):
        changed = InceptionRecipe(**{"model": "i3d", **change})
        assert architecture(changed) != same
    assert architecture(InceptionRecipe()) != architecture(
        InceptionRecipe(gating_start_at="Mixed_4b")
    )


def test_a_pooling_has_nothing_that_could_start():
    """What starts at it starts at the unit after it."""
    named = [
        architecture(InceptionRecipe(gating_start_at=name))
        for name in ("MaxPool_3a_3x3", "Mixed_3b", "Mixed_3c")
    ]
    assert named[0] == named[1] != named[2]
