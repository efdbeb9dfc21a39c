"""The result depends on the pair alone: not on threads, cuts or neighbours."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow import tvl1_flow
from tests.tfrecords.flow.scenes import Waves, pixels


@pytest.fixture(scope="module")
def frames():
    """Eight frames that speed up; no pair is like another."""
    x, y = pixels(33, 50)
    return np.stack([Waves()(x - 0.3 * t * t, y + 0.2 * t) for t in range(8)])


@pytest.fixture(scope="module")
def whole(frames):
    return tvl1_flow(frames)


def test_every_pair_is_solved_and_in_its_place(whole):
    """0.3 ((t + 1)^2 - t^2) = 0.3 (2 t + 1) to the right, 0.2 up."""
    for t, flow in enumerate(whole):
        truth = (0.3 * (2 * t + 1), -0.2)
        assert np.median(np.linalg.norm(flow - truth, axis=-1)) < 0.15


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 20])
def test_the_number_of_threads_decides_nothing(frames, whole, threads):
    found = tvl1_flow(frames, threads=threads)
    np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("pairs", [1, 2, 3, 5])
def test_where_a_video_is_cut_decides_nothing(frames, whole, pairs, threads):
    found = [
        tvl1_flow(frames[t : t + pairs + 1], threads=threads)
        for t in range(0, 7, pairs)
    ]
    np.testing.assert_array_equal(np.concatenate(found), whole)


def test_callers_at_the_same_time_do_not_disturb_each_other(frames, whole):
    """As Beam's workers: other sizes and other recipes between."""
    others = [
        (frames[:, :20], FlowRecipe()),
        (frames[:, :, :31], FlowRecipe()),
        (frames, FlowRecipe(warps=2)),
    ]
    alone = [tvl1_flow(*other) for other in others]
    jobs = 3 * [(frames, FlowRecipe()), *others]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda job: tvl1_flow(*job), jobs))
    for flow, expected in zip(found, 3 * [whole, *alone], strict=True):
        np.testing.assert_array_equal(flow, expected)


def test_nobodys_frames_are_changed(frames):
    given = frames.copy()
    given.flags.writeable = False
    tvl1_flow(given, threads=2)
    np.testing.assert_array_equal(given, frames)


def test_frames_need_not_lie_in_order(frames, whole):
    flipped = np.ascontiguousarray(frames[:, :, ::-1])[:, :, ::-1]
    np.testing.assert_array_equal(tvl1_flow(flipped), whole)
    columns = np.asfortranarray(frames)
    np.testing.assert_array_equal(tvl1_flow(columns), whole)


PROGRAM = """
import numpy as np
from d3d_tf.tfrecords.flow import tvl1_flow
print(tvl1_flow(np.zeros((2, 16, 16), np.uint8)).sum())
"""


@pytest.mark.large
def test_compiling_is_told_once_and_the_code_is_kept(tmp_path, monkeypatch):
    """A first process has nothing; the next finds what it left."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    shown = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for _ in range(2)
    ]
    told = "compiling TV-L1 for this processor (once; the code is kept)"
    assert shown == [[told, "0.0"], ["0.0"]]
