"""What a network looks at, by the names of the input pipeline."""

# Stream: channels of its clips.
CHANNELS = {"frames": 3, "flow": 2, "features": 1152}
# What has pixels. The features of a frame are YouTube-8M's: 1024 of the
# picture, 128 of the sound.
PICTURES = ("frames", "flow")
RGB_FEATURES, AUDIO_FEATURES = 1024, 128
