"""README.md of a module of features."""

from d3d_tf.hub_export.features.inputs import FeatureSpec
from d3d_tf.hub_export.model_card import ONEDNN, evidence, joined

_SEEN = {
    "all": "the network sees all of them",
    "uniform": "the network sees every {every}-th of them, from the first on",
    "random": "the network sees {k} of them, drawn with replacement by their "
    "number alone",
    "sequence": "the network sees {k} successive ones, from a place that is "
    "drawn by their number alone",
    "first": "the network sees the first {k}",
    "middle": "the network sees the middle {k}",
    "last": "the network sees the last {k}",
    "first_middle_last": "the network sees {k} of them, a third each from "
    "begin, middle and end",
}


def in_words(spec: FeatureSpec) -> str:
    """Which frames are sent, and which are seen."""
    if spec.longest == 1:
        return "send the mean of a video's frames as one frame"
    some = spec.sampling
    return (
        f"send all frames of a video, one per second, {spec.longest} at most "
        f"(the first {spec.longest} of longer ones; more are refused): "
        + _SEEN[some.way].format(every=some.every, k=some.k)
    )


def card(told: dict) -> str:
    """The card.

    Args:
      told: the content of `module.json`.
    """
    return joined(
        [_opening(told), _usage(told), _signatures(told), *evidence(told)]
    )


def _opening(told: dict) -> str:
    given = told["input"]
    return "\n".join(
        [
            f"# {told.get('recipe', 'Network of features')}: classification "
            "of features",
            "",
            "A network of YouTube-8M's features exported by d3d_tf: NeXtVLAD "
            "(Lin et al., 2018) or H-RNN (Bhardwaj et al., CVPR 2019), of all "
            "frames or of fewer.",
            "",
            f"Input: `[batch, frames, {given['features']}]`: "
            f"{given['rgb']} numbers of the picture and {given['audio']} of "
            "the sound, float32 in [{}, {}] or uint8 as YouTube-8M stores "
            "them.".format(*given["range"]),
            f"Frames: {given['frames']}.",
            "",
            f"Output: logits `[batch, {told['num_classes']}]`; class names, in "
            "order, are in `assets/labels.txt`. Probabilities are their "
            "sigmoids: a video has any number of classes.",
        ]
    )


def _usage(told: dict) -> str:
    return f"""## Use

```python
import tensorflow_hub as hub

layer = hub.KerasLayer("FOLDER OF THIS FILE", trainable=True)
logits = layer({{"features": features, "num_frames": num_frames}})
logits = layer(features)  # Videos without padding.
```

With Keras 3: `keras.layers.TFSMLayer(FOLDER, call_endpoint="infer",
call_training_endpoint="train")`, of such a dict.

{ONEDNN}"""


def _signatures(told: dict) -> str:
    given = told["input"]
    parts = f"""
| `rgb_audio_uint8` | `rgb` uint8 `[batch, frames, {given["rgb"]}]`, `audio` \
uint8 `[batch, frames, {given["audio"]}]`, `num_frames` |"""
    return f"""## Signatures

| name | inputs |
|---|---|
| `serving_default` | `features` float32 `[batch, frames, \
{given["features"]}]`, `num_frames` int32 `[batch]` |
| `without_padding` | `features` float32, all of whose frames are the video's |
| `features_uint8` | `features` uint8, `num_frames` |{
        parts if given["audio"] else ""
    }

They return `logits` and `probabilities`. A video has {given["shortest"]} to
{given["longest"]} frames, of which the first `num_frames` are its own; values
of the others do not matter. Anything else is refused with INVALID_ARGUMENT.
Warm-up requests: {told["warm_up"]}."""
