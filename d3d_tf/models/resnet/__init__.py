"""TSN and TSM: ResNets that see the frames of a clip, and DNR in them."""
