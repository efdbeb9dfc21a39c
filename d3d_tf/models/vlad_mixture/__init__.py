"""Several NeXtVLADs that teach each other, and a gate that weighs them."""
