"""The command as a user runs it: another process, its streams and files."""

import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from d3d_tf.commands.flow import run
from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UsageError
from d3d_tf.tfrecords.flow.whole_video import flow_of_video
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture

FILES = {"data": "a.mp4", "out": "f.npy"}


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Six frames that move by (2, 1)."""
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    write_video(path, moving_texture(6, 32, 48, (2, 1))[0], 25)
    return path


@pytest.fixture
def command(tmp_path):
    """`command(*arguments)` in an empty folder, which holds what it wrote."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "d3d_tf.main", "--mode=flow", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def test_the_flow_of_a_file(command, video, tmp_path):
    done = command(
        f"--data={video}", "--out=f.npy", "--set=short_side=32", "--threads=2"
    )
    assert done.returncode == 0, done.stderr
    *_, first, second = done.stdout.splitlines()  # Compiling may be told.
    assert first == (
        "f.npy: [5, 32, 48, 2]; 0 % of the vectors are beyond 20 px and would "
        "be clipped in records"
    )
    rate = r"[\d.]+ pairs per second \(tvl1, cpu, 2 threads\); at this rate "
    hours = "HMDB-51 takes {0} h, UCF-101 takes {0} h, Kinetics-400 takes {0} h"
    assert re.fullmatch(rate + hours.format(r"[\d,]+"), second)
    assert "5/5" in done.stderr and "Traceback" not in done.stderr
    flow_of_video(
        video, tmp_path / "same.npy", FlowRecipe(), short_side=32, show=False
    )
    flow = np.load(tmp_path / "f.npy")
    np.testing.assert_array_equal(flow, np.load(tmp_path / "same.npy"))
    middle = np.median(flow[:, 8:-8, 8:-8], axis=(0, 1, 2))
    np.testing.assert_allclose(middle, [2, 1], atol=0.1)
    assert (tmp_path / "f.npy.json").exists()


def test_hours_of_a_data_set(command, video, tmp_path):
    """630,000, 2,500,000 and 60,000,000 frames at the rate that is shown.

    A slow one, so that the rounding to hours is small; OpenCV's.
    """
    done = command(
        *(f"--data={video}", "--out=f.npy"),
        *("--set=short_side=128", "--set=backend=opencv"),
    )
    assert done.returncode == 0, done.stderr
    *_, line = done.stdout.splitlines()
    assert "(tvl1, opencv, " in line
    rate = float(line.split()[0])
    hours = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) h", line)]
    for found, frames in zip(hours, (6.3e5, 2.5e6, 6e7), strict=True):
        # The rate is shown with one digit behind the point.
        slack = 0.051 / rate * found + 1
        assert found == pytest.approx(frames / rate / 3600, abs=slack)


@pytest.mark.parametrize("algorithm", ["dis", "farneback"])
def test_another_algorithm(command, video, tmp_path, algorithm):
    done = command(
        f"--data={video}", "--out=f.npy", f"--set=algorithm={algorithm}"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("f.npy: [5, 256, 384, 2]; ")
    assert f"({algorithm}, " in done.stdout


def test_flow_of_another_tool(command, tmp_path):
    """Codes 127 and 191: (191 - 127) * 40 / 255 = 10.04 px."""
    for axis, code in (("x", 127), ("y", 191)):
        picture = np.full((20, 24), code, np.uint8)
        cv2.imwrite(str(tmp_path / f"flow_{axis}_00001.png"), picture)
    mars = ("--set=algorithm=imported", "--set=imported_codec=mars")
    done = command("--data=.", *mars, "--out=f.npy")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "f.npy: [1, 20, 24, 2], from mars; mean magnitude 10.04 px\n"
    )
    flow = np.load(tmp_path / "f.npy")
    np.testing.assert_allclose(flow[0, 0, 0], [0, 64 * 40 / 255], rtol=1e-5)
    bound = "--set=imported_bound=10"
    other = command("--data=.", *mars, bound, "--out=g.npy")
    assert "mean magnitude 5.02 px" in other.stdout


def imported(source, codec, out="f.npy"):
    """Arguments that import the flow of another tool."""
    keys = ("algorithm=imported", f"imported_codec={codec}")
    return [f"--data={source}", f"--out={out}", *(f"--set={k}" for k in keys)]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (
            ["--data=none.mp4", "--out=f.npy"],
            ["none.mp4 cannot be used: ", "No such"],
        ),
        (["--data=text.mp4", "--out=f.npy"], ["text.mp4 cannot be used: "]),
        (
            imported(".", "mars"),
            ["holds no flow pictures", "flow_x_00001.jpg"],
        ),
        (
            imported("zeros.npy", "tvl2"),
            ["'tvl2'", "denseflow", "mmaction2", "mars", "i3d", "pixels"],
        ),
        (imported("text.mp4", "i3d"), ["text.mp4 is not an .npy"]),
        (imported("zeros.npy", "i3d", "no/such/f.npy"), ["no/such/f.npy"]),
    ],
)
def test_what_cannot_be_used_is_answered_in_one_line(
    command, tmp_path, arguments, parts
):
    (tmp_path / "text.mp4").write_text("no video")
    np.save(tmp_path / "zeros.npy", np.zeros((1, 4, 5, 2)))
    before = sorted(path.name for path in tmp_path.iterdir())
    done = command(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"data": "a.mp4"}, "needs --data=VIDEO and --out=FILE.npy"),
        ({"out": "f.npy"}, "needs --data=VIDEO and --out=FILE.npy"),
        (
            {"data": "a.mp4", "out": "f.png"},
            "--out must end in .npy; got f.png",
        ),
        (FILES | {"settings": ["short_side=15"]}, "at least 16.*; got 15"),
        (FILES | {"settings": ["algorithm=x"]}, "tvl1, dis"),
        (FILES | {"settings": ["backend=x"]}, "cpu, opencv"),
        (
            FILES | {"settings": ["frame_rate=5"]},
            "data.frame_rate has no effect with --mode=flow",
        ),
    ],
)
def test_wrong_usage(given, part):
    with pytest.raises(UsageError, match=part):
        run(**given)
