"""S3D-G of flow that another S3D-G's first layers decode (D3D, section 5.6)."""
