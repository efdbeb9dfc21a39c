"""Training by distillation: Keras models around ready networks."""

# A place of a term: the logits of every branch of a mixture.
BRANCHES = "branches"
# A term's `loss`: by what is compared, a function of `losses`. The recipe reads
# this table without TensorFlow.
LOSSES = {
    "mse": {"logits": "logit_mse", "features": "feature_mse"},
    "squares": {"logits": "squares", "features": "squares"},
    "label_kl": {"logits": "label_kl"},
    "score_squares": {"logits": "score_squares"},
    "soft_targets": {BRANCHES: "soft_targets"},
}
