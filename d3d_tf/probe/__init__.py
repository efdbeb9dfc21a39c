"""The motion probe: optical flow decoded from a network's features."""
