"""Whether records lack frames that their files have.

Before `decoding` 2 the times of a file were taken at their word. Where they
contradict the order of the frames (XviD and H.264 with B-frames in AVI, as in
UCF-101 and HMDB-51, and stream-copied files) some frames were lost, and others
stand twice instead, with flow 0 between them.
"""

import hashlib
from pathlib import Path

import numpy as np

from d3d_tf.config import DataRecipe, data_as_saved
from d3d_tf.data.dataset import Dataset
from d3d_tf.doctor.check_record import Record
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.names import unspell
from d3d_tf.video import DECODING
from d3d_tf.video.reading import UnreadableVideo, read_video

SUSPECT = 0.02  # The share of repeated frames from which a video is suspect.
FILES = 8  # Of the most suspect videos so many files are decoded again.
OTHER_LENGTH = 0.1  # From here on a record is not of the whole file.
SHORT_SIDE = 32  # Enough to tell pictures apart.


def check_repeats(
    dataset: Dataset, rows: list[dict], records: list[Record]
) -> Finding:
    """Frames that stand twice, compared with the files if they are there.

    Args:
      dataset: the data set.
      rows: of manifest.json.
      records: those that could be read.
    """
    suspects = sorted(
        (r for r in records if r.repeated >= SUSPECT and r.id),
        key=lambda record: -record.repeated,
    )
    text = f"{len(suspects)} of {len(records)} videos show frames twice"
    if suspects:
        text += f", up to {100 * suspects[0].repeated:.0f} % of one"
    if dataset.info.get("decoding", 1) >= DECODING or not suspects:
        # Files of a lower frame rate than that of the records.
        return judge("repeated frames", text)
    by_id = {row["id"]: row for row in rows}
    data = DataRecipe(**data_as_saved(dataset.info["recipe"]["data"]))
    compared, lost = 0, []
    for record in suspects[:FILES]:
        repeated = _repeated_now(by_id.get(record.id, {}), data)
        if repeated is None:
            continue
        compared += 1
        if record.repeated > repeated + SUSPECT / 2:
            lost.append(
                f"{record.id} shows {100 * record.repeated:.0f} % of its "
                f"frames twice, its file {100 * repeated:.0f} %"
            )
    errors, warnings = [], []
    if lost:
        errors = ["an earlier version lost frames: prepare them again", *lost]
    elif compared < len(suspects[:FILES]):
        warnings.append(
            "their files are gone or changed: if these are AVI or "
            "stream-copied with B-frames, an earlier version lost every third "
            "frame of them; if they are of a lower frame rate than "
            f"{data.frame_rate:g}, nothing is wrong"
        )
    return judge("repeated frames", text, errors=errors, warnings=warnings)


def _repeated_now(row: dict, data: DataRecipe) -> float | None:
    """The share that is repeated when the file is decoded; None: unknown."""
    path = Path(unspell(row.get("path", "")))
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != row.get("sha256"):
            return None
        frames = read_video(
            path,
            frame_rate=data.frame_rate,
            short_side=SHORT_SIDE,
            max_seconds=data.max_seconds,
            square_pixels=data.square_pixels,
        ).frames
    except (OSError, UnreadableVideo):
        return None
    # Of a part of a file, and whose part it is the manifest does not say.
    if abs(len(frames) - row["frames"]) > OTHER_LENGTH * row["frames"]:
        return None
    return float(np.mean((frames[1:] == frames[:-1]).all((1, 2, 3))))
