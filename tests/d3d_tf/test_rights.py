"""Rights are those with which the process opens a file."""

import os

import pytest

from d3d_tf.rights import may


def test_of_folders_that_are_there_and_are_not(tmp_path):
    assert may(tmp_path, os.R_OK) and may(tmp_path, os.W_OK)
    assert not may(tmp_path / "x", os.R_OK)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_of_the_user_that_the_process_has_become(tmp_path):
    tmp_path.chmod(0o700)
    os.seteuid(54321)  # Whom nobody knows; started by root all the same.
    try:
        found = may(tmp_path, os.R_OK), may("/", os.R_OK), may("/", os.W_OK)
    finally:
        os.seteuid(0)
    assert found == (False, True, False)
