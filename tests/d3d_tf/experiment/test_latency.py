"""Time per video, by a clock that only moves when it is told to."""

import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, FlowRecipe, Recipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.experiment import latency
from d3d_tf.pixels import SYMMETRIC
from tests.harness import Video, grey_frames, place_codes, write_records

RECIPE = Recipe(name="clock", clip=ClipRecipe(frames=2, size=16))
GREYS = np.arange(256)[3::41][:4].reshape(1, 2, 2)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    videos = [
        Video(
            f"{split}{k}",
            0,
            grey_frames(np.repeat(GREYS + k, 3, axis=0)),
            place_codes(3, 16, 16),
            split,
        )
        for split in ("train", "easy")
        for k in range(2)
    ]
    folder = tmp_path_factory.mktemp("records") / "clock"
    return open_dataset(write_records(folder, videos))


@pytest.fixture
def clock(monkeypatch):
    """Seconds; a network adds the next of `costs`, flow 3."""
    state = types.SimpleNamespace(now=0.0, costs=[], shapes=[], flows=[])

    def tvl1_flow(pixels, recipe):
        assert recipe == FlowRecipe()
        state.now += 3
        state.flows.append(pixels)

    monkeypatch.setattr(
        latency, "time", types.SimpleNamespace(perf_counter=lambda: state.now)
    )
    monkeypatch.setattr(latency, "tvl1_flow", tvl1_flow)
    return state


def measure(dataset, clock, stream, costs, recipe=RECIPE):
    costs = iter(costs)

    def forward(clips):
        clock.shapes.append(clips.shape.as_list())
        clock.now += next(costs)
        return tf.zeros([1, 2])

    return latency.milliseconds_per_video(
        forward, dataset, recipe, stream, SYMMETRIC
    )


def test_median_without_the_first_call(dataset, clock):
    """A first call of 100 s that traces, then 9: the median is 0.3 s."""
    costs = [100, 0.1, 0.9, 0.3, 0.2, 0.8, 0.3, 0.4, 0.1, 0.7]
    found = measure(dataset, clock, "frames", costs)
    assert found == pytest.approx(300)
    assert clock.shapes == [[1, 2, 16, 16, 3]] * 10
    assert not clock.flows


def test_flow_is_part_of_the_time(dataset, clock):
    """3 s of TV-L1 and 1 s of network; after 30 s it is enough: 8 repeats.

    A first call of both is not counted: they compile.
    """
    assert measure(dataset, clock, "flow", [1] * 10) == pytest.approx(4000)
    assert clock.shapes == [[1, 2, 16, 16, 2]] * 9
    assert len(clock.flows) == 9


def test_flow_is_of_the_clips_own_pixels(dataset, clock):
    """Video easy0: the test split's first, greys to the unit."""
    measure(dataset, clock, "flow", [1] * 10)
    pixels = clock.flows[0]
    assert pixels.dtype == np.uint8
    expected = grey_frames(np.repeat(GREYS, 2, axis=0))
    np.testing.assert_array_equal(pixels, expected)


def test_imported_flow_costs_what_tvl1_costs_here(dataset, clock):
    """What the other tool took is not known."""
    imported = FlowRecipe(algorithm="imported", imported_codec="mars")
    recipe = dataclasses.replace(RECIPE, flow=imported)
    found = measure(dataset, clock, "flow", [1] * 10, recipe)
    assert found == pytest.approx(4000)
