"""Spatio-temporal action detection as AVA has it: who does what, and where.

Boxes are `x1, y1, x2, y2` in files and `y1, x1, y2, x2` in arrays, as shares of
width and height. Actions are the data set's own numbers, from 1 on. A keyframe
is a second of a video.
"""
