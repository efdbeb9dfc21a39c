"""A network that tells who does what in a keyframe, and what it learns from.

Boxes are float32 `y1, x1, y2, x2`, as shares of the height and width of what a
network is shown. `d3d_tf.detection` scores what it says.
"""
