"""What is damaged, and who reads it."""

from benchmarks.faults.damage import TARGETS
from benchmarks.faults.damaged import choose


def test_every_target_is_tried_by_every_mode_before_one_comes_again():
    pairs = sum(len(target.modes) for target in TARGETS)
    chosen = choose(2 * pairs, 3)
    assert len({(id(t), mode) for t, mode, _ in chosen[:pairs]}) == pairs
    assert len({seed for _, _, seed in chosen}) == 2 * pairs
    assert [c[2] for c in chosen] == [c[2] for c in choose(2 * pairs, 3)]
