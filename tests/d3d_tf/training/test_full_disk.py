"""A disk that fills up under a training: one line, and then on from there."""

import numpy as np
import pytest

from d3d_tf.config import ClipRecipe, Recipe, TrainRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.disk import DiskError
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.training.checkpoints import is_finished
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.trainer import Training, train
from tests.harness import Video, place_codes, tiny_network, write_records


def test_a_full_disk_stops_a_training_and_more_room_goes_on(
    tmp_path, small_disk
):
    """2 pages of 4,096 bytes: no checkpoint fits beside the curves."""
    videos = [
        Video(
            f"video{k}",
            k,
            np.full([3, 20, 20, 3], 60 * k, np.uint8),
            place_codes(3, 20, 20),
        )
        for k in range(3)
    ]
    dataset = open_dataset(write_records(tmp_path / "records", videos))
    recipe = Recipe(
        name="practice",
        clip=ClipRecipe(frames=2, size=16),
        train=TrainRecipe(steps=2, batch_size=2, checkpoint_every=1),
    )
    disk = small_disk("size=8k")
    folder = disk / "checkpoints"

    def run():
        train(
            lambda: StreamTrainer(tiny_network()),
            make_strategy(4, ["/cpu:0"]),
            Training(
                recipe,
                dataset,
                streams=("frames",),
                checkpoints=folder,
                tensorboard=disk / "tensorboard",
                title="practice",
            ),
        )

    with pytest.raises(DiskError) as caught:
        run()
    # 6 variables of tiny_network, and momenta of those that are trained.
    assert str(caught.value).startswith(
        f"{folder} cannot be written: No space left on device; a checkpoint "
        "needs about "
    )
    small_disk("remount,size=1m")
    run()
    assert is_finished(folder)
