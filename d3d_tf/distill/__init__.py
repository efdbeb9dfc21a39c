"""Training by distillation: Keras models around ready networks."""

# A place of a term: the logits of every branch of a mixture.
BRANCHES = "branches"
# A term's `loss`: the functions of `losses` of the logits, of an endpoint's
# features, and of branches; None: there is none. The recipe reads this table
# without TensorFlow.
LOSSES = {
    "mse": ("logit_mse", "feature_mse", None),
    "squares": ("squares", "squares", None),
    "label_kl": ("label_kl", None, None),
    "score_squares": ("score_squares", None, None),
    "soft_targets": (None, None, "branch_divergence"),
}
