"""Every block of the README runs, as a new user would run it.

The shell blocks that train are shrunk by further `--set` flags; the folder
`my_videos` is arranged from real clips, with broken files among them.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ROOT.parent / "shared" / "data" / "clips"
BLOCKS = re.findall(
    r"^```(\w*)\n(.*?)^```$",
    (ROOT / "README.md").read_text(),
    re.DOTALL | re.MULTILINE,
)
# Enough for every job to have something to do, and no more.
SHRINK = [
    "--set=max_seconds=0.6",
    "--set=short_side=48",
    "--set=frames=6",
    "--set=steps=3",
    "--set=batch_size=2",
    "--set=depth_multiplier=0.1",
    "--set=min_depth=4",
]


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def commands() -> list[list[str]]:
    """All shell lines, with `\\` continued ones joined, as words."""
    text = "".join(blocks("bash")).replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines() if line.strip()]


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_block_has_a_language_that_is_run_here():
    assert {language for language, _ in BLOCKS} == {"python", "bash"}


@pytest.mark.large
@pytest.mark.card  # The README's environment.
@pytest.mark.parametrize("code", blocks("python"))
def test_python_block(code, tmp_path):
    result = run([sys.executable, "-W", "error:::d3d_tf", "-c", code], tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "export" / "1" / "saved_model.pb").exists()


@pytest.mark.parametrize(
    "words", [c for c in commands() if c[0] == "make"], ids=" ".join
)
def test_make_command_exists(words):
    # CI itself runs the targets; here they must be there, and say what to do.
    result = run([words[0], "--dry-run", *words[1:]], ROOT)
    assert result.returncode == 0, result.stderr


def arrange_videos(folder: Path) -> None:
    """Real clips in two classes, and what people have among them."""
    for name in ("juggling", "wrestling", "empty_class"):
        (folder / name).mkdir(parents=True)
    shutil.copy(CLIPS / "abseiling.mp4", folder / "juggling" / "1.mp4")
    shutil.copy(CLIPS / "test.avi", folder / "juggling" / "2.avi")
    shutil.copy(CLIPS / "arm_wrestling.mp4", folder / "wrestling" / "1.mp4")
    shutil.copy(CLIPS / "v_GGSY1Qvo990.mp4", folder / "wrestling" / "2.mp4")
    whole = (CLIPS / "abseiling.mp4").read_bytes()
    (folder / "juggling" / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    (folder / "wrestling" / "notes.mp4").write_text("this is no video")


@pytest.mark.large
@pytest.mark.clips
@pytest.mark.skipif(not CLIPS.exists(), reason="no ../shared/data/clips")
def test_shell_blocks_on_real_videos(tmp_path):
    arrange_videos(tmp_path / "my_videos")
    jobs = [c for c in commands() if c[0] == ".venv/bin/python"]
    assert [words[3] for words in jobs] == [
        "--mode=distill",
        "--mode=predict",
        "--mode=distill",
        "--mode=flow",
    ]
    for words in jobs:
        shrink = SHRINK if "--mode=distill" in words else []
        result = run([sys.executable, *words[1:], *shrink], tmp_path)
        assert result.returncode == 0, result.stderr
        if "--mode=distill" in words:
            assert "my_videos/juggling/cut.mp4" in result.stdout
            assert "my_videos/wrestling/notes.mp4" in result.stdout
            assert "empty_class" in result.stdout
            assert result.stdout.rstrip().endswith("report.html")
        elif "--mode=flow" in words:
            flow = np.load(tmp_path / "flow.npy", mmap_mode="r")
            assert flow.shape[1:] == (256, 452, 2)
            assert "pairs per second" in result.stdout
        else:
            assert "%  juggling" in result.stdout
            assert "%  wrestling" in result.stdout
    assert (tmp_path / "runs" / "quick" / "export" / "1").is_dir()
    assert len(os.listdir(tmp_path / "records")) == 1


@pytest.mark.large
@pytest.mark.clips
@pytest.mark.skipif(not CLIPS.exists(), reason="no ../shared/data/clips")
def test_nothing_usable_is_a_clear_error(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "videos" / name).mkdir(parents=True)
        (tmp_path / "videos" / name / "notes.mp4").write_text("no video")
    words = [sys.executable, "-m", "d3d_tf.main", "--mode=distill"]
    result = run([*words, "--data=videos"], tmp_path)
    assert result.returncode == 1
    assert "notes.mp4" in result.stderr
    assert "Traceback" not in result.stderr
