"""Input workers, which are processes of their own, against this process."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data import service
from d3d_tf.data.parts import Part
from d3d_tf.data.pipeline import training_batches
from d3d_tf.data.service import count_workers, made_by, naming_service
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.errors import UserError
from tests.harness import Video, place_codes, write_records
from tests.harness.input_workers import InputWorkers, free_port

CLIP = ClipRecipe(frames=2, size=16, crop="corners", flip=True)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    with InputWorkers(tmp_path_factory.mktemp("two"), 2) as workers:
        yield workers


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Eleven videos of noise in three shards."""
    drawn = np.random.default_rng(3)
    videos = [
        Video(
            f"video{k}",
            k % 3,
            drawn.integers(0, 255, [4, 20, 24, 3], np.uint8),
            place_codes(4, 20, 24),
        )
        for k in range(11)
    ]
    folder = tmp_path_factory.mktemp("records") / "noise"
    return write_records(folder, videos, num_shards=3)


def made(records, **more) -> list:
    """Nine batches of two devices of one of two processes; three epochs."""
    part = Part(1, 2, 2, more.pop("service", ""))
    drawn = {"streams": ("frames", "flow", "id"), "seed": 5, "part": part}
    data = training_batches(
        records, "train", CLIP, batch_size=8, **drawn | more
    )
    return [*data.take(9).as_numpy_iterator()]


def require_same(found: list, expected: list) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_batches_of_two_input_workers(two, records):
    expected = made(records)
    require_same(made(records, service=two.service), expected)
    # As a resumed training: a batch of all is two of this part.
    later = made(records, service=two.service, start_step=2)
    require_same(later[:5], expected[4:])


def test_teachers_logits_stay_here(two, records):
    ids = np.array([f"video{k}" for k in range(11)])
    views = tuple(np.full([11, 3], k, np.float32) for k in range(2))
    more = {"teacher_logits": TeacherLogits(ids, views), "start_step": 1}
    require_same(
        made(records, service=two.service, **more), made(records, **more)
    )


def test_an_error_of_an_input_worker(two):
    """It arrives as what it is."""
    records = tf.data.Dataset.range(8).map(lambda n: (n, n))

    def make(records):
        return records.map(
            lambda n, _: tf.io.read_file(tf.strings.format("/nowhere/{}", n))
        ).batch(2)

    with (
        pytest.raises(UserError, match=r"data.service=grpc.*/nowhere/[02].*"),
        naming_service(two.service),
    ):
        [*made_by(two.service, make, records, 2)]
    with pytest.raises(tf.errors.NotFoundError), naming_service(""):
        [*made_by("", make, records, 2)]


def test_a_lost_batch(monkeypatch):
    """Of what the service gives, one is missing."""
    given = tf.data.Dataset.range(9).enumerate()
    kept = given.filter(lambda place, _: place != 4)
    again = given.take(3).concatenate(kept)
    monkeypatch.setattr(service, "_distributed", lambda *_: again)
    job = iter(service._job("grpc://here:1", tf.data.Dataset.range(9), 0))
    assert [int(next(job)) for _ in range(4)] == [0, 1, 2, 3]
    with (
        pytest.raises(UserError, match="here:1: .*lost a batch.* goes on"),
        naming_service("grpc://here:1"),
    ):
        next(job)


@pytest.mark.parametrize("find_port", [free_port, lambda: 99999])
def test_nobody_answers(find_port):
    address = f"grpc://localhost:{find_port()}"
    words = f"data.service={address}: no dispatcher answers there .*clusters.md"
    with pytest.raises(UserError, match=words):
        count_workers(address)


def test_input_workers_that_do_not_come(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "_PATIENCE", 1)
    words = "after 1 seconds not all input workers"
    with InputWorkers(tmp_path, 2, started=0) as missing:
        with pytest.raises(UserError, match=words):
            count_workers(missing.service)


@pytest.mark.large
@pytest.mark.parametrize("count", [1, 3])
def test_other_numbers_of_input_workers(tmp_path, records, count):
    with InputWorkers(tmp_path, count) as workers:
        assert count_workers(workers.service) == count
        require_same(made(records, service=workers.service), made(records))


@pytest.mark.large
def test_killed_and_started_again(tmp_path):
    """An input worker: the same numbers; the dispatcher: one line."""
    numbers = tf.data.Dataset.range(2**40).map(lambda n: (n, n))

    def make(records):
        return records.map(lambda n, _: n).batch(2)

    with InputWorkers(tmp_path, 3) as workers:
        found = iter(made_by(workers.service, make, numbers, 2))
        expected = itertools.count()

        def check(batches):
            for _ in range(batches):
                one, other = next(found).numpy()
                assert (one, other) == (next(expected), next(expected))

        check(50)
        workers.kill(1)
        workers.work(1)
        check(200)
        workers.kill(None)
        check(10)
        workers.dispatch()
        with (
            pytest.raises(UserError, match="dispatcher restart.*goes on"),
            naming_service(workers.service),
        ):
            check(10**9)
