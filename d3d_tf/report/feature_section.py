"""The report's table of rare and frequent classes, of networks of features."""

import numpy as np

from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores
from d3d_tf.tasks.youtube8m.ranked_labels import by_frequency
from d3d_tf.tasks.youtube8m.scores import RankedScores

# Of the supplement of Bhardwaj et al. (CVPR 2019).
SIZES = (100, 200, 500, 1000, 2000)


def feature_section(
    run: Run, classes: list[str], split: str, names: dict[str, str]
) -> dict:
    """The part of the page about rare and frequent classes.

    A class is as frequent as the videos of the split say: those to train on may
    be millions, and are not read for it. Classes without videos are left out.

    Args:
      run: whose scores are read.
      classes: names in the order of labels.
      split: that is shown.
      names: the titles of networks by their role.

    Returns:
      `names`, those with scores, and `groups`, a list of name, the range of
      videos per class, and of each network the mean over the group's classes of
      their average precisions, in %.
    """
    count = len(classes)
    there = [role for role in names if run.scores(role, split).exists()]
    scores = [
        one
        for role in there
        if isinstance(one := load_scores(run.scores(role, split)), RankedScores)
    ]
    if not scores or not (scores[0].labels >= 0).any():
        return {"names": [], "groups": []}
    frequency = scores[0].frequencies(count)
    known = np.flatnonzero(frequency)
    sizes = [size for size in SIZES if 2 * size <= len(known)]
    sizes = sizes or [max(1, len(known) // share) for share in (6, 3, 2)]
    precisions = [one.average_precisions(count)[known] for one in scores]
    groups = []
    for name, places in by_frequency(frequency[known], sizes).items():
        videos = frequency[known][places]
        groups.append(
            {
                "name": name.replace("top-", "most frequent ").replace(
                    "bottom-", "rarest "
                ),
                "videos": f"{videos.min()} to {videos.max()}",
                "values": [100 * p[places].mean() for p in precisions],
            }
        )
    return {"names": [names[role] for role in there], "groups": groups}
