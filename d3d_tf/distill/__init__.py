"""Training by distillation: Keras models around ready networks."""
