"""Bars of average precision."""

import cv2
import numpy as np

from d3d_tf.detection.results import results_of
from d3d_tf.detection.settings import DetectionRecipe
from d3d_tf.report.ap_figure import draw_ap
from tests.d3d_tf.detection.test_results import ACTIONS, MATCHES


def test_a_bar_per_action_that_is_true_somewhere():
    results = results_of(MATCHES, ACTIONS, DetectionRecipe(), {})
    figure = draw_ap(results, "svg").decode()
    for text in "bend (1)", "phone (2)", "frame-mAP 50.00 % (oracle boxes)":
        assert text in figure
    assert "watch" not in figure
    assert figure == draw_ap(results, "svg").decode()
    picture = cv2.imdecode(np.frombuffer(draw_ap(results, "png"), np.uint8), 1)
    # The bar of 100 % is blue: blue, green, red.
    assert (picture == (180, 119, 31)).all(-1).mean() > 0.05
