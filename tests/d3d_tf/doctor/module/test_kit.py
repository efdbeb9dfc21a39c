"""What a user gets to send through a program."""

from pathlib import Path

from d3d_tf.doctor.module.kit import (
    bundled_clips,
    kit_folder,
    write_clips,
    write_readme,
)


def test_clips_are_copied_and_mended(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips/green.mp4").write_bytes(b"cut off")
    clips = write_clips(tmp_path)
    assert [c.read_bytes() for c in clips] == [
        c.read_bytes() for c in bundled_clips()
    ]
    assert clips[0] == tmp_path / "clips/crimson.mp4"


def test_the_folder_has_the_runs_name():
    assert kit_folder(Path("/data/runs/toy/export/1")) == Path(
        "doctor/toy-export-1"
    )


def test_the_page_tells_the_contract(served, tmp_path):
    page = write_readme(tmp_path, served.module, served.clips).read_text()
    words = " ".join(page.split())
    assert "8 frames from the middle of the video, at 25 per second" in words
    assert "RGB in [0, 1], resized to a short side of 20 pixels" in words
    assert "the 16 x 16 pixels in the middle" in words
    assert '{"crimson": {"walk": P, "jump": P, ...}, ...}' in page
    assert f"--data={served.path} " in page
    assert f"--answers={tmp_path}/answers.json" in page
