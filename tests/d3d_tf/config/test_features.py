"""What a recipe may say of features of one's own."""

import pytest

from d3d_tf.config import Recipe, to_dict
from d3d_tf.config.features import FeaturesRecipe
from d3d_tf.errors import UsageError


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"pca": -1}, r"pca must be 0 \(none\) or more; got -1"),
        ({"seconds": 0}, "seconds must be 1 to 300; got 0"),
        ({"seconds": 301}, "seconds must be 1 to 300; got 301"),
    ],
)
def test_what_it_may_not_say(changes, message):
    with pytest.raises(UsageError, match=message):
        FeaturesRecipe(**changes)


def test_an_extractor_goes_with_features():
    with pytest.raises(UsageError, match="given with records=features and onl"):
        Recipe(name="a", features=FeaturesRecipe(extractor="run"))


def test_recipes_of_videos_do_not_say_it():
    assert not {"features", "records"} & to_dict(Recipe(name="a")).keys()
