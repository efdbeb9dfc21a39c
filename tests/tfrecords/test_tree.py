"""Every file of random folders is found once, under the right rule."""

import collections
import os
import random
import subprocess
from pathlib import Path

import pytest

from d3d_tf.tfrecords.listing import list_folder
from d3d_tf.tfrecords.tree import Found, count_rules, find_files

INPUTS = Path(__file__).resolve().parents[3] / "shared/data/inputs"
# By hand: names and the rule that each is counted under; "" is tried.
NAMES = {
    "1.mp4": "",
    "[2].AVI": "",
    "three": "",
    "4.gif": "",
    "5.webp": "",
    "6.avif": "",
    "7.xyz": "",
    os.fsdecode(b"\xf1.mkv"): "",
    "new\nline.mp4": "",
    "8.JPG": "pictures",
    "9.png": "pictures",
    "notes.txt": "texts and tables",
    "a.xml": "texts and tables",
    "a.mat": "arrays",
    "a.wav": "sounds",
    "a.tar.gz": "archives",
    "a.mp4.part": "unfinished downloads",
    "GH010001.LRV": "small copies by a camera",
    "GH010001.thm": "small copies by a camera",
    "._1.mp4": "hidden or of the system",
    ".DS_Store": "hidden or of the system",
}
FOLDERS = ["a", "b", "c d", ".git", "__MACOSX", "train", "v[1]", "@eaDir"]
HIDDEN = {".git", "__MACOSX", "@eaDir"}


def grow(folder, rng, depth=0):
    """Files, folders and links, a few of each."""
    folder.mkdir()
    for name in rng.sample(sorted(NAMES), rng.randrange(5)):
        (folder / name).touch()
    if depth < 3:
        for name in rng.sample(FOLDERS, rng.randrange(4)):
            grow(folder / name, rng, depth + 1)
    if rng.random() < 0.3:
        target = rng.choice(["..", ".", "../a", "../../b", "nowhere"])
        (folder / "link").symlink_to(target)


def count(folder, hidden=False, above=()):
    """`{rule: files}` by another walk; rules are those of NAMES."""
    counts = collections.Counter()
    real = os.path.realpath(folder)
    if real in above:
        return counts
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            under = hidden or name in HIDDEN
            counts += count(path, under, (*above, real))
        elif hidden:
            counts["hidden or of the system"] += 1
        else:
            counts[NAMES.get(name, "")] += 1
    return counts


@pytest.mark.parametrize("seed", range(30))
def test_random_trees(tmp_path, seed):
    folder = tmp_path / "videos"
    grow(folder, random.Random(seed))
    expected = count(folder)
    files = find_files(folder)
    assert collections.Counter(file.rule for file in files) == expected
    assert len({file.path for file in files}) == len(files)
    assert files == find_files(folder)


@pytest.mark.parametrize("seed", range(20))
def test_a_listing_accounts_for_every_file(tmp_path, seed):
    """What is tried and what is counted are all there is."""
    folder = tmp_path / "videos"
    grow(folder, random.Random(seed))
    for name in ("x/1.mp4", "y/deep/2.mp4", "3.mp4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for name in ("train", "Test"):  # Else splits beside classes.
        if (folder / name).exists():
            (folder / name).rename(folder / f"{name}s")
    expected = count(folder)
    beside = sum(
        not (folder / name).is_dir() and NAMES.get(name, "") == ""
        for name in os.listdir(folder)
    )
    listing = list_folder(folder, test_share=0.2)
    counts = {rule: n["count"] for rule, n in listing.left_out.items()}
    assert listing.num_files == expected.total()
    assert counts.pop("beside the folders of classes") == beside
    assert len(listing.sources) == expected.pop("") - beside
    assert counts == expected


@pytest.mark.skipif(not INPUTS.is_dir(), reason=f"no {INPUTS}")
def test_the_folders_that_users_sent(tmp_path):
    """Each new one of make_folders.sh is listed here, too."""
    command = ["bash", INPUTS / "make_folders.sh", tmp_path / "out"]
    subprocess.run(command, check=True)
    made = [path for path in (tmp_path / "out").iterdir() if path.is_dir()]
    assert len(made) >= 8
    for folder in made:
        if folder.name in ("real", "ucfTrainTestlist"):  # Parts of others.
            continue
        listing = list_folder(folder, test_share=0.2)
        walk = os.walk(folder, followlinks=True)
        assert listing.num_files == sum(len(names) for _, _, names in walk)
        counts = [rule["count"] for rule in listing.left_out.values()]
        assert listing.num_files == len(listing.sources) + sum(counts)


def test_a_folder_that_cannot_be_opened_is_counted(tmp_path, monkeypatch):
    """Nobody, not even root, opens a path of more than 4096 bytes."""
    monkeypatch.chdir(tmp_path)
    for _ in range(20):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    open("1.mp4", "w").close()
    os.chdir(tmp_path)
    (tmp_path / "2.mp4").touch()
    rules = [file.rule for file in find_files(tmp_path)]
    assert rules == ["", "folders that cannot be opened"]


def test_what_this_package_left_there_is_not_a_class(tmp_path):
    """As where it is started in the folder of the videos itself."""
    for name in (
        "jump/1.mp4",
        "records/x-1/plan.json",
        "records/x-1/manifest.json",
        "records/x-1/deeper/a.bin",
        "records/unfinished.tfrecord",
        "runs/y/recipe.yaml",
        "runs/y/origin.json",
        "runs/y/checkpoints/student/ckpt-1.index",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    listing = list_folder(tmp_path, test_share=0.0)
    assert listing.classes == ("jump",)
    assert {k: n["count"] for k, n in listing.left_out.items()} == {
        "records and runs": 7
    }


def test_rules_have_a_count_and_an_example(tmp_path):
    files = [
        Found(tmp_path / "b" / os.fsdecode(b"\xf1.jpg"), "pictures"),
        Found(tmp_path / "a.mp4", ""),
        Found(tmp_path / "c.png", "pictures"),
    ]
    assert count_rules(files, tmp_path) == {
        "pictures": {"count": 2, "example": "b/\\xf1.jpg"}
    }
