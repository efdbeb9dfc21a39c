"""The exit codes are those of the contract: 1 a failed job, 2 wrong usage."""

import pytest

from d3d_tf.errors import UsageError, UserError


@pytest.mark.parametrize(("error", "code"), [(UserError, 1), (UsageError, 2)])
def test_exit_code(error, code):
    assert error("text").exit_code == code


def test_wrong_usage_is_caught_as_a_user_error():
    with pytest.raises(UserError, match="^what to do$"):
        raise UsageError("what to do")
