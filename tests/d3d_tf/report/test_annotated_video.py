"""Boxes in the video, by their colours after decoding with PyAV."""

import av
import numpy as np
import pytest

from d3d_tf.report.annotated_video import marks_of, write_annotated
from d3d_tf.tasks.detection.scores import DetectionScores
from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import frame_times
from d3d_tf.video.writing import write_video
from tests.d3d_tf.video.encoding import encode

CLASSES = ["run", "sit"]
LEFT, RIGHT = (0.25, 0.0, 0.75, 0.5), (0.25, 0.5, 0.75, 1.0)


def scores(*boxes, answers=(0.9, 0.1)):
    """A keyframe for each box."""
    count = len(boxes)
    return DetectionScores(
        np.array([f"v/{place:04d}" for place in range(count)]),
        np.zeros([count, 0, 6], np.float32),
        boxes=np.float32(boxes)[:, None],
        probabilities=np.tile(np.float32(answers), [count, 1, 1]),
    )


def decoded(path):
    with av.open(str(path)) as container:
        return np.stack(
            [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
        )


def side_of(frame):
    """Where green lines are: `left`, `right`, or neither."""
    green = (frame[..., 1] > 120) & (frame[..., 0] < 90)
    middle = frame.shape[1] // 2
    halves = {"left": green[:, :middle], "right": green[:, middle:]}
    return [name for name, half in halves.items() if half.sum() > 100]


def test_frames_have_the_boxes_of_the_nearest_keyframe(tmp_path):
    """Of 50 frames, 25 per second, keyframes are at 0.4 and 0.8 s."""
    path, target = tmp_path / "v.mp4", tmp_path / "a.mp4"
    write_video(path, np.zeros([50, 64, 96, 3], np.uint8), 25)
    times = frame_times(path)
    write_annotated(
        target, path, times, [0.4, 0.8], scores(LEFT, RIGHT), CLASSES
    )
    frames = decoded(target)
    # A short side of 64 becomes 240, so that words can be read.
    assert frames.shape == (50, 240, 360, 3)
    np.testing.assert_allclose(frame_times(target), times, atol=1e-4)
    found = [side_of(frame) for frame in frames]
    # Up to 0.6 s the first is nearer, and after 1.3 s the last one is past.
    assert found[:15] == [["left"]] * 15
    assert found[16:33] == [["right"]] * 17
    assert found[33:] == [[]] * 17
    # Lines are 2 pixels wide; those of the left half from 0 to 180.
    green = (frames[5, ..., 1] > 120) & (frames[5, ..., 0] < 90)
    columns = np.flatnonzero(green[100:140].any(0))
    assert {*columns} <= {0, 1, 2, 177, 178, 179, 180}
    rows = np.flatnonzero(green[:, 60:160].sum(1) > 50)
    assert {*rows} <= {59, 60, 61, 62, 177, 178, 179, 180}


def test_the_same_bytes(tmp_path):
    path = tmp_path / "v.mp4"
    noise = np.random.default_rng(0).integers(0, 255, [10, 50, 66, 3])
    write_video(path, noise.astype(np.uint8), 25)
    for name in "ab":
        write_annotated(
            tmp_path / name,
            path,
            frame_times(path),
            [0.2],
            scores(LEFT),
            CLASSES,
        )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_odd_sides_and_times(tmp_path):
    """67 x 90 pixels become 240 x 322; frames keep the times that they have."""
    path, target = tmp_path / "v.mkv", tmp_path / "a.mp4"
    pixels = np.zeros([4, 67, 90, 3], np.uint8)
    encode(path, "ffv1", pixels, "bgr0", times=[0, 40, 500, 560])
    times = frame_times(path)
    write_annotated(target, path, times, [0.0], scores(LEFT), CLASSES)
    assert decoded(target).shape == (4, 240, 322, 3)
    np.testing.assert_allclose(frame_times(target), times, atol=1e-4)


def test_what_fails_leaves_nothing(tmp_path):
    path = tmp_path / "v.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(UnreadableVideo):
        write_annotated(
            tmp_path / "a.mp4", path, [0, 1], [0], scores(LEFT), CLASSES
        )
    assert [p.name for p in tmp_path.iterdir()] == ["v.mp4"]


def test_words_of_a_box():
    """The most probable first; a box without an area is none."""
    boxes = np.float32([LEFT, RIGHT, [0, 0, 0, 0]])
    answers = np.float32([[0.61, 0.978], [0.5, 0.2], [1, 1]])
    one, other = marks_of(boxes, answers, CLASSES)
    assert one.text == "sit 98 %\nrun 61 %"
    assert other.text == "" and other.colour != one.colour
    assert one.box == LEFT
