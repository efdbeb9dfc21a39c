"""What a network looks at, by the names of the input pipeline."""

# Stream: channels of its clips.
CHANNELS = {"frames": 3, "flow": 2}
