"""The terms of a distillation loss: what of two networks is compared."""

from d3d_tf.config import TermRecipe
from d3d_tf.distill import BRANCHES, LOSSES, losses
from d3d_tf.errors import UserError


def term_name(term: TermRecipe) -> str:
    """The name of a term's loss in logs and histories."""
    place = "" if term.where == "logits" else f"_{term.where}"
    return f"distillation_loss{place}"


def logits_and_features(network, clip, training):
    """Logits, and features by endpoint, of one pass."""
    if not hasattr(network, "logits_and_features"):
        raise UserError(
            "distill.terms names an endpoint, but the network "
            f"{network.name} does not give out any (logits_and_features)."
        )
    return network.logits_and_features(clip, training=training)


def term_loss(term: TermRecipe, student: tuple, teacher: tuple):
    """A term without its weight: float32 `[batch]`; None without a target.

    Args:
      term: what to compare.
      student: logits `[batch, classes]` and features by endpoint, with
        `branches`, `[batch, branches, classes]`, of a mixture.
      teacher: the same, without branches; None for what is not known.

    Raises:
      UserError: the features at the term's endpoint cannot be compared.
    """
    logits, features = teacher
    loss = getattr(losses, LOSSES[term.loss][term.compares])
    if term.of_features:
        if features is None:
            return None
        return loss(*_pair(term.where, student[1], features))
    if logits is None:
        return None
    if term.where == BRANCHES:
        return loss(student[1][BRANCHES], logits, term.temperature)
    return loss(student[0], logits)


def _pair(endpoint: str, student: dict, teacher: dict):
    """The features that a term compares: the student's, the teacher's.

    Raises:
      UserError: one has no such endpoint, or their shapes differ.
    """
    for owner, features in (("student", student), ("teacher", teacher)):
        if endpoint not in features:
            raise UserError(
                f"distill.terms compares features at {endpoint}, which the "
                f"{owner} does not give out; it has {', '.join(features)}. "
                "(In training with network.recompute, a network gives out "
                "only the last endpoint of each segment.)"
            )
    pair = student[endpoint], teacher[endpoint]
    ours, theirs = (features.shape[1:] for features in pair)
    if not ours.is_compatible_with(theirs):
        raise UserError(
            f"distill.terms compares features at {endpoint}, which are of "
            f"{list(ours)} [time, height, width, channels] in the student and "
            f"of {list(theirs)} in the teacher. They must have one shape: give "
            "both networks the same depth_multiplier and min_depth, or choose "
            "an endpoint where they agree."
        )
    return pair
