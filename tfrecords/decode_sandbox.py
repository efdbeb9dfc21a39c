"""Decoding in a child process, so that no file can stop the work.

FFmpeg reads what strangers made. A file that makes it crash, hang or take all
memory ends the child and becomes one line of the quarantine; the next file
gets a new child. Time and memory are bounded by the kernel (an alarm and a
limit of the address space), and a child whose parent is gone ends by itself.

Why not pebble (tried: 5.2.3)? It has time limits, lets us limit memory, and
names the signal of a crash. But the parent keeps its clock, so a decoder that
hangs outlives a parent that was killed; processes that are spawned need a main
module with a guard, which a user's script or notebook may lack; and 50 MB of
frames took 0.4 s to come back, where this pipe takes 0.2 s.
"""

import atexit
import collections
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable

from d3d_tf.config import DataRecipe
from d3d_tf.file_digests import sha256_of
from d3d_tf.tfrecords.listing import Source
from d3d_tf.video.frame_folder import (
    first_picture_size,
    pictures_in,
    read_frame_folder,
)
from d3d_tf.video.opening import UnreadableVideo, rate_and_seconds, reason
from d3d_tf.video.reading import Video, first_frame_size, read_video

MEMORY_LIMIT = 16 * 2**30  # Bytes of address space, libraries included.

# Children that wait for a file; as many as there were threads at once.
_idle: collections.deque[subprocess.Popen] = collections.deque()


def read(source: Source, data: DataRecipe) -> tuple[Video, str]:
    """A video as `read_video` gives it, and the SHA-256 of its file.

    Raises:
      UnreadableVideo: as `read_video`; or it took more than
        `data.max_decode_seconds` or `MEMORY_LIMIT`, or the decoder crashed.
    """
    return _ask(
        "read",
        source.path,
        data.max_decode_seconds,
        frame_rate=data.frame_rate,
        short_side=data.short_side,
        max_seconds=data.max_seconds,
        start=source.start,
        end=source.end,
        square_pixels=data.square_pixels,
        picture_rate=data.picture_rate,
    )


def frame_size(source: Source, data: DataRecipe) -> tuple[int, int]:
    """(height, width) of a video's first frame in pixels.

    Raises:
      UnreadableVideo: as `read`.
    """
    return _ask(
        "frame_size",
        source.path,
        data.max_decode_seconds,
        square_pixels=data.square_pixels,
    )


def header(path: str, data: DataRecipe) -> tuple[float, float]:
    """Frames per second, and seconds (0: unknown), as a file's header says.

    Raises:
      UnreadableVideo: as `read`.
    """
    return _ask(
        "header",
        path,
        data.max_decode_seconds,
        picture_rate=data.picture_rate,
    )


def _ask(name: str, path: str, seconds: float, **options):
    # The child's current folder is that of the day it was born.
    request = (name, os.path.abspath(path), seconds, options)
    child = _borrow()
    assert child.stdin and child.stdout
    try:
        try:
            pickle.dump(request, child.stdin)
            child.stdin.flush()
            good, answer = pickle.load(child.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            raise UnreadableVideo(_cause(child.wait(), seconds)) from None
    except BaseException:  # Also Ctrl-C: half an answer is of no use.
        _end(child)
        raise
    _idle.append(child)
    if not good:
        raise UnreadableVideo(answer)
    return answer


def _borrow() -> subprocess.Popen:
    while _idle:
        try:
            child = _idle.pop()
        except IndexError:  # Another thread was faster.
            break
        if child.poll() is None:
            return child
        _end(child)
    code = "from d3d_tf.tfrecords.decode_sandbox import serve; serve()"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _end(child: subprocess.Popen) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        try:
            if pipe:
                pipe.close()
        except OSError:  # What was not yet written cannot be.
            continue


def _cause(code: int, seconds: float) -> str:
    """Why a child ended that should have answered."""
    if code == -signal.SIGALRM:
        return f"not decoded within {seconds:g} s (data.max_decode_seconds)"
    if code == -signal.SIGKILL:
        return "the decoder was killed, most likely for want of memory"
    if code < 0:
        return f"the decoder crashed ({signal.Signals(-code).name})"
    raise RuntimeError("The decoding process does not work; see its messages.")


@atexit.register
def _end_all() -> None:
    while _idle:
        _end(_idle.pop())


# A forked process must not talk to its parent's children.
os.register_at_fork(after_in_child=_idle.clear)


def serve() -> None:
    """The child: answers requests until its parent closes the pipe."""
    import cv2

    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent decides.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # Ends us, wherever we are.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if hard < 0 else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # A library's chatter is no answer.
    while True:
        try:
            name, path, seconds, options = pickle.load(requests)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            answer = (True, _CALLS[name](path, **options))
        except UnreadableVideo as error:
            answer = (False, str(error))
        except MemoryError:
            limit_text = f"{MEMORY_LIMIT / 2**30:g} GiB"
            answer = (False, f"needs more than {limit_text} of memory")
        except Exception as error:  # PyAV's surprises stop no other video.
            answer = (False, reason(error))
        signal.setitimer(signal.ITIMER_REAL, 0)
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _read(path: str, *, picture_rate: float, **options) -> tuple[Video, str]:
    if os.path.isdir(path):
        del options["square_pixels"]  # Pictures have no others.
        return read_frame_folder(path, rate=picture_rate, **options)
    return read_video(path, **options), sha256_of(path)


def _header(path: str, *, picture_rate: float) -> tuple[float, float]:
    if os.path.isdir(path):
        return picture_rate, len(pictures_in(path)) / picture_rate
    return rate_and_seconds(path)


def _frame_size(path: str, *, square_pixels: bool) -> tuple[int, int]:
    if os.path.isdir(path):
        return first_picture_size(path)
    return first_frame_size(path, square_pixels=square_pixels)


_CALLS: dict[str, Callable] = {
    "read": _read,
    "frame_size": _frame_size,
    "header": _header,
}
