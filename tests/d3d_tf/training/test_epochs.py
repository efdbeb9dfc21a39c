"""Ten steps with a checkpoint every four, by hand."""

import pytest

from d3d_tf.config import TrainRecipe
from d3d_tf.training.epochs import epochs


@pytest.mark.parametrize(
    ("start", "together", "initial", "last", "steps"),
    [
        # One by one a callback ends the third epoch after two steps.
        (0, 1, 0, 10, 4),
        (3, 1, 0, 1, 1),
        (8, 1, 2, 10, 4),
        # Of several together none may be too many.
        (0, 3, 0, 2, 4),
        (3, 3, 0, 1, 1),
        (4, 3, 1, 2, 4),
        (8, 3, 2, 3, 2),
        (9, 3, 2, 3, 1),
    ],
)
def test_what_fit_is_asked_for(start, together, initial, last, steps):
    train = TrainRecipe(
        steps=10, checkpoint_every=4, steps_per_execution=together
    )
    assert epochs(start, train) == {
        "initial_epoch": initial,
        "epochs": last,
        "steps_per_epoch": steps,
    }


def test_fewer_steps_than_between_checkpoints():
    train = TrainRecipe(steps=3, checkpoint_every=4)
    assert epochs(0, train)["steps_per_epoch"] == 3
