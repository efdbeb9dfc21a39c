"""What is said is on the screen at once and in the run's log, with the time."""

import errno
import logging
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from d3d_tf.errors import UsageError, UserError
from d3d_tf.screen import (
    exit_code_of,
    explain,
    log_to,
    quiet,
    say,
    silence,
)


@pytest.fixture(autouse=True)
def restored_logger():
    logger = logging.getLogger("d3d_tf")
    before = logger.handlers, logger.level, logger.propagate
    yield
    for handler in logger.handlers:
        handler.close()
    logger.handlers, logger.level, logger.propagate = before


def test_without_a_log_file_only_the_screen_is_used(capsys):
    say("hello")
    say()
    captured = capsys.readouterr()
    assert captured.out == "hello\n\n"
    assert captured.err == ""


def test_a_name_that_is_not_utf_8_is_said_and_logged(tmp_path):
    """By a process of its own: the screen of a test takes anything."""
    code = (
        "import os\nfrom pathlib import Path\n"
        "from d3d_tf.screen import exit_code_of, log_to, say\n"
        "from d3d_tf.errors import UserError\n"
        f"log_to(Path({str(tmp_path / 'log.txt')!r}))\n"
        "name = os.fsdecode(b'a\\xf1')\n"
        "say(name)\n"
        "def work(): raise UserError(f'no {name}, nor\\nb')\n"
        "exit_code_of(work)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout == "a\\xf1\n"
    assert done.stderr == "error: no a\\xf1, nor\\x0ab\n"
    assert (tmp_path / "log.txt").read_text().endswith(" a\\xf1\n")


def test_a_line_is_logged_with_its_time(tmp_path, capsys):
    log_to(tmp_path / "log.txt")
    say("100 % done")
    assert capsys.readouterr().out == "100 % done\n"
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} 100 % done\n",
        (tmp_path / "log.txt").read_text(),
    )


def test_a_second_start_appends(tmp_path):
    for text in ("first", "second"):
        log_to(tmp_path / "log.txt")
        say(text)
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.split()[-1] for line in lines] == ["first", "second"]


def test_the_next_run_does_not_write_into_the_log_of_the_last(tmp_path):
    log_to(tmp_path / "a.txt")
    say("of a")
    log_to(tmp_path / "b.txt")
    say("of b")
    assert (tmp_path / "a.txt").read_text().endswith(" of a\n")
    assert (tmp_path / "b.txt").read_text().endswith(" of b\n")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UserError("no such folder."), 1, "no such folder."),
        (UsageError("no such flag."), 2, "no such flag."),
        (
            ValueError("bad\nand long"),
            1,
            "ValueError: bad (--verbosity=1 shows where)",
        ),
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on"),
    ],
)
def test_errors_are_one_line_and_their_stack_is_in_the_log(
    tmp_path, capsys, error, code, text
):
    log_to(tmp_path / "log.txt")
    try:
        raise error
    except BaseException as raised:
        assert explain(raised, verbose=False) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {text}") and err.count("\n") == 1
    assert "Traceback" in (tmp_path / "log.txt").read_text()


def test_a_full_disk_is_the_last_line_and_the_log_is_silent(capfd):
    """/dev/full is never anything else."""
    log_to(Path("/dev/full"))
    say("going on")
    error = OSError(errno.ENOSPC, "No space left on device", "/dev/full")
    assert explain(error, verbose=False) == 1
    out, err = capfd.readouterr()
    assert out == "going on\n"
    assert err.startswith("error: /dev/full cannot be written: No space left")
    assert err.count("\n") == 1


def test_inside_silence_nothing_is_heard(capfd):
    """Nor what other languages write, or children."""
    with pytest.raises(ValueError), silence():
        say("a")
        print("b", file=sys.stderr)
        os.write(1, b"c")
        subprocess.run(["ls", "/none"], check=False)
        raise ValueError
    say("d")
    os.write(2, b"e")
    assert capfd.readouterr() == ("d\n", "e")


def test_the_stack_is_shown_where_asked_for(capsys):
    assert explain(ValueError("x"), verbose=True) == 1
    assert "ValueError: x" in capsys.readouterr().err.splitlines()[-1]


def test_others_are_quiet(monkeypatch):
    logger = logging.getLogger("apache_beam")
    monkeypatch.setattr(logger, "level", logging.INFO)
    with warnings.catch_warnings():
        quiet(verbose=True)
    assert logger.level == logging.ERROR


@pytest.mark.parametrize(
    "error, code",
    [(UserError("no"), 1), (UsageError("no"), 2), (OSError("no"), 1)],
)
def test_a_small_tool_ends_in_one_line(capsys, error, code):
    def work():
        raise error

    assert exit_code_of(work) == code
    assert capsys.readouterr().err == "error: no\n"
    assert exit_code_of(lambda: None) == 0


def test_a_fault_of_ours_keeps_its_trace():
    with pytest.raises(ZeroDivisionError):
        exit_code_of(lambda: print(1 / 0))
