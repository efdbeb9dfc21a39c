"""What the networks of several families are built of."""
