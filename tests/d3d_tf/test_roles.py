"""Rows of the table and the networks behind them."""

from d3d_tf.roles import ROLES, STREAM, titles


def test_one_network_of_a_stream_or_two_that_are_networks():
    assert STREAM == {
        "teacher": "flow",
        "baseline": "frames",
        "student": "frames",
    }
    for name, role in ROLES.items():
        assert set(role.parts) <= STREAM.keys()
        assert (role.parts == (name,)) == (name in STREAM)
        assert len(role.parts) == (1 if name in STREAM else 2)


def test_a_fine_tuned_network_has_no_teacher():
    ours, theirs = titles(), titles(finetuned=True)
    assert ours.pop("student") == "D3D (student)"
    assert theirs.pop("student") == "Fine-tuned"
    assert ours == theirs
