"""Dynamic Normalization and Relay, for networks of several families."""
