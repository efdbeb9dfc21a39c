"""What a network looks at, by the names of the input pipeline."""

# Stream: channels of its clips.
CHANNELS = {"frames": 3, "flow": 2, "features": 1152}
# What has pixels.
PICTURES = ("frames", "flow")
# The features of a frame, in this order, of the picture and of the sound: as
# many as YouTube-8M has. Features of one's own may be others.
FEATURES = {"rgb": 1024, "audio": 128}
