"""AVA's actions, and label maps in both forms."""

import pytest

from d3d_tf.detection.actions import ava_actions, group_of, read_label_map
from d3d_tf.errors import UserError


def test_the_sixty_of_the_challenges(goldens):
    """As the challenge's own label map; 20 of the 80 are not in it."""
    path = goldens / "ava" / "case_a" / "labelmap.pbtxt"
    assert ava_actions() == read_label_map(path)
    assert len(ava_actions()) == 60
    assert sorted(ava_actions(evaluated=False)) == list(range(1, 81))


def test_the_other_form(tmp_path):
    path = tmp_path / "map.pbtxt"
    path.write_text(
        'label {\r\n  name: "a (b, c)"\r\n  label_id: 7\r\n'
        "  label_type: PERSON_MOVEMENT\r\n}\r\n"
    )
    assert read_label_map(path) == {7: "a (b, c)"}


@pytest.mark.parametrize(
    "text, message",
    [
        ("walk\nrun\n", "has no entries"),
        ('item {\n name: "a"\n}', "line 1: an entry of a label map has a name"),
        ("item { id: 1 }", "has a name and an id"),
        (2 * 'item { name: "a" id: 1 }\n', "line 2: the id 1 is there twice"),
    ],
)
def test_what_is_none(tmp_path, text, message):
    path = tmp_path / "map.pbtxt"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_label_map(path)


def test_a_map_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_label_map(tmp_path / "none")


def test_groups():
    """shared/docs/ava_detection.md: 1 to 14, to 63, to 80."""
    groups = [group_of(n) for n in (1, 14, 15, 63, 64, 80)]
    assert groups == [
        *2 * ["person movement (pose)"],
        *2 * ["object manipulation"],
        *2 * ["person interaction"],
    ]
    assert group_of(0) is None and group_of(81) is None
