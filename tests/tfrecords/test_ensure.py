"""Records that a job finds or makes, and the sizes they decide."""

import dataclasses
import json
import re

import cv2
import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.data.summary import describe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.recipes import OWN_VIDEOS, RECIPES
from d3d_tf.tfrecords.ensure import (
    ensure_records,
    estimate_records,
    prepare_records,
)
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture
from tests.harness.yt8m import write_features

QUICK = config.override(
    OWN_VIDEOS, ["flow.warps=1", "flow.scales=1", "data.num_shards=1"]
)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Two classes of three files; sizes, one damaged file, an empty folder.

    The smallest video is 40 x 34, the shortest has 6 frames.
    """
    folder = tmp_path_factory.mktemp("data") / "sports"
    sizes = [(48, 36, 8), (40, 34, 9), (64, 48, 6), (36, 50, 7), (44, 60, 8)]
    for k, (height, width, length) in enumerate(sizes):
        path = folder / ("run" if k % 2 else "jump") / f"{k}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        frames, _ = moving_texture(length, height, width, (1, 0), seed=k)
        write_video(path, frames, 25)
    (folder / "run" / "broken.mp4").write_bytes(b"no video")
    (folder / "swim").mkdir()
    return folder


@pytest.fixture(scope="module")
def prepared(videos, tmp_path_factory):
    records_dir = tmp_path_factory.mktemp("records")
    return records_dir, *ensure_records(QUICK, str(videos), str(records_dir))


def test_sizes_come_from_the_videos(prepared):
    """Short side 34; 7/8 of it is 29.75, 16 the next multiple of 16 below."""
    records_dir, recipe, dataset = prepared
    assert recipe.data.short_side == 34
    assert recipe.clip == config.ClipRecipe(frames=6, size=16, flip=True)
    assert dataset.folder.parent == records_dir
    name, digest = dataset.folder.name.rsplit("-", 1)
    assert name == "sports" and len(digest) == 8
    assert dataset.classes == ["jump", "run"]
    # One of two or three of a class is held out.
    assert dataset.splits == {"test": 2, "train": 3}
    unchanged = {"clip": QUICK.clip, "data": QUICK.data}
    assert dataclasses.replace(recipe, **unchanged) == QUICK


def test_what_the_user_is_told(prepared, videos):
    _, _, dataset = prepared
    lines = describe(dataset).splitlines()
    assert lines[0].startswith(
        f"records: {dataset.folder}: 2 test, 3 train; 2 classes; "
    )
    assert lines[1:3] == [
        "  no class, since there is no video in the folder: swim",
        "  6 files: 5 used, 1 quarantined",
    ]
    assert lines[3].startswith(f"  left out {videos}/run/broken.mp4: ")
    assert len(lines) == 4


@pytest.fixture
def kinetics(videos, tmp_path):
    """The same videos as clips of Kinetics, and the list: a whole YouTube
    video of which 0.2 s are wanted, a clip, a damaged clip, a missing one.
    """
    folder = tmp_path / "k400"
    lists = tmp_path / "lists"
    for place in (folder / "val" / "arm_wrestling", lists):
        place.mkdir(parents=True)
    (folder / "whole0000001.mp4").symlink_to(videos / "jump" / "4.mp4")
    (folder / "val/arm_wrestling/clip00000001_000007_000017.mp4").symlink_to(
        videos / "run" / "1.mp4"
    )
    (folder / "damaged00001_000000_000010.mp4").write_text("no video")
    (folder / "other.mp4").write_text("")
    (lists / "train.csv").write_text(
        "label,youtube_id,time_start,time_end,split\n"
        "abseiling,whole0000001,0.08,0.28,train\n"
        "abseiling,damaged00001,0,10,train\n"
        "abseiling,gone00000001,0,10,train\n"
        "yoga,gone00000002,0,10,train\n"
    )
    (lists / "val.csv").write_text(
        "label,youtube_id,time_start,time_end,split\n"
        "arm wrestling,clip00000001,7,17,val\n"
    )
    return folder, lists


K400 = config.override(QUICK, ["layout=kinetics400", "data.short_side=32"])


def test_a_listed_data_set(kinetics, tmp_path):
    folder, lists = kinetics
    recipe, dataset = ensure_records(
        K400, str(folder), str(tmp_path / "r"), annotations=str(lists)
    )
    assert dataset.info["name"] == "kinetics400"
    assert len(dataset.classes) == 400
    assert dataset.splits == {"train": 1, "val": 1}
    # 0.2 s at 25 frames per second; the clip has 9 frames.
    assert dataset.info["frames"] == {"min": 5, "max": 9, "sum": 14}
    lines = describe(dataset).splitlines()
    assert lines[1] == (
        "  train: 1 of the 4 listed videos (-75.0 %): 2 not on disk, 1 not "
        "usable; most in abseiling 1 of 3, yoga 1 of 1"
    )
    assert lines[2] == (
        "  val: 1 of the 1 listed videos (0.0 %): 0 not on disk, 0 not usable"
    )
    assert lines[3] == (
        "  4 files: 2 used, 1 quarantined, 1 not tried: 1 of no listed video "
        "(such as other.mp4)"
    )
    assert "damaged00001" in lines[4] and "Invalid data" in lines[4]
    # All but abseiling and arm wrestling.
    assert lines[5].startswith("  398 classes have no video: air drumming, ")
    missing = (dataset.folder / "missing.csv").read_text().splitlines()
    assert missing[1] == "train/gone00000001_000000_000010,train,abseiling"
    quarantine = (dataset.folder / "quarantine.csv").read_text().splitlines()
    assert len(quarantine) == 2
    # The records tell how they were made, so no list is needed again.
    again, found = ensure_records(OWN_VIDEOS, str(dataset.folder), "")
    assert found == dataset and again.data.layout == "kinetics400"


def test_a_choice_is_written_beside_the_records(kinetics, tmp_path):
    """Of the classes with training videos those on disk, by their digests."""
    folder, lists = kinetics
    recipe = config.override(K400, ["layout=kinetics200"])
    _, dataset = ensure_records(
        recipe, str(folder), str(tmp_path / "r"), annotations=str(lists)
    )
    assert dataset.info["name"] == "kinetics200"
    assert dataset.classes == ["abseiling", "yoga"]
    rows = (dataset.folder / "list.csv").read_text().splitlines()
    assert rows[0] == "label,youtube_id,time_start,time_end,split"
    # The damaged file was there to be chosen.
    assert rows[1:] == [
        f"abseiling,{name},0,{end},train"
        for name, end in (("whole0000001", 0), ("damaged00001", 10))
    ]


def test_folders_of_pictures_with_the_classes_of_something(tmp_path):
    """12 pictures at 12 per second are 12 frames of a record."""
    pictures = tmp_path / "frames" / "100218"
    pictures.mkdir(parents=True)
    for number in range(1, 13):
        grey = np.full([40, 70, 3], 20 * number, np.uint8)
        cv2.imwrite(str(pictures / f"{number:05d}.jpg"), grey)
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "something-something-v1-train.csv").write_text(
        "100218;Pushing something from right to left\n"
        "1;Pushing something from left to right\n"
    )
    recipe = config.override(
        RECIPES["tsn_sthv1_1gpu"],
        ["data.short_side=0", "num_shards=1", "clip.size=32"],
    )
    recipe, dataset = ensure_records(
        recipe,
        str(tmp_path / "frames"),
        str(tmp_path / "r"),
        annotations=str(lists),
        trains=False,
    )
    assert recipe.data.short_side == 40  # That of the pictures.
    assert dataset.info["frames"] == {"min": 12, "max": 12, "sum": 12}
    assert dataset.info["listed"]["train"]["missing"] == 1
    (row,) = dataset.rows()
    assert (row["id"], row["label"]) == ("train/100218", 41)


def test_videos_that_came_later_get_shards_of_their_own(kinetics, tmp_path):
    folder, lists = kinetics
    given = (K400, str(folder), str(tmp_path / "r"))
    _, before = ensure_records(*given, annotations=str(lists))
    (folder / "gone00000002_000000_000010.mp4").symlink_to(
        (folder / "whole0000001.mp4").readlink()
    )
    _, after = ensure_records(*given, annotations=str(lists))
    assert after.folder == before.folder
    assert after.info["shards"] == before.info["shards"] | {
        "train-more1-00000-of-00001.tfrecord": 1
    }
    assert len(after.shards("train")) == 2
    assert after.info["listed"]["train"]["missing"] == 1


def test_a_listed_data_set_needs_its_list(kinetics, tmp_path):
    with pytest.raises(UsageError, match="kinetics400 needs .*--annotations="):
        ensure_records(K400, str(kinetics[0]), str(tmp_path))


def test_an_estimate_is_told_and_nothing_written(kinetics, tmp_path, capsys):
    folder, lists = kinetics
    before = sorted(tmp_path.rglob("*"))
    recipe = config.override(K400, ["data.short_side=0"])
    estimate_records(recipe, str(folder), str(lists))
    assert sorted(tmp_path.rglob("*")) == before
    lines = capsys.readouterr().out.splitlines()
    # The smaller of the two is 40 x 34.
    assert lines[0].startswith("data.short_side=34, that of the smallest")
    assert lines[1] == "kinetics400: 2 train, 1 val; 400 classes"
    assert lines[2] == "  2 listed videos are not on disk"
    assert "damaged00001" in lines[4]
    # 14 frames of two videos out of three.
    assert re.fullmatch(
        r"estimate from 3 videos: \S+ hours on \d+ cores, \S+ GB, 14 frames "
        "with a short side of 34",
        lines[5],
    )


def test_videos_that_were_cut(prepared):
    dataset = prepared[2]
    info = dataset.info | {"num_trimmed": 2}
    text = describe(dataclasses.replace(dataset, info=info))
    assert "  2 videos were cut after 10 s (data.max_seconds)" in text


def test_a_second_time_nothing_is_written(prepared, videos):
    records_dir, recipe, dataset = prepared
    shards = sorted(dataset.folder.glob("*.tfrecord"))
    before = [path.stat().st_mtime_ns for path in shards]
    again, found = ensure_records(QUICK, str(videos), str(records_dir))
    assert again == recipe and found == dataset
    assert [path.stat().st_mtime_ns for path in shards] == before
    assert len(list(records_dir.iterdir())) == 1


def test_records_given_as_data(prepared, tmp_path):
    """They are used where they are, whatever videos they were made of."""
    _, recipe, dataset = prepared
    given, found = ensure_records(QUICK, str(dataset.folder), str(tmp_path))
    assert found == dataset and given == recipe
    assert not list(tmp_path.iterdir())


def test_explicit_sizes_stay(prepared, tmp_path):
    recipe = config.override(QUICK, ["clip.frames=4", "clip.size=32"])
    given, _ = ensure_records(recipe, str(prepared[2].folder), str(tmp_path))
    assert given.clip == config.ClipRecipe(frames=4, size=32, flip=True)


def test_a_clip_larger_than_the_records(prepared, tmp_path):
    recipe = config.override(QUICK, ["clip.size=48"])
    with pytest.raises(UsageError, match=r"clip.size must be at most .*\(34\)"):
        ensure_records(recipe, str(prepared[2].folder), str(tmp_path))


@pytest.mark.parametrize("changes", [[], ["seed=3"], ["clip.frames=4"]])
def test_given_records_bring_how_they_were_made(prepared, tmp_path, changes):
    """Unless a key says otherwise, theirs is the recipe: warps, scales, 34."""
    recipe = config.override(OWN_VIDEOS, changes)
    given, _ = ensure_records(recipe, str(prepared[2].folder), str(tmp_path))
    assert given.flow == QUICK.flow
    assert given.data == prepared[1].data


@pytest.mark.parametrize("changes", [[], ["flow.warps=1"], ["num_shards=1"]])
def test_keys_that_say_what_the_records_are_may_be_given(
    prepared, tmp_path, changes
):
    """Also some of them, and a saved recipe, which has all of them."""
    recipe = config.override(OWN_VIDEOS, changes)
    folder = str(prepared[2].folder)
    given, _ = ensure_records(recipe, folder, str(tmp_path))
    assert given.flow == QUICK.flow
    again, _ = ensure_records(given, folder, str(tmp_path))
    assert again == given


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("flow.warps=2", "flow.warps is 1 there, 2 here"),
        ("flow.algorithm=dis", "flow.algorithm is 'tvl1' there, 'dis' here"),
        ("data.short_side=48", "data.short_side is 34 there, 48 here"),
        ("jpeg_quality=50", "data.jpeg_quality is 95 there, 50 here"),
    ],
)
def test_records_that_were_made_another_way(
    prepared, tmp_path, change, difference
):
    folder = str(prepared[2].folder)
    mine = dataclasses.replace(QUICK, name="mine")
    for base in (OWN_VIDEOS, QUICK, prepared[1], mine):
        base = dataclasses.replace(base, clip=OWN_VIDEOS.clip)
        with pytest.raises(UsageError) as caught:
            ensure_records(
                config.override(base, [change]), folder, str(tmp_path)
            )
        text = str(caught.value)
        assert folder in text and f"({difference})" in text
        assert "\n" not in text


@pytest.mark.parametrize(
    "side, frames, size, length",
    [(256, 300, 224, 64), (120, 50, 96, 50), (20, 5, 16, 5), (16, 1, 16, 1)],
)
def test_automatic_clips(prepared, tmp_path, side, frames, size, length):
    """7/8 of 256 is 224, of 120 is 105 and so 96; at least 16; 64 frames."""
    info = open_dataset(prepared[2].folder).info
    info["recipe"]["data"]["short_side"] = side
    info["frames"]["min"] = frames
    (tmp_path / "dataset.json").write_text(json.dumps(info))
    recipe, _ = ensure_records(QUICK, str(tmp_path), "")
    assert (recipe.clip.size, recipe.clip.frames) == (size, length)


def test_only_the_toy_needs_no_data(tmp_path):
    with pytest.raises(UsageError, match="'own_videos' needs --data=FOLDER"):
        ensure_records(QUICK, None, str(tmp_path))


def test_no_usable_video(tmp_path):
    for name in ("jump", "run"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "a.mp4").write_bytes(b"")
    with pytest.raises(UserError, match="None of the 2 files.*empty"):
        ensure_records(QUICK, str(tmp_path / "data"), str(tmp_path / "r"))


def test_toy_records(toy):
    """Videos of the toy once, in records_dir; records beside them."""
    dataset = toy.dataset()
    assert dataset.splits == {
        "train": 16,
        "same_colours": 8,
        "shuffled_colours": 8,
    }
    assert dataset.test_splits[-1] == "shuffled_colours"
    names = sorted(path.name for path in toy.records_dir.iterdir())
    assert names == [dataset.folder.name, "videos"]
    files = list(toy.records_dir.glob("videos/toy-*/*/*/*.mp4"))
    assert len(files) == 32


def test_prepare_tells(toy, capsys):
    prepare_records(toy.recipe, None, str(toy.records_dir))
    assert capsys.readouterr().out == describe(toy.dataset()) + "\n"


def test_flow_of_the_records_is_that_of_the_videos(prepared):
    """Textures of `videos` move by (1, 0): the median of the flow says so."""
    _, recipe, dataset = prepared
    data = make_dataset(
        dataset, "train", recipe.clip, batch_size=3, training=False
    )
    ((inputs, _),) = data.as_numpy_iterator()
    u, v = np.moveaxis(inputs["flow"] * 20, -1, 0)
    # Videos were made smaller by up to 48/34, and so was their motion.
    assert 0.6 < np.median(u) < 1.1 and abs(np.median(v)) < 0.1


def test_features_and_videos_are_not_taken_for_each_other(prepared, tmp_path):
    """Neither what was made of videos, nor files by YouTube-8M's names."""
    records_dir, recipe, dataset = prepared
    of_features = config.override(
        OWN_VIDEOS, ["task=youtube8m", "model=nextvlad"]
    )
    with pytest.raises(UsageError, match="holds videos, and the recipe 'own"):
        ensure_records(of_features, str(dataset.folder), str(records_dir))
    folder = write_features(tmp_path / "yt", {"train0000.tfrecord": 1}, 2)
    _, features = ensure_records(of_features, str(folder), str(tmp_path / "r"))
    assert features.kind == "features"
    with pytest.raises(
        UsageError, match="features of frames, and .* task=clas"
    ):
        ensure_records(recipe, str(features.folder), str(records_dir))
    _, again = ensure_records(of_features, str(features.folder), str(tmp_path))
    assert again.folder == features.folder
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match="has no TFRecord files"):
        ensure_records(of_features, str(tmp_path / "none"), str(tmp_path))
