"""The smallest toy that the benchmarks' own command lines can train."""

from pathlib import Path

from benchmarks.table import run_mode

# Of networks of any family.
ANY = (
    *("--set=steps=2", "--set=checkpoint_every=2", "--set=batch_size=4"),
    *("--set=train_videos=16", "--set=test_videos=8", "--set=num_shards=1"),
    "--set=probe.context=false",
)
FLAGS = (*ANY, "--set=depth_multiplier=0.03125", "--set=min_depth=4")


def made(folder: Path, *flags: str) -> Path:
    """A finished run on it."""
    run_mode(folder, *flags, *FLAGS)
    return folder
