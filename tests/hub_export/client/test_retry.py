"""Retries: only of what passes, with pauses, within the deadline."""

import time

import pytest

from d3d_tf.hub_export.client import retry
from d3d_tf.hub_export.client.errors import ClientError, ServingError
from d3d_tf.hub_export.client.retry import Deadline


class Calls:
    """Fails with the given codes in turn, then answers."""

    def __init__(self, *codes):
        self.codes = list(codes)
        self.times = []
        self.left = []

    def __call__(self, left):
        self.times.append(time.monotonic())
        self.left.append(left)
        if self.codes:
            raise ServingError("no", self.codes.pop(0))
        return "yes"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.04)


def test_what_passes_is_tried_again_with_longer_pauses():
    """Pauses of at least half of 0.04, 0.08 and 0.16 s."""
    calls = Calls("UNAVAILABLE", "ABORTED", "UNAVAILABLE")
    assert Deadline(10, 3).call(calls) == "yes"
    pauses = [b - a for a, b in zip(calls.times, calls.times[1:], strict=False)]
    assert [p >= m for p, m in zip(pauses, (0.02, 0.04, 0.08), strict=True)]
    assert len(pauses) == 3 and pauses[2] >= 0.08
    # The deadline is of all attempts together.
    assert 10 >= calls.left[0] > calls.left[1] > calls.left[2] > 9


@pytest.mark.parametrize("code", ["NOT_FOUND", "DEADLINE_EXCEEDED", "INTERNAL"])
def test_what_stays_is_not(code):
    calls = Calls(code)
    with pytest.raises(ServingError) as error:
        Deadline(10, 3).call(calls)
    assert error.value.code == code and len(calls.times) == 1


def test_after_the_last_attempt_the_number_is_told():
    calls = Calls(*["UNAVAILABLE"] * 9)
    with pytest.raises(ServingError, match=r"no Tried 3 times\."):
        Deadline(10, 2).call(calls)
    assert len(calls.times) == 3


def test_no_retries():
    calls = Calls("UNAVAILABLE")
    with pytest.raises(ServingError, match="^no$"):
        Deadline(10, 0).call(calls)
    assert len(calls.times) == 1


def test_no_pause_goes_beyond_the_deadline():
    calls = Calls(*["UNAVAILABLE"] * 99)
    start = time.monotonic()
    with pytest.raises(ServingError) as error:
        Deadline(0.3, 99).call(calls)
    assert error.value.code == "UNAVAILABLE"
    assert time.monotonic() - start < 5  # 100 tries take minutes.
    assert len(calls.times) < 8


def test_a_deadline_that_is_over_asks_nobody():
    deadline = Deadline(0.001, 3)
    time.sleep(0.002)
    calls = Calls()
    with pytest.raises(ServingError, match="before the server was asked"):
        deadline.call(calls)
    assert not calls.times


@pytest.mark.parametrize("seconds", [1e12, float("inf")])
def test_an_attempt_has_no_more_seconds_than_sockets_can_count(seconds):
    """11 days and a half."""
    calls = Calls()
    assert Deadline(seconds, 0).call(calls) == "yes"
    assert calls.left == [pytest.approx(1e6, abs=10)]


@pytest.mark.parametrize(
    "seconds, retries", [(0, 1), (float("nan"), 1), (1, -1)]
)
def test_impossible_limits(seconds, retries):
    with pytest.raises(ClientError, match="must be above 0 seconds"):
        Deadline(seconds, retries)
