"""Which norm comes after which convolution; see `models.folding`.

DNR's norms stay by themselves, as a constant scale and shift: its cells look at
what is not yet normalised, and one of them at several blocks.
"""

PAIRS = (
    ("conv1", "bn1"),
    ("conv2", "bn2"),
    ("conv3", "bn3"),
    ("downsample", "downsample_bn"),
)
