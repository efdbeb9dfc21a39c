"""The smallest toy that the benchmarks' own command lines can train."""

from pathlib import Path

from benchmarks.table import run_mode

FLAGS = tuple(
    f"--set={setting}"
    for setting in (
        *(
            "steps=2",
            "checkpoint_every=2",
            "batch_size=4",
            "probe.context=false",
        ),
        *("train_videos=16", "test_videos=8", "num_shards=1"),
        *("depth_multiplier=0.03125", "min_depth=4"),
    )
)


def made(folder: Path, *flags: str) -> Path:
    """A finished run on it."""
    run_mode(folder, *flags, *FLAGS)
    return folder
