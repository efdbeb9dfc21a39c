"""NeXtVLAD and NetVLAD: a video's features as residuals to clusters."""
