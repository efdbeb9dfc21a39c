"""Which file is which, by AVA's names and by shorter ones."""

import pytest

from d3d_tf.detection.lists import AvaLists
from d3d_tf.errors import UserError

ROW = "v,0902,0,0,1,1,,0.9\n"


def lists(tmp_path, **files):
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (tmp_path / f"{stem.replace('_dot_', '.')}.{suffix}").write_text(text)
    return AvaLists(tmp_path)


def test_names_of_ava(tmp_path):
    found = lists(
        tmp_path,
        ava_val_v2_dot_1_csv="",
        ava_val_excluded_timestamps_v2_dot_1_csv="v,0903\n",
        ava_included_timestamps_v2_dot_1_txt="0902\n0903\n",
        ava_detection_val_boxes_and_labels_csv=ROW,
        ava_train_predicted_boxes_csv=ROW + ROW,
    )
    assert found.true_boxes("val") == tmp_path / "ava_val_v2.1.csv"
    assert found.true_boxes("train") is None
    assert found.excluded("val") == {("v", 903_000_000)}
    assert found.excluded("train") == set()
    assert found.times() == [902_000_000, 903_000_000]
    assert len(found.proposals("val")["v", 902_000_000]) == 1
    assert len(found.proposals("train")["v", 902_000_000]) == 2
    assert found.proposals("test") == {}
    assert len(found.actions()) == 80


def test_short_names(tmp_path):
    found = lists(
        tmp_path, val_csv="", val_excluded_csv="v,1\n", val_proposals_csv=ROW
    )
    assert found.true_boxes("val") == tmp_path / "val.csv"
    assert found.excluded("val") == {("v", 1_000_000)}
    assert found.proposals("val") and found.times() is None


def test_two_of_a_kind(tmp_path):
    found = lists(tmp_path, val_csv="", ava_val_v2_dot_2_csv="")
    with pytest.raises(UserError, match="leave one there"):
        found.true_boxes("val")
    found = lists(tmp_path, val_proposals_csv=ROW, val_predicted_csv=ROW)
    with pytest.raises(UserError, match="proposals of val"):
        found.proposals("val")
