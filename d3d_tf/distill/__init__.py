"""Training by distillation: Keras models around ready networks."""

# A term's `loss`: the functions of `losses` of the logits, and of an endpoint's
# features; None: there is none. The recipe reads this table without TensorFlow.
LOSSES = {
    "mse": ("logit_mse", "feature_mse"),
    "squares": ("squares", "squares"),
    "label_kl": ("label_kl", None),
}
