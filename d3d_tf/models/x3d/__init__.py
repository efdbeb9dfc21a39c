"""X3D-XS, S, M, L and XL."""
