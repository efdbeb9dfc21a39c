"""README.md of a detector's module."""

from d3d_tf.hub_export.detection.inputs import MOST_BOXES
from d3d_tf.hub_export.model_card import ONEDNN, at_rate, evidence, joined


def card(told: dict) -> str:
    """The card.

    Args:
      told: the content of `module.json`.
    """
    return joined(
        [_opening(told), _usage(told), _signatures(told), *evidence(told)]
    )


def _opening(told: dict) -> str:
    clip = told["input"]
    return "\n".join(
        [
            f"# {told.get('recipe', 'Detector')}: detection of actions",
            "",
            "Who does what: a detector of persons' actions exported by d3d_tf "
            "(Distilled 3D Networks, Stroud et al., WACV 2020, section 5.5). "
            "RGB only: no optical flow is needed.",
            "",
            f"Input: `frames`, `[batch, time, height, width, 3]` "
            f"{clip['colour']}, float32 in [0, 1] or uint8 in 0..255, whole "
            f"frames; it was trained on clips of {clip['frames']} frames"
            f"{at_rate(told)}, with frame {clip['frames'] // 2} (the first is "
            "0) as keyframe, and scored on frames with a short side of "
            f"{clip['short_side']} pixels. `boxes`, float32 `[batch, N, 4]`: "
            "y1, x1, y2, x2 of the persons in the keyframe, as shares of "
            f"height and width; at most {MOST_BOXES}.",
            "",
            f"Output: `probabilities`, `[batch, N, {told['num_classes']}]`, of "
            "each action, whose names, in order, are in `assets/labels.txt`; "
            "`boxes`, where the persons are thought to be. Both are 0 of boxes "
            "without an area, so that clips with fewer boxes are filled up "
            "with zeros.",
        ]
    )


def _usage(told: dict) -> str:
    return f"""## Use

```python
import tensorflow_hub as hub

layer = hub.KerasLayer("FOLDER OF THIS FILE", trainable=True)
answer = layer({{"frames": frames, "boxes": boxes}})
answer["logits"], answer["boxes"]
```

With Keras 3: `keras.layers.TFSMLayer(FOLDER, call_endpoint="infer",
call_training_endpoint="train")`.

{ONEDNN}"""


def _signatures(told: dict) -> str:
    clip = told["input"]
    return f"""## Signatures

| name | `frames`, beside `boxes` |
|---|---|
| `serving_default` | float32 `[batch, time, height, width, 3]` in [0, 1] |
| `frames_uint8` | uint8 `[batch, time, height, width, 3]` |
| `frames_encoded` | JPEG or PNG, string `[batch, time]`, all of one shape |

A clip has {clip["shortest"]} to {clip["longest"]} frames of at most
{clip["most_pixels"]} pixels. Anything else is refused with INVALID_ARGUMENT.
Warm-up requests: {told["warm_up"]}."""
