"""Training by distillation: Keras models around ready networks."""

# A term's `loss`: the functions of `losses` of the logits, and of an endpoint's
# features. The recipe reads this table without TensorFlow.
LOSSES = {"mse": ("logit_mse", "feature_mse")}
