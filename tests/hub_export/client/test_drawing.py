"""A detector's answer as a picture."""

import cv2
import numpy as np
import pytest

from d3d_tf.hub_export.client.drawing import write_picture
from d3d_tf.hub_export.client.errors import ClientError
from tests.hub_export.client.test_detection import some


def test_a_drawn_box(tmp_path):
    """960 x 720: from (240, 180) to (480, 540), two pixels wide, in green."""
    write_picture(tmp_path / "a.png", some())
    picture = cv2.imread(str(tmp_path / "a.png")).astype(int)
    green = np.abs(picture - [64, 204, 46]).max(-1) < 12
    rows, columns = np.nonzero(green)
    assert abs(columns.min() - 240) <= 2 and abs(rows.max() - 539) <= 2
    assert green[400, 238:243].any() and green[530:542, 300].any()
    assert not green[600:, :].any()


def test_a_picture_that_cannot_be_written(tmp_path):
    for path in (tmp_path / "no" / "a.png", tmp_path / "a.xyz"):
        with pytest.raises(ClientError, match="cannot be written"):
            write_picture(path, some())
