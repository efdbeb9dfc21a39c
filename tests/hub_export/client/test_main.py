"""The command, in a process that has nothing but what the client needs."""

import os
import re
import subprocess
import sys

import pytest

from d3d_tf.hub_export.client.__main__ import main
from tests.hub_export.client import bad_grpc

# Refuses packages, and of this one what the client does without.
ALONE = """
import runpy, sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        top, *rest = name.split(".")
        ours = ["hub_export", "client"]
        # Come with the package, without TensorFlow; one decodes videos.
        if rest[:1] in (["onednn"], ["sealed"], ["video"]):
            return
        if rest == ["hub_export", "rounding"]:
            return
        if top in {refused} or top == "d3d_tf" and rest[:2] != ours[:len(rest)]:
            raise ModuleNotFoundError(f"{{name}} is refused here")

sys.meta_path.insert(0, Refusing())
sys.argv = ["client", *{arguments}]
runpy.run_module("d3d_tf.hub_export.client", run_name="__main__")
"""
TENSORFLOW = ["tensorflow", "tensorflow_serving", "keras", "tf_keras"]


def alone(refused, arguments, **environment):
    code = ALONE.format(refused=refused, arguments=list(map(str, arguments)))
    return subprocess.run(
        [sys.executable, "-W", "error:::d3d_tf", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    "way, refused",
    [
        ("grpc", TENSORFLOW),
        ("rest", [*TENSORFLOW, "grpc", "google"]),
    ],
)
def test_it_needs_neither_tensorflow_nor_the_rest(double, video, way, refused):
    server = getattr(double, way)
    result = alone(
        refused, [video, f"--server={server}", f"--module={double.module}"]
    )
    assert result.returncode == 0, result.stderr
    head, *rows = result.stdout.splitlines()
    assert head.startswith(f"{video}, by d3d at {server}: 4 frames, 0.00 MB")
    # Odds exp(0.1098), 1 and exp(-0.1098), as in the fixture `expected`.
    assert rows == ["  37.1 %  dark", "  33.2 %  middle", "  29.7 %  größer"]
    assert not result.stderr


def test_a_terminal_without_their_letters(double, video):
    result = alone(
        TENSORFLOW,
        [video, f"--server={double.grpc}", f"--module={double.module}"],
        PYTHONIOENCODING="ascii",
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == r"  29.7 %  gr\xf6\xdfer"


def test_the_refusal_refuses(tmp_path):
    """Else the test above would show nothing."""
    for name in (
        "d3d_tf.errors",
        "d3d_tf.hub_export.saved_module",
        "tensorflow",
    ):
        code = ALONE.format(refused=TENSORFLOW, arguments=[]).replace(
            'runpy.run_module("d3d_tf.hub_export.client"', f"import {name}; ("
        )
        result = subprocess.run(
            [sys.executable, "-c", code.split(", run_name")[0] + ")"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"{name} is refused here" in result.stderr


def test_what_is_missing_is_named(double, video):
    result = alone(["av"], [video, f"--server={double.rest}"])
    assert result.returncode == 1
    assert "needs numpy, av and opencv" in result.stderr


def test_flags(double, video, tmp_path, capsys):
    """Two frames at one per second: levels of frames 0 and 10, 10 and 130.

    Mean 70: inside 70 / 127.5 - 1 = -0.45098, odds exp(1.80392) = 6.073, 1
    and 1 / 6.073 = 0.165; 6.073 / 7.238 = 0.839, 1 / 7.238 = 0.138.
    """
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    code = main(
        [
            str(video),
            f"--server={double.grpc}",
            "--model=d3d",
            "--version=1",
            "--frames=2",
            "--frame_rate=1",
            "--short_side=18",
            f"--labels={tmp_path / 'labels.txt'}",
            "--top=2",
        ]
    )
    out, err = capsys.readouterr()
    assert code == 0 and not err
    assert out.splitlines()[1:] == ["  83.9 %  a", "  13.8 %  b"]


def test_what_nobody_told_is_said(double, video, capsys):
    assert main([str(video), f"--server={double.grpc}", "--frames=4"]) == 0
    out, err = capsys.readouterr()
    assert "class 0" in out
    assert "nobody told the module's frame_rate: " in err
    assert "--module=EXPORT/VERSION" in err


def test_errors_are_one_line(video, capsys):
    assert main([str(video), "--server=nowhere"]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith("error: --server is grpc://HOST:PORT")
    assert err.count("\n") == 1


def test_wrong_usage(capsys):
    with pytest.raises(SystemExit) as error:
        main(["video.mp4"])
    assert error.value.code == 2


@pytest.mark.parametrize("name", ["goes away", "details that are not UTF-8"])
def test_grpc_writes_nothing_of_its_own(video, name):
    """It would print what the server says, escape sequences included."""
    (fault,) = [f for f in bad_grpc.FAULTS if f.name == name]
    with fault.serve() as server:
        result = alone([], [video, f"--server={server}", "--retries=0"])
    assert result.returncode == 1 and not result.stdout
    assert re.fullmatch(r"error: .*\\x1b\[2J.*\n", result.stderr)
    assert result.stderr[:-1].isprintable()


def test_labels_that_a_terminal_would_obey(double, video, tmp_path, capsys):
    file = tmp_path / "labels.txt"
    file.write_bytes("\x1b[2Ja\nb\u202e\nü\u200dc\n".encode())
    arguments = [f"--server={double.grpc}", "--frames=4", f"--labels={file}"]
    assert main([str(video), *arguments]) == 0
    shown = [row[10:] for row in capsys.readouterr().out.splitlines()[1:]]
    # A joiner is a letter of some languages.
    assert sorted(shown) == [r"\x1b[2Ja", r"b\u202e", "ü\u200dc"]
