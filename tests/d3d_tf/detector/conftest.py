"""Records around keyframes of videos in which two squares stand still.

Each frame's background tells its number: grey level 4 i. Squares are red and
blue, so that JPEG and resizing leave them where they are.
"""

import numpy as np
import pytest

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.layouts.ava import list_videos
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.video.writing import write_video

SHAPES = {"wide": (32, 64), "tall": (48, 32)}
# By colour channel: y1, x1, y2, x2 as shares, and the actions.
SQUARES = {0: ((0.25, 0.25, 0.5, 0.5), (1, 3)), 2: ((0.5, 0.5, 1, 0.75), (2,))}
NAMES = "".join(
    f'item {{\n name: "{name}"\n id: {number}\n}}\n'
    for number, name in enumerate(("hop", "run", "wave"), 1)
)


def picture(shape, level):
    pixels = np.full([*shape, 3], level, np.uint8)
    for channel, (box, _) in SQUARES.items():
        y1, x1, y2, x2 = np.multiply(box, [*shape, *shape]).astype(int)
        pixels[y1:y2, x1:x2] = 0
        pixels[y1:y2, x1:x2, channel] = 255
    return pixels


@pytest.fixture(scope="session")
def keyframes(tmp_path_factory):
    """The folder: keyframes at 1 s and 2 s of two videos of 2.4 s.

    `train` has both persons, at 1 s; `val` those of 2 s, and proposals: the
    first person's box with a score of 0.9, and all of the picture with 0.5.
    """
    root = tmp_path_factory.mktemp("keyframes")
    for name in ("videos", "lists"):
        (root / name).mkdir()
    rows: dict[str, list[str]] = {"train": [], "val": []}
    proposals = []
    for name, shape in SHAPES.items():
        frames = [picture(shape, 4 * i) for i in range(60)]
        write_video(root / "videos" / f"{name}.mp4", np.stack(frames), 25)
        for split, second in (("train", 1), ("val", 2)):
            for box, actions in SQUARES.values():
                y1, x1, y2, x2 = box
                where = f"{name},{second},{x1},{y1},{x2},{y2}"
                rows[split] += [f"{where},{action},0" for action in actions]
        y1, x1, y2, x2 = SQUARES[0][0]
        proposals.append(f"{name},2,{x1},{y1},{x2},{y2},,0.9")
        proposals.append(f"{name},2,0,0,1,1,,0.5")
    for split, lines in rows.items():
        (root / "lists" / f"{split}.csv").write_text("\n".join(lines) + "\n")
    (root / "lists" / "val_proposals.csv").write_text("\n".join(proposals))
    (root / "lists" / "names.pbtxt").write_text(NAMES)
    data = DataRecipe(layout="ava", short_side=32, max_seconds=1, num_shards=1)
    prepare(
        list_videos(root / "videos", root / "lists", data),
        root / "records",
        data=data,
        flow=FlowRecipe(algorithm="none"),
        show=False,
    )
    return root / "records"
