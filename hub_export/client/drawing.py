"""A detector's answer on the picture that it was asked about."""

from pathlib import Path

import cv2
import numpy as np

from d3d_tf.hub_export.client.detection import Detections
from d3d_tf.hub_export.client.errors import ClientError

WIDTH = 960
_GREEN, _BLACK = (64, 204, 46), (0, 0, 0)
_FONT, _SCALE, _LINE = cv2.FONT_HERSHEY_SIMPLEX, 0.55, 20


def write_picture(path: str | Path, found: Detections) -> None:
    """Draws the keyframe with numbered boxes and their actions.

    Args:
      path: of a .jpg or .png.
      found: from `detect`.

    Raises:
      ClientError: it cannot be written.
    """
    picture = cv2.imdecode(
        np.frombuffer(found.keyframe, np.uint8), cv2.IMREAD_COLOR
    )
    height = round(WIDTH * picture.shape[0] / picture.shape[1])
    picture = cv2.resize(picture, (WIDTH, height))
    for number, box in enumerate(found.boxes):
        sides = np.rint(box * [height, WIDTH, height, WIDTH])
        y1, x1, y2, x2 = sides.astype(int).tolist()
        lines = [
            f"{number + 1}: {label} {100 * value:.0f} %"
            for label, value in found.actions(number)
        ]
        for row, line in enumerate(lines, 1):
            (width, _), _ = cv2.getTextSize(line, _FONT, _SCALE, 1)
            left = max(0, min(x1, WIDTH - width - 8))
            bottom = y1 + row * _LINE
            corner = (left + width + 8, bottom)
            cv2.rectangle(picture, (left, bottom - _LINE), corner, _BLACK, -1)
            place = (left + 4, bottom - 5)
            cv2.putText(
                picture, line, place, _FONT, _SCALE, _GREEN, 1, cv2.LINE_AA
            )
        cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), _GREEN, 2)
    try:
        good, content = cv2.imencode(Path(path).suffix or ".jpg", picture)
        if not good:
            raise ValueError("OpenCV cannot encode it")
        Path(path).write_bytes(content.tobytes())
    except (OSError, ValueError, cv2.error) as error:
        raise ClientError(
            f"{path} cannot be written ({error}); give a .jpg or .png."
        ) from error
