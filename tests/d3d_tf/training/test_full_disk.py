"""A disk that fills up under a training: one line, and then on from there."""

from pathlib import Path

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


@pytest.fixture
def run(tmp_path):
    """`run(folder)` trains two steps there, with a checkpoint after each."""
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

    def run(folder: Path):
        train(
            lambda: StreamTrainer(tiny_network()),
            make_strategy(4, ["/cpu:0"]),
            Training(
                recipe,
                dataset,
                streams=("frames",),
                checkpoints=folder / "checkpoints",
                tensorboard=folder / "tensorboard",
                title="practice",
            ),
        )

    return run


def test_a_full_disk_stops_a_training_and_more_room_goes_on(run, small_disk):
    """2 pages of 4,096 bytes: no checkpoint fits beside the curves."""
    disk = small_disk("size=8k")
    folder = disk / "checkpoints"
    with pytest.raises(DiskError) as caught:
        run(disk)
    # 6 variables of tiny_network, and momenta of those that are trained.
    assert str(caught.value).startswith(
        f"{folder} cannot be written: No space left on device; a checkpoint "
        "needs about "
    )
    small_disk("remount,size=1m")
    run(disk)
    assert is_finished(folder)


@pytest.mark.large
def test_wherever_the_disk_is_full_the_same_command_goes_on(
    run, tmp_path, small_disk
):
    """Some pages more each time, of which TensorBoard's new file takes one.

    TensorFlow leaves parts of what it was writing.
    """
    run(tmp_path / "alone")
    pages = 2
    disk = small_disk("size=8k")
    while not is_finished(disk / "checkpoints"):
        try:
            run(disk)
        except DiskError as error:
            assert "No space left on device" in str(error)
        pages += 3
        small_disk(f"remount,size={4 * pages}k")
    for name in ("history.csv", "finished.json"):
        there, alone = (
            (place / "checkpoints" / name).read_text()
            for place in (disk, tmp_path / "alone")
        )
        assert there == alone
    for place in (disk, tmp_path / "alone"):
        assert {p.name for p in (place / "checkpoints").iterdir()} == {
            "checkpoint",
            "finished.json",
            "history.csv",
            *(
                f"ckpt-{step}.{part}"
                for step in (1, 2)
                for part in ("index", "data-00000-of-00001")
            ),
        }
