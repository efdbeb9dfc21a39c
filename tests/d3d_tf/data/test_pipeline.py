"""Batches from record folders whose every pixel is known.

Flow is stored without loss, so it can say where a pixel was before crop and
flip; grey blocks of 8 x 8 px survive JPEG, so they can say which video and
frame it was.
"""

import dataclasses
import time

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.errors import UserError
from d3d_tf.pixels import Pixels
from tests.harness import (
    Video,
    flow_codes,
    grey_frames,
    moving_texture,
    place_codes,
    write_records,
)

HEIGHT, WIDTH = 24, 32
LENGTHS = (5, 6, 7, 5, 6, 7, 5, 6, 7, 3)
CLIP = ClipRecipe(frames=4, size=16, flip=True)


def levels(number: int, length: int) -> np.ndarray:
    """Grey of block (i, j) in frame t of video k: 20 k + 2 t + 1, i, j odd.

    Rows and columns of blocks differ by 1 (a checkerboard), so that a crop can
    be told from its neighbour.
    """
    t, i, j = np.meshgrid(
        np.arange(length),
        np.arange(HEIGHT // 8),
        np.arange(WIDTH // 8),
        indexing="ij",
    )
    return 20 * number + 2 * t + (i + j) % 2


@pytest.fixture(scope="module")
def videos():
    return [
        Video(
            id=f"video{k}",
            label=k % 3,
            frames=grey_frames(levels(k, length)),
            codes=place_codes(length, HEIGHT, WIDTH),
            split="train" if k < 8 else "test",
        )
        for k, length in enumerate(LENGTHS)
    ]


@pytest.fixture(scope="module")
def folder(videos, tmp_path_factory):
    return write_records(
        tmp_path_factory.mktemp("records") / "known", videos, num_shards=2
    )


def read(folder, split="train", count=None, clip=CLIP, **kwargs):
    """The first `count` batches, as `[(inputs, labels)]` of NumPy arrays."""
    options = {
        "batch_size": 3,
        "training": True,
        "streams": ("frames", "flow", "id"),
    } | kwargs
    data = make_dataset(folder, split, clip, **options)
    if count is not None:
        data = data.take(count)
    return list(data.as_numpy_iterator())


def pixels_of(frames):
    """Float frames in [-1, 1] back to 0..255, which must be whole."""
    pixels = (frames + 1) * 127.5
    assert abs(pixels - np.rint(pixels)).max() < 1e-3
    return np.rint(pixels).astype(int)


def places_of(flow, flip):
    """Where each pixel was: (x, y), whole; `flip` undoes the sign of u."""
    codes = 128 + flow * [-127 if flip else 127, 127]
    assert abs(codes - np.rint(codes)).max() < 1e-2
    return np.rint(codes).astype(int) - 1


def clips_of(batches):
    """Every clip: id, label, pixels, flow."""
    return [
        (clip_id.decode(), int(label), pixels, flow)
        for inputs, labels in batches
        for clip_id, label, pixels, flow in zip(
            inputs["id"],
            labels,
            pixels_of(inputs["frames"]),
            inputs["flow"],
            strict=True,
        )
    ]


# ------------------------------------------------------------- evaluation


def test_evaluation_reads_every_number(folder, videos):
    """Centre view: rows (24 - 16)/2 = 4, columns 8, frames (n - 4)//2."""
    batches = read(folder, "test", training=False)
    (inputs, labels), *more = batches
    assert not more and labels.dtype == np.int64
    # Video 8 is in shard 0, video 9 in shard 1.
    assert inputs["id"].tolist() == [b"video8", b"video9"]
    assert labels.tolist() == [2, 0]
    assert inputs["frames"].dtype == inputs["flow"].dtype == np.float32
    # Video 8 has 7 frames: 1..4. Video 9 has 3: it begins again.
    for row, number, indices in ((0, 8, [1, 2, 3, 4]), (1, 9, [0, 1, 2, 0])):
        expected = videos[number].frames[indices, 4:20, 8:24]
        np.testing.assert_array_equal(
            pixels_of(inputs["frames"][row]), expected
        )
        y, x = np.mgrid[4:20, 8:24]
        np.testing.assert_array_equal(
            places_of(inputs["flow"][row], flip=False),
            np.broadcast_to(np.stack([x, y], -1), [4, 16, 16, 2]),
        )


def test_evaluation_order_is_that_of_the_shards(folder):
    """Shard 0 holds videos 0, 2, 4, 6, shard 1 the others; 3 + 3 + 2."""
    batches = read(folder, training=False)
    assert [len(labels) for _, labels in batches] == [3, 3, 2]
    assert [clip[0][-1] for clip in clips_of(batches)] == list("02461357")


def test_values_at_the_ends_of_the_scales(tmp_path):
    """Black -1, white 1; codes 1, 128, 255: -1, 0 exactly, 1 at 20 px.

    At saturation 10 px code 255 is 10 px, 0.5; at 40 px it is 2, cut to 1.
    """
    frames = np.zeros([2, 16, 16, 3], np.uint8)
    frames[1] = 255
    codes = np.full([2, 16, 16, 2], 128, np.uint8)
    codes[:, :, :8] = 1
    codes[:, :, 8:] = 255
    codes[:, :4] = 128
    for saturation, top in ((20.0, 1.0), (10.0, 0.5), (40.0, 1.0)):
        folder = write_records(
            tmp_path / f"{saturation}",
            [Video("a", 0, frames, codes)],
            saturation=saturation,
        )
        clip = ClipRecipe(frames=2, size=16)
        ((inputs, _),) = read(folder, clip=clip, training=False)
        np.testing.assert_allclose(inputs["frames"][0, 0], -1)
        np.testing.assert_allclose(inputs["frames"][0, 1], 1)
        flow = inputs["flow"][0]
        assert (flow[:, :4] == 0).all()
        np.testing.assert_allclose(flow[:, 4:, :8], -top, rtol=1e-6)
        np.testing.assert_allclose(flow[:, 4:, 8:], top, rtol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_pixels_of_a_network(folder, training):
    """The same bytes, draws and flow, scaled by another mean and deviation."""
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    for (ours, _), (plain, _) in zip(
        read(folder, count=2, training=training, pixels=Pixels(mean, std)),
        read(folder, count=2, training=training),
        strict=True,
    ):
        expected = (pixels_of(plain["frames"]) / 255 - mean) / std
        assert ours["frames"].dtype == np.float32
        np.testing.assert_allclose(ours["frames"], expected, atol=1e-5)
        np.testing.assert_array_equal(ours["flow"], plain["flow"])


def test_only_the_asked_streams_are_there(folder, videos):
    for streams in (("frames",), ("flow",), ("flow", "id")):
        (inputs, _), *_ = read(folder, count=1, streams=streams)
        assert set(inputs) == set(streams)


def test_shapes_are_known_before_reading(folder):
    data = make_dataset(folder, "train", CLIP, batch_size=3, training=True)
    inputs, labels = data.element_spec
    assert inputs["frames"].shape.as_list() == [3, 4, 16, 16, 3]
    assert inputs["flow"].shape.as_list() == [3, 4, 16, 16, 2]
    assert labels.shape.as_list() == [3]


# --------------------------------------------------------------- training


def test_both_streams_show_the_same_part_of_the_video(folder, videos):
    """Flow says which crop and flip it is of; the frames must be just that.

    24 epochs of 8 videos: every corner and both flips come up.
    """
    starts, corners, flips = set(), set(), set()
    clips = clips_of(read(folder, count=64))
    assert len(clips) == 192
    for clip_id, label, pixels, flow in clips:
        number = int(clip_id[-1])
        assert label == number % 3
        # Unflipped codes of u are 1..32, far below 128: negative flow.
        flip = bool(flow[0, 0, 0, 0] > 0)
        places = places_of(flow, flip)
        left, top = places[0].min((0, 1))
        y, x = np.mgrid[top : top + 16, left : left + 16]
        if flip:
            x = x[:, ::-1]
        np.testing.assert_array_equal(
            places, np.broadcast_to(np.stack([x, y], -1), places.shape)
        )
        start = (pixels[0].min() - 20 * number) // 2
        indices = (start + np.arange(4)) % LENGTHS[number]
        np.testing.assert_array_equal(
            pixels, videos[number].frames[indices][:, y, x]
        )
        starts.add((LENGTHS[number], int(start)))
        corners.add((int(top), int(left)))
        flips.add(flip)
    assert starts == {(n, s) for n in (5, 6, 7) for s in range(n - 3)}
    assert {top for top, _ in corners} == set(range(9))
    assert {left for _, left in corners} == set(range(17))
    assert flips == {False, True}


@pytest.mark.parametrize("velocity", [(2, -1), (-1.5, 0.75)])
def test_flow_warps_frames_after_all_augmentation(tmp_path, velocity):
    """Frame t + 1, looked up at (x + u, y + v), is frame t.

    Texture with waves of 6 px and more, amplitude near 40; JPEG and bilinear
    lookup cost some 3 grey levels, a wrong sign of u or v over 20.
    """
    frames, flow = moving_texture(5, HEIGHT, WIDTH, velocity)
    folder = write_records(
        tmp_path / "moving", [Video("a", 0, frames, flow_codes(flow))]
    )
    errors = {}
    for inputs, _ in read(folder, count=16, batch_size=1):
        pixels = (inputs["frames"][0] + 1) * 127.5
        u, v = np.moveaxis(inputs["flow"][0] * 20, -1, 0)
        for t in range(3):
            y, x = np.mgrid[4:12, 4:12]
            to_x, to_y = x + u[t, 4:12, 4:12], y + v[t, 4:12, 4:12]
            x0, y0 = np.floor(to_x).astype(int), np.floor(to_y).astype(int)
            fx, fy = (to_x - x0)[..., None], (to_y - y0)[..., None]
            after = pixels[t + 1]
            warped = (
                after[y0, x0] * (1 - fx) * (1 - fy)
                + after[y0, x0 + 1] * fx * (1 - fy)
                + after[y0 + 1, x0] * (1 - fx) * fy
                + after[y0 + 1, x0 + 1] * fx * fy
            )
            error = abs(warped - pixels[t, 4:12, 4:12]).mean()
            errors.setdefault(float(np.sign(u[0, 0, 0])), []).append(error)
    assert errors.keys() == {-1.0, 1.0}  # Clips as stored, and mirrored ones.
    assert max(map(max, errors.values())) < 6


def test_corner_crops_of_both_streams(tmp_path):
    """Flow tells which crop it is of: in its values, and how they stretch.

    Everything moves by (6, -3) px per frame. A crop of h x w pixels resized to
    16 makes that (6 16/w, -3 16/h). Grey is 4 x + 2 y: it tells the place in
    the video, so its slopes are 4 w/16 and 2 h/16 per pixel, up to JPEG.
    """
    y, x = np.mgrid[:24, :32]
    frames = np.broadcast_to((4 * x + 2 * y)[None, ..., None], [3, 24, 32, 3])
    flow = np.broadcast_to(np.float32([6, -3]), [3, 24, 32, 2])
    codes = flow_codes(flow)
    stored = (codes[0, 0, 0].astype(float) - 128) * 20 / 127
    folder = write_records(
        tmp_path / "slope", [Video("a", 0, np.uint8(frames), codes)]
    )
    clip = ClipRecipe(frames=2, size=16, crop="corners", flip=True)
    seen, flips = set(), set()
    for inputs, _ in read(folder, count=60, batch_size=1, clip=clip):
        u, v = 20 * inputs["flow"][0, 0, 0, 0]
        np.testing.assert_allclose(
            20 * inputs["flow"][0], np.broadcast_to([u, v], [2, 16, 16, 2])
        )
        flips.add(u < 0)
        w, h = 16 * stored / (abs(u), v)
        w, h = round(w), round(h)
        np.testing.assert_allclose([abs(u) * w, v * h], 16 * stored, rtol=1e-5)
        seen.add((h, w))
        grey = (inputs["frames"][0, 0, ..., 0] + 1) * 127.5
        down, across = (np.diff(grey, axis=i).mean() for i in (0, 1))
        assert abs(across) == pytest.approx(4 * w / 16, abs=0.15)
        assert (across < 0) == (u < 0)
        assert down == pytest.approx(2 * h / 16, abs=0.15)
    # 18 and 15 (0.66 * 24 = 15.84) are nearly 16. So there are 7 pairs.
    sides = (24, 21, 16, 16)
    assert len(seen) >= 6 and flips == {False, True}
    assert seen <= {
        (sides[i], sides[j])
        for i in range(4)
        for j in range(4)
        if abs(i - j) <= 1
    }


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "changes", [{"stride": 2}, {"stride": 4}, {"sampling": "segments"}]
)
def test_both_streams_of_frames_left_out_are_of_one_instant(
    tmp_path, changes, training
):
    """Frame t is grey 10 t, flow t is (t, 2 t) codes: the same t in both."""
    length = 13
    codes = np.zeros([length, 16, 16, 2], np.uint8)
    codes += np.uint8(128 + np.arange(length)[:, None, None, None] * [1, 2])
    grey = np.arange(length)[:, None, None] * np.full([1, 2, 2], 10)
    folder = write_records(
        tmp_path / "clock", [Video("a", 0, grey_frames(grey), codes)]
    )
    clip = ClipRecipe(frames=4, size=16, flip=False, **changes)
    count = 16 if training else 1
    options = {"training": training, "clip": clip, "batch_size": 1}
    seen = set()
    for inputs, _ in read(folder, count=count, **options):
        times = pixels_of(inputs["frames"])[0, :, 0, 0, 0] // 10
        codes = np.rint(inputs["flow"][0, :, 0, 0] * 127)
        np.testing.assert_array_equal(codes, times[:, None] * [1, 2])
        seen.add(tuple(times.tolist()))
    # With a stride of 4 a clip's span is the whole video.
    assert (len(seen) > 1) == (training and changes != {"stride": 4})


def test_a_random_short_side_stretches_both_streams(tmp_path):
    """As for corner crops, above: slope and flow tell the crop's side.

    Of 24 pixels, 16 of 16 to 24: 24, 22.6, 21.3, 20.2, 19.2, 18.3, 17.5, 16.7,
    16; rounded half up.
    """
    y, x = np.mgrid[:24, :32]
    frames = np.broadcast_to((4 * x + 2 * y)[None, ..., None], [3, 24, 32, 3])
    flow = np.broadcast_to(np.float32([6, -3]), [3, 24, 32, 2])
    codes = flow_codes(flow)
    stored = (codes[0, 0, 0].astype(float) - 128) * 20 / 127
    folder = write_records(
        tmp_path / "slope", [Video("a", 0, np.uint8(frames), codes)]
    )
    clip = ClipRecipe(frames=2, size=16, flip=False, short_sides=(16, 24))
    seen = set()
    for inputs, _ in read(folder, count=40, batch_size=1, clip=clip):
        assert inputs["frames"].shape == (1, 2, 16, 16, 3)
        u, v = 20 * inputs["flow"][0, 0, 0, 0]
        sides = 16 * stored / (u, v)
        np.testing.assert_allclose(sides, np.rint(sides), rtol=1e-5)
        (side,) = set(np.rint(sides).tolist())
        grey = (inputs["frames"][0, 0, ..., 0] + 1) * 127.5
        down, across = (np.diff(grey, axis=i).mean() for i in (0, 1))
        assert across == pytest.approx(4 * side / 16, abs=0.15)
        assert down == pytest.approx(2 * side / 16, abs=0.15)
        seen.add(side)
    assert seen <= {24, 23, 21, 20, 19, 18, 17, 16} and len(seen) >= 6


def test_a_mirrored_clip_is_of_the_other_class(folder):
    """0 and 2 swap, 1 stays; 48 clips, 8 of each flip and class or so."""
    clip = dataclasses.replace(CLIP, swap_on_flip=(("class2", "class0"),))
    plain = clips_of(read(folder, count=16))
    swapped = clips_of(read(folder, count=16, clip=clip))
    seen = set()
    for (clip_id, label, _, flow), other in zip(plain, swapped, strict=True):
        assert other[0] == clip_id
        np.testing.assert_array_equal(other[3], flow)
        flip = bool(flow[0, 0, 0, 0] > 0)  # As above.
        assert other[1] == ({0: 2, 1: 1, 2: 0}[label] if flip else label)
        seen.add((label, flip))
    assert len(seen) == 6
    # An evaluation mirrors nothing.
    same(
        read(folder, "test", training=False),
        read(folder, "test", training=False, clip=clip),
    )


def test_a_class_to_swap_that_does_not_exist(folder):
    clip = dataclasses.replace(CLIP, swap_on_flip=(("class0", "left"),))
    with pytest.raises(UserError, match="'left', which is not a class") as e:
        read(folder, clip=clip)
    assert "class0, class1, class2" in str(e.value)


@pytest.mark.large
def test_colours_change_frames_only_and_the_same_way_in_a_clip(tmp_path):
    """Grey videos at half brightness: what is added is the same everywhere."""
    videos = [
        Video(
            f"{k}",
            0,
            np.full([4, 16, 16, 3], 128, np.uint8),
            place_codes(4, 16, 16),
        )
        for k in range(4)
    ]
    folder = write_records(tmp_path / "grey", videos)
    plain = ClipRecipe(frames=4, size=16, flip=True)
    jittered = dataclasses.replace(plain, jitter_brightness=0.3)
    levels = set()
    for (inputs, _), (others, _) in zip(
        read(folder, count=8, clip=plain, batch_size=1),
        read(folder, count=8, clip=jittered, batch_size=1),
        strict=True,
    ):
        np.testing.assert_array_equal(inputs["flow"], others["flow"])
        change = others["frames"] - inputs["frames"]
        assert np.ptp(change) < 1e-5 and abs(change).max() <= 0.6
        levels.add(round(float(change.mean()), 4))
    assert len(levels) == 8  # Another one for every video and epoch.


def test_views_of_an_evaluation_are_not_augmented(folder):
    clip = dataclasses.replace(CLIP, crop="corners", jitter_hue=0.5)
    same(
        read(folder, "test", training=False),
        read(folder, "test", training=False, clip=clip),
    )


def test_every_epoch_shows_every_video_once(folder):
    """8 videos, batches of 2: four batches are an epoch; orders differ."""
    ids = [clip[0] for clip in clips_of(read(folder, count=24, batch_size=2))]
    epochs = [tuple(ids[i : i + 8]) for i in range(0, 48, 8)]
    for epoch in epochs:
        assert sorted(epoch) == [f"video{k}" for k in range(8)]
    assert len(set(epochs)) == 6


def test_records_are_shuffled_across_shards(folder):
    """A window of all records: any video can be the first."""
    ids = [clip[0] for clip in clips_of(read(folder, count=60, batch_size=8))]
    first = {ids[i] for i in range(0, 480, 8)}
    assert first == {f"video{k}" for k in range(8)}


def test_draws_differ_between_epochs_and_seeds(folder):
    def views(seed):
        """Corner and flip of video 0 in six epochs."""
        return [
            tuple(flow[0, 0, 0])
            for clip_id, _, _, flow in clips_of(
                read(folder, count=6, batch_size=8, seed=seed)
            )
            if clip_id == "video0"
        ]

    assert len(views(0)) == 6
    assert len(set(views(0))) > 3
    assert views(0) != views(1)


def same(first, second):
    assert len(first) == len(second)
    for (inputs, labels), (others, other_labels) in zip(
        first, second, strict=True
    ):
        np.testing.assert_array_equal(labels, other_labels)
        assert inputs.keys() == others.keys()
        for key in inputs:
            np.testing.assert_array_equal(inputs[key], others[key])


def test_batches_do_not_depend_on_threads(folder, monkeypatch):
    """As many calls as TensorFlow likes, twice; one at a time; two."""
    runs = [read(folder, count=8, seed=5) for _ in range(2)]
    for calls in (1, 2):
        monkeypatch.setattr(tf.data, "AUTOTUNE", calls)
        runs.append(read(folder, count=8, seed=5))
    for run in runs[1:]:
        same(runs[0], run)


@pytest.mark.parametrize("training", [False, True])
def test_a_slow_video_keeps_its_place(tmp_path, monkeypatch, training):
    """One video is 2000 times as large as the others and takes as much longer.

    With four decoding at a time it would come last of its four, if order were
    not kept.
    """
    videos = [
        Video(
            f"video{k}",
            0,
            np.full([4, side, side, 3], 128, np.uint8),
            np.full([4, side, side, 2], 128, np.uint8),
        )
        for k, side in enumerate([1000, 24, 24, 24, 24, 24])
    ]
    folder = write_records(tmp_path / "slow", videos, num_shards=4)
    monkeypatch.setattr(tf.data, "AUTOTUNE", 1)
    expected = read(folder, count=12, batch_size=1, training=training)
    monkeypatch.setattr(tf.data, "AUTOTUNE", 4)
    same(expected, read(folder, count=12, batch_size=1, training=training))


@pytest.mark.parametrize("start_step", [1, 3, 7])
def test_resumed_data_go_on_where_they_stopped(folder, start_step):
    """8 videos in batches of 3: steps 1, 3 and 7 begin inside an epoch."""
    whole = read(folder, count=10, seed=2)
    rest = read(folder, count=10 - start_step, seed=2, start_step=start_step)
    same(whole[start_step:], rest)


def test_resuming_late_does_not_read_the_past(folder):
    """Step 4000 of 8 videos: 1500 epochs have gone by, some 4 s of reading."""
    seconds = []
    for start_step in (0, 4000, 4000, 4000):
        begin = time.monotonic()
        read(folder, count=1, start_step=start_step)
        seconds.append(time.monotonic() - begin)
    assert min(seconds[1:]) < 3 * seconds[0] + 0.5


@pytest.mark.parametrize("part", ["frames", "flow", "order"])
def test_streams_asked_for_do_not_change_the_draw(folder, part):
    """A run that needs flow and one that does not see the same crops."""
    both = read(folder, count=3)
    if part == "order":
        alone = read(folder, count=3, streams=("frames",))
        labels = [batch[1].tolist() for batch in alone]
        assert labels == [batch[1].tolist() for batch in both]
    else:
        for (inputs, _), (single, _) in zip(
            both, read(folder, count=3, streams=(part,)), strict=True
        ):
            np.testing.assert_array_equal(inputs[part], single[part])


def test_replicas_share_a_batch(folder, replicas):
    """Parts of the global batch, in order, nothing twice."""
    whole = read(folder, count=2, batch_size=4, streams=("flow", "id"))
    data = make_dataset(
        folder,
        "train",
        CLIP,
        batch_size=4,
        training=True,
        streams=("flow", "id"),
    )
    shared = iter(replicas.experimental_distribute_dataset(data))
    for inputs, _ in whole:
        parts = replicas.experimental_local_results(next(shared)[0]["id"])
        assert [len(part) for part in parts] == [2, 2]
        assert np.concatenate(parts).tolist() == inputs["id"].tolist()


def test_an_unknown_split(folder):
    with pytest.raises(UserError, match="no split 'val'.*train, test"):
        read(folder, "val", count=1)


@pytest.mark.parametrize("training", [False, True])
def test_records_smaller_than_the_clip(folder, training):
    clip = ClipRecipe(frames=4, size=28)
    with pytest.raises(UserError, match="28.*24"):
        read(folder, count=1, clip=clip, training=training)
