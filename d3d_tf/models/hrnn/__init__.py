"""H-RNN: an LSTM of chunks of a video, and one of what it says of them."""
