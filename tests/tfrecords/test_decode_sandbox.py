"""A file that hangs, crashes or eats memory costs one line and no more."""

import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time

import av
import numpy as np
import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.tfrecords import decode_sandbox
from d3d_tf.tfrecords.listing import Source
from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import read_video
from d3d_tf.video.writing import write_video

DATA = DataRecipe(short_side=32)
# Frames that state one time are shown one after the other.
LONG = dataclasses.replace(DATA, max_seconds=1e5)


def source(path, **part):
    return Source(path.name, str(path), 0, "a", "train", **part)


@pytest.fixture(autouse=True)
def fresh():
    decode_sandbox._end_all()
    yield
    decode_sandbox._end_all()


@pytest.fixture
def video(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 32, 48, 3))
    write_video(tmp_path / "a.mp4", pixels.astype(np.uint8), 25)
    return tmp_path / "a.mp4"


@pytest.fixture
def endless(tmp_path):
    """A picture, 200,000 times, all of them at time 0."""
    path = tmp_path / "endless.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = 16, 16, "yuvj420p"
        picture = np.zeros((16, 16, 3), np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        (packet, *_) = stream.encode(frame) or stream.encode(None)
        content, base = bytes(packet), packet.time_base
        for _ in range(200_000):
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, base
            packet.pts = packet.dts = 0
            file.mux(packet)
    return path


@pytest.mark.parametrize("part", [{}, {"start": 0.4, "end": 1.0}])
def test_it_gives_what_decoding_here_gives(video, part):
    found, digest = decode_sandbox.read(source(video, **part), DATA)
    expected = read_video(
        video, frame_rate=25, short_side=32, max_seconds=10, **part
    )
    np.testing.assert_array_equal(found.frames, expected.frames)
    np.testing.assert_array_equal(found.timestamps, expected.timestamps)
    assert found.trimmed == expected.trimmed
    assert digest == hashlib.sha256(video.read_bytes()).hexdigest()
    assert decode_sandbox.frame_size(source(video), DATA) == (32, 48)


def test_one_child_serves_many(video, tmp_path, monkeypatch):
    decode_sandbox.read(source(video), DATA)
    (child,) = decode_sandbox._idle
    monkeypatch.chdir(tmp_path)
    decode_sandbox.read(Source("a", "a.mp4", 0, "a", "train"), DATA)
    with pytest.raises(UnreadableVideo, match="No such file"):
        decode_sandbox.read(source(tmp_path / "none"), DATA)
    assert list(decode_sandbox._idle) == [child]


def test_a_video_that_never_ends(endless, video):
    data = DataRecipe(short_side=32, max_decode_seconds=0.5, max_seconds=1e5)
    begin = time.monotonic()
    with pytest.raises(UnreadableVideo, match=r"not decoded within 0.5 s"):
        decode_sandbox.read(source(endless), data)
    assert time.monotonic() - begin < 10
    assert not decode_sandbox._idle
    decode_sandbox.read(source(video), DATA)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGSEGV, "the decoder crashed .SIGSEGV"),
        (signal.SIGKILL, "killed, most likely for want of memory"),
    ],
)
def test_a_decoder_that_crashes(endless, video, number, reason):
    """The next file gets a new child."""
    decode_sandbox.read(source(video), DATA)
    (child,) = decode_sandbox._idle
    threading.Timer(0.3, os.kill, (child.pid, number)).start()
    with pytest.raises(UnreadableVideo, match=reason):
        decode_sandbox.read(source(endless), LONG)
    decode_sandbox.read(source(video), DATA)
    assert child not in decode_sandbox._idle


def test_a_child_that_died_while_it_waited_is_replaced(video):
    decode_sandbox.read(source(video), DATA)
    (child,) = decode_sandbox._idle
    child.kill()
    child.wait()
    decode_sandbox.read(source(video), DATA)


def test_memory_is_bounded(video, monkeypatch):
    """A limit just above what the libraries take, in a child of one's own."""
    code = (
        "from d3d_tf.tfrecords import decode_sandbox\n"
        "import cv2, resource\n"
        "lines = open('/proc/self/status').read().splitlines()\n"
        "(size,) = [l.split()[1] for l in lines if l.startswith('VmSize')]\n"
        "decode_sandbox.MEMORY_LIMIT = int(size) * 1024 + 2**26\n"
        "decode_sandbox._CALLS['read'] = lambda path, **_: bytearray(2**28)\n"
        "decode_sandbox.serve()\n"
    )
    popen = subprocess.Popen

    def start(command, **pipes):
        return popen([sys.executable, "-c", code], **pipes)

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(UnreadableVideo, match="needs more than .* GiB of mem"):
        decode_sandbox.read(source(video), DATA)


def test_an_error_nobody_thought_of_is_that_of_the_video(video, monkeypatch):
    code = (
        "from d3d_tf.tfrecords import decode_sandbox\n"
        "decode_sandbox._CALLS['read'] = lambda path, **_: {}['no key']\n"
        "decode_sandbox.serve()\n"
    )
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda _, **pipes: popen([sys.executable, "-c", code], **pipes),
    )
    with pytest.raises(UnreadableVideo, match="cannot be decoded: 'no key'"):
        decode_sandbox.read(source(video), DATA)


def test_a_broken_installation_is_no_fault_of_the_video(video, monkeypatch):
    popen = subprocess.Popen

    def start(command, **pipes):
        return popen([sys.executable, "-c", "raise SystemExit(3)"], **pipes)

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(RuntimeError, match="decoding process does not work"):
        decode_sandbox.read(source(video), DATA)


def test_children_end_with_their_parent(endless):
    """Even if that is killed while they decode."""
    code = (
        "import sys, threading\n"
        "from d3d_tf.config import DataRecipe\n"
        "from d3d_tf.tfrecords import decode_sandbox\n"
        "from d3d_tf.tfrecords.listing import Source\n"
        "video = Source('a', sys.argv[1], 0, 'a', 'train')\n"
        "data = DataRecipe(\n"
        "    short_side=32, max_decode_seconds=1.5, max_seconds=1e5)\n"
        "child = decode_sandbox._borrow()\n"
        "decode_sandbox._idle.append(child)\n"
        "print(child.pid, flush=True)\n"
        "decode_sandbox.read(video, data)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(endless)], stdout=subprocess.PIPE
    )
    pid = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.kill()
    parent.communicate()
    for _ in range(300):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.1)
    pytest.fail("it goes on")
