"""From video files to TFRecords. Installed as `d3d_tf.tfrecords`."""
