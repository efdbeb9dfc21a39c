"""The numbers of the papers and their code (methods.md, section 5)."""

import pytest

from d3d_tf.recipes import RECIPES

PAPERS = ("nextvlad_yt8m_2017", "nextvlad_yt8m_2018", "hrnn_yt8m")
MIXTURES = ("mixture3_yt8m_2017", "mixture3_yt8m_2018")
STUDENTS = tuple(f"{name}_student_k30" for name in PAPERS + MIXTURES)


def test_nextvlad():
    """About 120,000 steps of 160 videos, 12,500 of which are 2 million."""
    recipe = RECIPES["nextvlad_yt8m_2018"]
    train, network = recipe.train, recipe.network
    assert network.model == "nextvlad"
    assert (network.groups, network.clusters, network.expansion) == (8, 128, 2)
    assert (network.hidden, network.reduction) == (2048, 8)
    assert (network.dropout, network.weight_decay) == (0.5, 1e-5)
    assert (train.optimizer, train.learning_rate) == ("adam", 2e-4)
    assert (train.schedule, train.falls_every) == ("staircase", 12_500)
    assert (train.batch_size, train.clip_each_norm) == (160, 1)
    assert train.steps == pytest.approx(120_000, rel=0.02)
    assert RECIPES["nextvlad_yt8m_2017"].train.steps == 153_125


def test_mixtures():
    """460,000 steps in the last script, 15,625 of which are 2.5 million videos;
    310,000 of the teachers of the supplement.
    """
    for name, steps, falls in (
        ("mixture3_yt8m_2018", 460_000, 15_625),
        ("mixture3_yt8m_2017", 310_000, 12_500),
    ):
        train, network = RECIPES[name].train, RECIPES[name].network
        assert network.model == "nextvlad_mixture"
        assert (network.clusters, network.reduction) == (112, 16)
        assert (train.steps, train.falls_every) == (steps, falls)
        assert (train.batch_size, train.learning_rate) == (160, 2e-4)


def test_hrnn():
    recipe = RECIPES["hrnn_yt8m"]
    train, network = recipe.train, recipe.network
    assert (network.cells, network.chunk_frames) == (1024, 15)
    assert (network.mixtures, network.weight_decay) == (2, 2e-8)
    assert (train.optimizer, train.learning_rate) == ("adam", 1e-3)
    assert (train.schedule, train.clip_each_norm) == ("constant", 1)
    assert train.log_epsilon == 1e-5
    # Five epochs of 4.9 million.
    assert train.batch_size == 256 and train.steps == 95_703


@pytest.mark.parametrize("name", STUDENTS)
def test_students(name):
    """Every 10th frame; of H-RNN 5 chunks, and the frames of a short video
    are counted down.
    """
    recipe = RECIPES[name]
    parent = RECIPES[name.removesuffix("_student_k30")]
    assert recipe.fewer_frames.way == "uniform"
    assert recipe.fewer_frames.every == 10
    assert recipe.train == parent.train
    assert recipe.network_of("teacher") == parent.network
    hrnn = name.startswith("hrnn")
    assert recipe.fewer_frames.rounding == ("down" if hrnn else "up")
    if hrnn:
        assert 5 * recipe.network.chunk_frames == 30
    terms = [(t.where, t.loss, t.weight) for t in recipe.distill.terms]
    first = ("state", "squares", 1) if hrnn else ("vlad", "mse", 1)
    second = ("logits", "label_kl", 1)
    if name.startswith("mixture3"):
        second = ("branches", "soft_targets", 9)  # The temperature squared.
    assert terms == [first, second]
    assert recipe.distill.label_weight == 1


@pytest.mark.parametrize("name", (*PAPERS, *STUDENTS, *MIXTURES))
def test_one_gpu(name):
    """Twice the steps, each of half the videos and rate."""
    two, one = RECIPES[name], RECIPES[f"{name}_1gpu"]
    assert one.train.steps == pytest.approx(2 * two.train.steps, abs=1)
    assert one.train.falls_every == 2 * two.train.falls_every
    assert 2 * one.train.batch_size == two.train.batch_size
    assert 2 * one.train.learning_rate == two.train.learning_rate
    assert one.train.clip_each_norm == 1
    assert one.network == two.network and one.distill == two.distill
    assert one.fewer_frames == two.fewer_frames


def test_the_miniature():
    recipe = RECIPES["toy_features"]
    assert recipe.of_features and recipe.toy.motions == "topics"
    assert recipe.fewer_frames.every == 20
