"""Parts of networks."""

from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.part import Part


def test_a_part_has_neither_head_nor_decoder_unless_told():
    part = Part("temporal", InceptionRecipe(), ("teacher",))
    assert not part.head and part.probed_at is None
