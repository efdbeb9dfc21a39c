"""Leaks, balance and losses of made-up manifests."""

import pytest

from d3d_tf.data.dataset import Dataset
from d3d_tf.doctor.check_splits import check_balance, check_leaks, check_losses


def row(id_, split, label=0, **more):
    """Content is the id's, so that no two are equal by accident."""
    given = {"sha256": f"content of {id_}", "path": f"disk/{id_}"}
    return {"id": id_, "split": split, "label": label} | given | more


SOUND = [
    row("a/v_Run_g01_c01.avi", "train"),
    row("a/v_Run_g02_c01.avi", "test"),
    row("b/v_Jump_g01_c01.avi", "test", 1),  # The group of another class.
    row("kick_ball/Film_(2)_kick_ball_f_cm_np2_le_goo_11.avi", "train"),
    row("wave/Other_film_wave_u_nm_np1_fr_med_0.avi", "test"),
    row("train/aaaaaaaaaaa_000001_000011", "train"),
    row("val/aaaaaaaaaab_000001_000011", "test"),
]


def test_no_leak():
    found = check_leaks(SOUND)
    assert found.level == "OK"
    assert found.text == "7 files of other content among 7 videos"


@pytest.mark.parametrize(
    ("leak", "level", "words"),
    [
        (
            row("a/v_Run_g01_c05.avi", "test"),
            "ERROR",
            "1 groups of UCF-101 are in training and test: use the official "
            "lists (--set layout=ucf101), which keep groups together, such as "
            "a/v_Run_g01_c01.avi and a/v_Run_g01_c05.avi",
        ),
        (
            row("copy.mp4", "test", sha256="content of a/v_Run_g01_c01.avi"),
            "ERROR",
            "1 files are in training and test under two names, such as "
            "a/v_Run_g01_c01.avi and copy.mp4",
        ),
        (
            row("wave/Film_(2)_wave_u_nm_np1_fr_med_0.avi", "test"),
            "WARNING",
            "1 films have clips in training and test, such as "
            "kick_ball/Film_(2)_kick_ball_f_cm_np2_le_goo_11.avi and wave/Film",
        ),
        (
            row("val/aaaaaaaaaaa_000050_000060", "test"),
            "WARNING",
            "1 YouTube videos have parts in training and test",
        ),
        (
            row(
                "part2",
                "test",
                sha256="content of a/v_Run_g01_c01.avi",
                path="disk/a/v_Run_g01_c01.avi",
            ),
            "WARNING",
            "1 files have parts in training and test",
        ),
        (
            row(
                "copy.mp4", "train", 1, sha256="content of a/v_Run_g01_c01.avi"
            ),
            "WARNING",
            "1 files are in several classes, such as a/v_Run_g01_c01.avi and "
            "copy.mp4",
        ),
    ],
)
def test_leaks(leak, level, words):
    found = check_leaks([*SOUND, leak])
    assert found.level == level
    assert words in found.text


def test_what_was_left_out_leaks_nothing():
    bad = {"id": "x", "path": "x", "split": "test", "label": 0, "skipped": "no"}
    assert check_leaks([*SOUND, bad]) == check_leaks(SOUND)


def balance(**videos):
    """`split=[videos of class 0, of class 1, ...]`."""
    rows = [
        row(f"{split}/{label}/{k}", split, label)
        for split, counts in videos.items()
        for label, count in enumerate(counts)
        for k in range(count)
    ]
    names = ["hop", "run", "sit"]
    info = {"classes": names, "splits": dict.fromkeys(videos, 1)}
    return check_balance(Dataset(None, info), rows)


def test_a_balanced_set():
    found = balance(train=[10, 1, 5], test=[2, 2, 1])
    assert found.level == "OK"
    assert found.text == (
        "3 classes; train 1 to 10 per class, test 1 to 2 per class"
    )


@pytest.mark.parametrize(
    ("videos", "level", "words"),
    [
        (
            {"train": [3, 3, 3], "test": [1, 0, 1]},
            "WARNING",
            "1 classes have no video in test, such as run",
        ),
        (
            {"train": [3, 3, 0], "test": [1, 1, 1]},
            "ERROR",
            "1 classes of test have no training video, such as sit",
        ),
        (
            {"train": [22, 2, 5], "test": [1, 1, 1]},
            "WARNING",
            "the largest class has 11 times as many training videos",
        ),
        ({"train": [3, 3, 3]}, "WARNING", "no video is held out for a test"),
        ({"test": [3, 3, 3]}, "WARNING", "there is no split train"),
    ],
)
def test_unbalanced_sets(videos, level, words):
    found = balance(**videos)
    assert found.level == level
    assert words in found.text


def test_nothing_lost(records):
    found = records.findings()["losses"]
    assert (found.level, found.text) == (
        "OK",
        "8 files tried, 0 left out, 0 missing",
    )


def test_losses_are_told_and_their_lists_counted(tmp_path):
    rows = [*SOUND, {"skipped": "cut off"}, {"skipped": "empty"}]
    listed = {"train": {"missing": 3, "listed": 10}}
    dataset = Dataset(tmp_path, {"listed": listed})
    (tmp_path / "quarantine.csv").write_text('id,reason\n1,"a\nb"\n2,c\n')
    (tmp_path / "missing.csv").write_text("id\n1\n2\n3\n")
    found = check_losses(dataset, rows)
    assert found.level == "WARNING"
    assert found.text == (
        "9 files tried, 2 left out, 3 missing; 2 files could not be used "
        "(quarantine.csv); 3 of 10 listed videos are not on disk (missing.csv)"
    )
    (tmp_path / "missing.csv").write_text("id\n1\n")
    (tmp_path / "quarantine.csv").unlink()
    found = check_losses(dataset, rows)
    assert found.level == "ERROR"
    assert "quarantine.csv is missing and should have 2 lines" in found.text
    assert "missing.csv has 1 and should have 3 lines" in found.text
