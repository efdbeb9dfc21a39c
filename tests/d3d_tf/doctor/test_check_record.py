"""Records that keep to their checksums and not to the schema."""

import pytest

ONE = "train/left/0.mp4"


def context(key):
    return lambda example: example.context.feature[key]


def lists(key):
    return lambda example: example.feature_lists.feature_list[key].feature


def set_integer(key, value):
    def change(example):
        example.context.feature[key].int64_list.value[:] = [value]

    return change


def set_text(key, value):
    def change(example):
        example.context.feature[key].bytes_list.value[:] = [value]

    return change


def drop(key):
    def change(example):
        del example.context.feature[key]

    return change


def shorten(key):
    def change(example):
        del example.feature_lists.feature_list[key].feature[-1]

    return change


def stop_time(example):
    """The last frame at the time of the one before it, in both lists."""
    for prefix in ("", "FORWARD_FLOW/"):
        times = lists(prefix + "image/timestamp")(example)
        times[-1].CopyFrom(times[-2])


def other_time(example):
    times = lists("FORWARD_FLOW/image/timestamp")(example)
    times[0].int64_list.value[:] = [5]


def twice(example):
    example.context.feature["clip/label/index"].int64_list.value.append(0)


def as_float(example):
    feature = example.context.feature["image/height"]
    feature.float_list.value[:] = [40.0]


def other_rate(example):
    feature = example.context.feature["image/frame_rate"]
    feature.float_list.value[:] = [30.0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop("clip/label/string"), "no clip/label/string"),
        (drop("FORWARD_FLOW/image/format"), "no FORWARD_FLOW/image/format"),
        (set_text("image/format", b"PNG"), "image/format is b'PNG' and not"),
        (set_integer("d3d/schema_version", 9), "d3d/schema_version is 9 and"),
        (
            set_integer("image/height", 39),
            "image has 39 x 48 pixels and not 40 on the short side",
        ),
        (as_float, "image/height is not one value of int64_list"),
        (twice, "clip/label/index is not one value of int64_list"),
        (other_rate, "image/frame_rate is 30.0 and not 25.0"),
        (
            shorten("FORWARD_FLOW/image/encoded"),
            "lists of several lengths: 6 image/encoded, 6 image/timestamp, "
            "5 FORWARD_FLOW/image/encoded",
        ),
        (stop_time, "timestamps do not increase"),
        (other_time, "frames and flow have other timestamps"),
    ],
)
def test_breaches_of_the_schema(records, change, words):
    records.rewrite(change, ONE)
    finding = records.findings()["schema"]
    assert finding.level == "ERROR"
    assert words in finding.text
    assert f"({ONE})" in finding.text


def test_the_same_breach_of_all_records_is_said_once(records):
    records.rewrite(drop("clip/media_id"))
    bad = records.bad()
    assert list(bad) == ["schema"]
    assert bad["schema"].count("no clip/media_id") == 1
    assert "(8 records, such as" in bad["schema"]


def test_a_label_out_of_range(records):
    records.rewrite(set_integer("clip/label/index", 2), ONE)
    assert records.bad() == {
        "labels": "ERROR labels against the class names of 8 records; label 2 "
        f"of 2 classes ({ONE})",
        "counts": f"ERROR 8 videos (2 test, 6 train); {ONE}: label is 2 in the "
        "record and 0 in manifest.json",
    }


def test_a_label_of_another_name(records):
    records.rewrite(set_text("clip/label/string", b"right"), ONE)
    bad = records.bad()
    assert list(bad) == ["labels"]
    assert (
        "label 0 is called 'right' in the record and 'left' in dataset.json"
        in bad["labels"]
    )


def test_flow_of_another_recipe(records):
    records.rewrite(set_text("d3d/flow_recipe", b"0123456789abcdef"), ONE)
    bad = records.bad()
    assert list(bad) == ["flow"]
    assert "the recipe 0123456789abcdef" in bad["flow"]


@pytest.mark.parametrize(
    ("key", "kind"),
    [("image/encoded", "JPEG"), ("FORWARD_FLOW/image/encoded", "PNG")],
)
def test_pictures_that_are_cut_off(records, key, kind):
    """Seen in all records, decoded or not."""

    def change(example):
        (feature,) = lists(key)(example)[2:3]
        value = feature.bytes_list.value[0]
        feature.bytes_list.value[:] = [value[:-4]]

    records.rewrite(change, ONE)
    bad = records.bad()
    assert list(bad) == ["pictures"]
    assert f"1 of 6 {key} are no whole {kind} ({ONE})" in bad["pictures"]
