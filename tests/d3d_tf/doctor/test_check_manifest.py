"""Files of a record folder that do not agree."""

import json

import pytest

from d3d_tf.config import digest

ONE = "train/left/0.mp4"


def row_of(rows, id_=ONE):
    return next(row for row in rows if row["id"] == id_)


def test_sound_files(records):
    found = records.findings()
    assert found["counts"].text == "8 videos (2 test, 6 train)"
    info = json.loads((records.folder / "dataset.json").read_text())
    assert found["digests"].text == (
        f"data set {info['digest']}, flow {info['flow_recipe']}"
    )
    assert found["label map"].text == "2 classes"
    for check in ("counts", "digests", "label map"):
        assert found[check].level == "OK"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("num_videos", 9, "num_videos is 9 in dataset.json and 8 in manifest"),
        ("num_skipped", 1, "num_skipped is 1 in dataset.json and 0"),
        ("frames", {"min": 6, "max": 6, "sum": 49}, "frames is 49 in"),
        ("splits", {"train": 8}, "splits is {'train': 8} in dataset.json and"),
    ],
)
def test_counts_that_differ(records, key, value, words):
    records.edit("dataset.json", lambda info: info.update({key: value}))
    bad = records.bad()
    assert bad["counts"].startswith("ERROR")
    assert words in bad["counts"]


def test_a_record_that_is_there_twice(records):
    def change(example):
        name = example.context.feature["example/id"].bytes_list
        name.value[:] = [ONE.encode()]

    records.rewrite(change, "train/left/1.mp4")
    text = records.bad()["counts"]
    assert f"1 ids are there twice, such as {ONE}" in text
    assert "1 videos of manifest.json have no record, such as train/left/1" in (
        text
    )


def test_a_record_that_nobody_knows(records):
    def change(example):
        name = example.context.feature["example/id"].bytes_list
        name.value[:] = [b"stranger"]

    records.rewrite(change, ONE)
    assert (
        "1 records are not in manifest.json, such as stranger"
        in (records.bad()["counts"])
    )


def test_frames_that_differ(records):
    """The digest covers the manifest's count, too."""
    records.edit("manifest.json", lambda rows: row_of(rows).update(frames=7))
    bad = records.bad()
    assert f"{ONE}: frames is 6 in the record and 7 in" in bad["counts"]
    assert list(bad) == ["counts", "digests"]


def test_a_digest_that_is_another(records):
    """A video was exchanged in the manifest: nothing else shows it."""
    records.edit(
        "manifest.json", lambda rows: row_of(rows).update(sha256="0" * 64)
    )
    bad = records.bad()
    assert list(bad) == ["digests"]
    assert "one of the two was changed" in bad["digests"]


def test_a_flow_identity_that_was_changed(records):
    """Then the records' own digests differ, too."""
    records.edit(
        "dataset.json", lambda info: info["flow"].update(short_side=41)
    )
    bad = records.bad()
    assert "flow_recipe is" in bad["digests"]
    assert bad["flow"].startswith("ERROR")
    assert "(8 records" in bad["flow"]


def test_flow_of_two_versions_is_a_warning(records):
    """Half of the records were made by one, half by the other."""
    library = records.dataset.flow["library"]
    other = digest(records.dataset.flow | {"library": "older"}).encode()

    def change(example):
        recipe = example.context.feature["d3d/flow_recipe"].bytes_list
        recipe.value[:] = [other]

    records.rewrite(change, ONE)
    assert list(records.bad()) == ["flow"]
    both = records.dataset.flow | {"library": f"{library} and older"}
    rows = records.dataset.rows()

    def name_both(info):
        info["flow"] = both
        info["flow_recipe"] = digest(both)
        info["digest"] = digest(
            [[r["id"], r["sha256"], r["label"], r["frames"]] for r in rows],
            info["classes"],
            info["recipe"]["data"],
            both,
        )

    records.edit("dataset.json", name_both)
    bad = records.bad()
    assert list(bad) == ["digests"]
    assert bad["digests"].startswith("WARNING")
    assert "several libraries" in bad["digests"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "right\nleft\n",
            "label_map.txt (2 lines) differs from dataset.json's "
            "classes from line 1 on",
        ),
        (
            "left\nright\nup\n",
            "(3 lines) differs from dataset.json's classes from line 3 on",
        ),
        ("left\n", "(1 lines) differs from dataset.json's classes from line 2"),
    ],
)
def test_another_label_map(records, text, words):
    (records.folder / "label_map.txt").write_text(text)
    bad = records.bad()
    assert list(bad) == ["label map"]
    assert words in bad["label map"]


def test_a_class_twice(records):
    records.edit(
        "dataset.json", lambda info: info.update(classes=["left", "left"])
    )
    assert "the class left is there twice" in records.bad()["label map"]


def test_a_label_map_that_is_no_text(records):
    (records.folder / "label_map.txt").write_bytes(b"le\xfft\nright\n")
    bad = records.bad()["label map"]
    assert bad.startswith("ERROR") and "label_map.txt is damaged" in bad
