"""Published checkpoints of ResNets: torchvision, MMAction2, DNR, Keras."""
