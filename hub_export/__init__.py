"""SavedModel / TF-Hub modules. Installed as `d3d_tf.hub_export`."""
