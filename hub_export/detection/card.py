"""README.md of a detector's module."""

from d3d_tf.hub_export.model_card import ONEDNN, at_rate, evidence, joined

_FOUND = """
The layer is asked about boxes, as for fine-tuning. The signatures find them:
`tf.saved_model.load(FOLDER).signatures["serving_default"](frames=frames)`.
"""


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
    persons = (
        " `boxes`, float32 `[batch, N, 4]`: y1, x1, y2, x2 of the persons in "
        "the keyframe, as shares of height and width; at most "
        f"{clip['most_boxes']}."
    )
    rest = (
        "Both are 0 of boxes without an area, so that clips with fewer boxes "
        "are filled up with zeros."
    )
    if not clip["most_boxes"]:
        persons = " An RPN in the module finds the persons in the keyframe."
        rest = (
            "As shares of height and width: y1, x1, y2, x2. Rows of zeros are "
            "nobody; of two persons who share most of a box, the likelier one "
            "has the action."
        )
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
            f"{clip['short_side']} pixels.{persons}",
            "",
            f"Output: `probabilities`, `[batch, N, {told['num_classes']}]`, of "
            "each action, whose names, in order, are in `assets/labels.txt`; "
            f"`boxes`, where the persons are thought to be. {rest}",
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
{_FOUND if not told["input"]["most_boxes"] else ""}
With Keras 3: `keras.layers.TFSMLayer(FOLDER, call_endpoint="infer",
call_training_endpoint="train")`.

{ONEDNN}"""


def _signatures(told: dict) -> str:
    clip = told["input"]
    beside = ", beside `boxes`" if clip["most_boxes"] else ""
    return f"""## Signatures

| name | `frames`{beside} |
|---|---|
| `serving_default` | float32 `[batch, time, height, width, 3]` in [0, 1] |
| `frames_uint8` | uint8 `[batch, time, height, width, 3]` |
| `frames_encoded` | JPEG or PNG, string `[batch, time]`, all of one shape |

A clip has {clip["shortest"]} to {clip["longest"]} frames of at most
{clip["most_pixels"]} pixels. Anything else is refused with INVALID_ARGUMENT.
Warm-up requests: {told["warm_up"]}."""
