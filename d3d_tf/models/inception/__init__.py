"""I3D, S3D, S3D-G and Non-Local S3D-G."""
