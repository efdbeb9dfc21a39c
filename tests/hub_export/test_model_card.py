"""The model card: figures with their protocol; nothing that is not known."""

from d3d_tf.hub_export.model_card import model_card
from d3d_tf.tasks import TASKS

PLAIN = {
    "kind": "classification",
    "endpoint": None,
    "input": {
        "frames": 64,
        "shortest": 8,
        "longest": 1024,
        "size": 224,
        "short_side": 256,
        "range": [0, 1],
        "colour": "RGB",
    },
    "signatures": {"serving_default": ["features", "logits"]},
    "num_classes": 400,
    "labels_sha256": "ab12",
    "max_difference": {"reloaded": 2.5e-7},
    "sensitivity": 4.2e-6,
    "bound": 4.2e-5,
    "warm_up": "none: there was no time",
    "tensorflow": "2.15.1",
}


def test_what_a_caller_must_know():
    card = model_card(PLAIN)
    assert card.startswith("# Video network: classification\n")
    for text in (
        "64 frames of 224 x 224 pixels",
        "short side of 256",
        "8 to 1024\nframes",
        "`[batch, 400]`",
        "| reloaded | 2.5e-07 |",
        "Up to 4.2e-05 was allowed.",
        "the network's own answers by 4.2e-06;",
        "none: there was no time",
        'call_endpoint="infer"',
        "Set `TF_ENABLE_ONEDNN_OPTS=1` in the environment",
    ):
        assert text in card
    for text in ("## Results", "None", "frames per second"):
        assert text not in card


def test_modules_of_older_versions_tell_no_bound():
    old = {k: v for k, v in PLAIN.items() if k not in ("bound", "sensitivity")}
    assert "allowed" not in model_card(old)


def test_served_as_it_is():
    card = model_card(PLAIN | {"unfolded_because": "unit 3 differs"})
    assert "Not folded for serving: unit 3 differs." in card


def test_results_have_their_protocol():
    card = model_card(
        PLAIN
        | {
            "recipe": "d3d",
            "frame_rate": 25.0,
            "protocol": "1 clip x 1 centre crop",
            "dataset": {"name": "toy", "num_videos": 7, "digest": "d1"},
            "metrics": {
                "student/top1": {"value": 0.9, "n": 400, "ci95": [0.87, 0.93]},
                "teacher/top1": {"value": 0.1, "n": 400, "ci95": [0, 1]},
                "student/ms": 12.5,
            },
            "videos": {
                "note": "centre clips of test",
                "ways": {
                    "frames_encoded": {
                        "n": 16,
                        "top1_agreement": 0.9375,
                        "max_probability_difference": 0.0123,
                    }
                },
            },
        }
    )
    for text in (
        "# d3d: classification",
        "at 25 frames per second",
        "Protocol: 1 clip x 1 centre crop.",
        "Data set: toy, 7 videos, digest d1.",
        "| student/top1 | 0.9 [0.87, 0.93], 400 |",
        "| student/ms | 12.5 |",
        "| the same video through | n | top-1 as through records | largest "
        "difference of a probability |",
        "| frames_encoded | 16 | 93.8 % | 1.2e-02 |",
    ):
        assert text in card
    # The teacher is not in the module.
    assert "teacher/top1" not in card


def test_another_task_has_its_own_agreement(monkeypatch):
    """See `tests/regression.py`."""
    monkeypatch.setitem(TASKS, "regression", "tests.regression")
    way = {"n": 8, "near": 0.5, "max_probability_difference": 2.0}
    videos = {"note": "centre clips", "ways": {"frames_encoded": way}}
    card = model_card(PLAIN | {"task": "regression", "videos": videos})
    assert "| n | as near as 0.5 | largest" in card
    assert "| frames_encoded | 8 | 50.0 % | 2.0e+00 |" in card


def test_a_feature_map_names_its_endpoint():
    card = model_card(PLAIN | {"kind": "feature_map", "endpoint": "Mixed_4f"})
    assert "the endpoint Mixed_4f" in card


def test_how_frames_are_taken():
    dense = model_card(PLAIN | {"frame_rate": 12.5, "sampling": "dense"})
    assert "x 224 pixels at 12.5 frames per second, the middle" in dense
    segments = model_card(PLAIN | {"frame_rate": 25, "sampling": "segments"})
    assert "pixels, one of each of so many equal parts of a video" in segments
    assert "per second" not in segments
