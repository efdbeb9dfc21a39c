"""Downloads from a server on this machine: cuts, wrong files, full disks."""

import hashlib
import subprocess
import sys

import pytest

from d3d_tf.errors import UserError
from d3d_tf.weights import download
from d3d_tf.weights.download import fetch

CONTENT = bytes(range(256)) * 4000  # 1,024,000 bytes
# Git's own rule, stated again.
BLOB = hashlib.sha1(b"blob 1024000\0" + CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def address(web):
    web.content["/model.ckpt"] = CONTENT
    return web.url("/model.ckpt")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "model.ckpt"


def alone(target):
    return [p.name for p in target.parent.iterdir()] == [target.name]


def test_a_file(address, target, capfd):
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT and alone(target)
    shown = capfd.readouterr().err
    assert "downloading model.ckpt" in shown and "100%" in shown


def test_what_is_there_is_not_fetched_again(web, address, target):
    target.write_bytes(CONTENT)
    fetch(address, target, BLOB)
    assert web.asked == []


def test_a_cut_connection_is_gone_on_from(web, address, target):
    web.cut_after = [300_000, 200_000]
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT and alone(target)
    assert [wanted for _, wanted in web.asked] == [
        None,
        "bytes=300000-",
        "bytes=500000-",
    ]


def test_the_next_command_goes_on(web, address, target):
    """Cut for good: what arrived stays, and is not fetched again."""
    web.cut_after = [400_000] + [0] * download.ATTEMPTS
    with pytest.raises(
        UserError, match="cut after 400000 bytes.* after 5 attempts.* goes on"
    ):
        fetch(address, target, BLOB)
    assert not target.exists()
    web.asked.clear()
    fetch(address, target, BLOB)
    assert web.asked == [("/model.ckpt", "bytes=400000-")]
    assert target.read_bytes() == CONTENT and alone(target)


def test_a_server_without_parts(web, address, target):
    web.ranges = False
    web.cut_after = [300_000]
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT


def test_a_whole_part(web, address, target):
    """The last command was killed between the last byte and the rename."""
    target.with_name("model.ckpt.part").write_bytes(CONTENT)
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT and alone(target)


def test_a_part_that_is_too_long(web, address, target):
    target.with_name("model.ckpt.part").write_bytes(CONTENT + b"x")
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT and alone(target)


def test_a_digest_of_another_kind(web, address, target):
    """As PyTorch's files have it in their names: the beginning."""
    digits = hashlib.sha256(CONTENT).hexdigest()
    fetch(address, target, f"sha256:{digits[:8]}")
    got = hashlib.md5(CONTENT).hexdigest()
    with pytest.raises(UserError, match=f"md5 {got}, published was md5:x"):
        fetch(address, target, "md5:x")


def test_another_file(web, address, target):
    web.content["/model.ckpt"] = b"<html>sorry</html>"
    got = hashlib.sha1(b"blob 18\0<html>sorry</html>").hexdigest()
    with pytest.raises(UserError, match=f"git blob {got}, .* was {BLOB}"):
        fetch(address, target, BLOB)
    assert list(target.parent.iterdir()) == []


def test_another_file_in_the_cache(address, target):
    target.write_bytes(b"old")
    with pytest.raises(UserError, match="was removed; the same command gets"):
        fetch(address, target, BLOB)
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_file(web, address, target):
    """The digest tells, and the next command starts anew."""
    target.with_name("model.ckpt.part").write_bytes(b"other")
    with pytest.raises(UserError, match="not the published file"):
        fetch(address, target, BLOB)
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT


def test_no_digest_no_check(web, address, target):
    fetch(address, target, None)
    assert target.read_bytes() == CONTENT


def test_a_busy_server(web, address, target):
    web.errors = [503, 429, 500]
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT


def test_a_missing_file(web, target):
    with pytest.raises(UserError, match="/nothing answers 404 Not Found"):
        fetch(web.url("/nothing"), target, BLOB)
    assert len(web.asked) == 1


def test_no_network(web, address, target):
    web.shutdown()
    web.server_close()
    with pytest.raises(UserError) as error:
        fetch(address, target, BLOB)
    assert "refused" in str(error.value)
    assert f"put the file there as {target}." in str(error.value)


def test_a_full_disk(address, target):
    """/dev/full takes no byte, with the error of a full disk."""
    part = target.with_name("model.ckpt.part")
    part.symlink_to("/dev/full")
    with pytest.raises(
        UserError, match="model.ckpt.part .*: No space left on device. Make"
    ):
        fetch(address, target, BLOB)
    assert not target.exists()
    part.unlink()
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT


def test_a_file_that_may_not_grow(address, target):
    """The limit of a process on its files; what fitted is gone on from."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from d3d_tf.errors import UserError\n"
        "from d3d_tf.weights.download import fetch\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        "try: fetch(sys.argv[1], Path(sys.argv[2]), sys.argv[3])\n"
        "except UserError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, address, str(target), BLOB],
        capture_output=True,
        text=True,
    )
    assert "cannot be written: File too large. Make room" in done.stdout
    part = target.with_name("model.ckpt.part")
    assert part.read_bytes() == CONTENT[: part.stat().st_size]
    assert 0 < part.stat().st_size <= 500_000
    fetch(address, target, BLOB)
    assert target.read_bytes() == CONTENT
