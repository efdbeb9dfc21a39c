"""Probes of other settings are others."""

import dataclasses

import pytest

from d3d_tf.config import override
from d3d_tf.probe import stages
from d3d_tf.probe.stages import Probed, errors_of

SETTINGS = ["train.steps=1", "probe.context=false"]


@pytest.fixture
def filled(monkeypatch):
    """Folders that would be trained in."""
    folders = []

    def fill(probed, probe, strategy, folder):
        folders.append(folder.name)
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "_fill", fill)
    return folders


def test_the_folder_is_that_of_the_settings(toy, tmp_path, filled):
    recipe = override(toy.recipe, SETTINGS)
    first = Probed(
        toy.run,
        "baseline",
        "Conv2d_2b_1x1",
        False,
        recipe,
        toy.dataset(),
        None,
        tmp_path,
    )
    changed = [
        first,
        dataclasses.replace(first),
        dataclasses.replace(first, finetuned=True),
        dataclasses.replace(first, role="student"),
        *(
            dataclasses.replace(first, recipe=override(recipe, [setting]))
            for setting in (
                "seed=1",
                "train.steps=2",
                "probe.context=true",
                "probe.normalize_angle=true",
            )
        ),
    ]
    for probed in changed:
        with pytest.raises(KeyboardInterrupt):
            errors_of(probed)
    assert filled[0] == filled[1]
    assert len(set(filled)) == len(changed) - 1
    assert filled[0].startswith("baseline-Conv2d_2b_1x1-")
    assert filled[2].startswith("baseline-finetuned-Conv2d_2b_1x1-")
