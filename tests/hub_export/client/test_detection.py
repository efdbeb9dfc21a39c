"""A video and its persons to a server and back, over gRPC and REST."""

import cv2
import numpy as np
import pytest

from d3d_tf.hub_export.client.__main__ import main
from d3d_tf.hub_export.client.classification import classify
from d3d_tf.hub_export.client.detection import (
    Detections,
    detect,
    read_boxes,
)
from d3d_tf.hub_export.client.drawing import WIDTH
from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.module_info import read_module_info
from tests.harness import write_lossless
from tests.hub_export.client.conftest import serving
from tests.hub_export.client.test_main import TENSORFLOW, alone
from tests.hub_export.detection.conftest import LABELS, RPN, export, made

BOTH = pytest.mark.parametrize("way", ["grpc", "rest"])
BOXES = np.float32([[0.1, 0.2, 0.9, 0.5], [0, 0, 1, 1]])


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """A detector, and a double that serves it."""
    network = made()
    folder = tmp_path_factory.mktemp("detector") / "export"
    module = export(network, folder, info={"frame_rate": 10.0})
    with serving(module) as double:
        yield network, double


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Seven frames of smooth colours, without loss, 36 x 48; and the file."""
    y, x = np.mgrid[:36, :48]
    frames = np.stack(
        [
            np.stack([5 * x + k, 7 * y - k, 2 * x + 3 * y + 9 * k], -1) % 251
            for k in range(7)
        ]
    ).astype(np.uint8)
    path = tmp_path_factory.mktemp("scene") / "scene.mkv"
    write_lossless(path, frames)
    return frames, path


@BOTH
def test_the_answer_is_the_networks(detector, scene, way):
    """Frames 1 to 4 of 7: the keyframe, 3, is the clip's third."""
    network, double = detector
    frames, path = scene
    found = detect(
        path,
        getattr(double, way),
        BOXES,
        info=read_module_info(double.module),
    )
    clip = np.float32(frames[None, 1:5] / 255)
    probabilities, boxes = network.detect(
        network.pixels.from_unit(clip), BOXES[None]
    )
    # JPEGs of quality 95.
    np.testing.assert_allclose(found.probabilities, probabilities[0], atol=0.02)
    np.testing.assert_allclose(found.boxes, boxes[0], atol=0.02)
    assert found.labels == tuple(LABELS) and found.frames == 4
    key = cv2.imdecode(np.frombuffer(found.keyframe, np.uint8), 1)[..., ::-1]
    assert np.abs(key.astype(int) - frames[3]).mean() < 8


def test_nobody_is_asked_about(scene):
    with pytest.raises(ClientError, match="There is no box"):
        detect(scene[1], "grpc://127.0.0.1:1", BOXES[:0])


@pytest.mark.large
@pytest.mark.card
def test_a_detector_that_finds_persons(tmp_path, scene, capsys):
    """The command knows it by its module; the example has no boxes."""
    network = made(RPN)
    module = export(network, tmp_path / "export", info={"frame_rate": 10.0})
    info = read_module_info(module)
    picture = tmp_path / "answer.jpg"
    with serving(module) as double:
        for server in (double.grpc, double.rest):
            found = detect(scene[1], server, info=info)
            assert found.boxes.shape[0] == len(found.probabilities) <= 6
        with pytest.raises(ClientError, match="it finds persons by itself"):
            detect(scene[1], double.grpc, BOXES, info=info)
        flags = [f"--server={double.rest}", f"--module={module}"]
        assert main([str(scene[1]), *flags, f"--out={picture}"]) == 0
        assert main(["--check", *flags]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(found.boxes) + 2
    assert picture.is_file()


def test_its_example(detector, capsys):
    _, double = detector
    flags = [f"--server={double.rest}", f"--module={double.module}"]
    assert main(["--check", *flags]) == 0
    assert "equal: the largest difference of 3" in capsys.readouterr().out


def test_the_command_draws(detector, scene, tmp_path):
    """In a process without TensorFlow."""
    _, double = detector
    boxes, picture = tmp_path / "boxes.csv", tmp_path / "answer.png"
    boxes.write_text("0.2,0.1,0.5,0.9\n\n0,0,1,1\n")
    found = alone(
        TENSORFLOW,
        [
            scene[1],
            f"--server={double.grpc}",
            f"--module={double.module}",
            f"--boxes={boxes}",
            f"--out={picture}",
        ],
    )
    assert found.returncode == 0, found.stderr
    head, *persons, where = found.stdout.splitlines()
    assert "4 frames" in head and where == f"picture: {picture}"
    assert [line.split(":")[0] for line in persons] == ["person 1", "person 2"]
    assert all("%" in line for line in persons)
    assert cv2.imread(str(picture)).shape == (WIDTH * 3 // 4, WIDTH, 3)


def test_detectors_and_classifiers(detector, double, scene):
    with pytest.raises(ClientError, match="is a detector.s, which is asked"):
        classify(scene[1], detector[1].grpc)
    with pytest.raises(ClientError, match="takes no boxes: it finds"):
        detect(scene[1], double.grpc, BOXES)
    with pytest.raises(ClientError, match="asked about persons: give --boxes"):
        detect(scene[1], detector[1].grpc)


@pytest.mark.parametrize(
    "line", ["0,0,1", "0,0,2,2", "0.5,0,0.5,1", "0,1,1,0", "a,b,c,d", "0,0,1,n"]
)
def test_lines_that_are_no_boxes(tmp_path, line):
    path = tmp_path / "boxes.csv"
    path.write_text(f"0,0,1,1\n{line}\n")
    with pytest.raises(ClientError, match=r"line 2: a box is x1,y1,x2,y2"):
        read_boxes(path)


def test_boxes_of_a_file(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text("0.2,0.1,0.5,0.9\r\n")
    expected = np.float32([[0.1, 0.2, 0.9, 0.5]])
    np.testing.assert_array_equal(read_boxes(path), expected)
    path.write_text("")
    assert read_boxes(path).shape == (0, 4)
    with pytest.raises(ClientError, match="cannot be read"):
        read_boxes(tmp_path / "none.csv")


def some(boxes=((0.25, 0.25, 0.75, 0.5),), said=((0.2, 0.7, 0.9),)):
    grey = np.full([60, 80, 3], 128, np.uint8)
    return Detections(
        np.array(boxes),
        np.array(said),
        tuple(LABELS),
        cv2.imencode(".jpg", grey)[1].tobytes(),
        *(4, 1, 0.1),
    )


def test_actions():
    assert some().actions(0) == [("größer", 0.9), (LABELS[1], 0.7)]
    unsure = some(said=((0.2, 0.1, 0.0),))
    assert unsure.actions(0) == [("stand", 0.2)]
