"""What a user reads whose settings are refused."""

import pytest

from d3d_tf import config
from d3d_tf.errors import UsageError

PAPER = config.Recipe(name="paper")


@pytest.fixture
def refusal():
    """`refusal(setting, recipe)`: the one line that answers it."""

    def answer(setting, recipe=PAPER):
        with pytest.raises(UsageError) as caught:
            config.override(recipe, [setting])
        text = str(caught.value)
        assert "\n" not in text
        return text

    return answer
